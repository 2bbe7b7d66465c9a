"""What became of a plan's stages."""

from __future__ import annotations

from dataclasses import dataclass

from PIL.Image import Image

from hires_strategies.planning.plan import Node, Plan


@dataclass(frozen=True)
class Outcome:
    """What became of one stage, for a whole batch.

    `reached` is the index of the stage that `images` show: the stage itself or, if it failed or was stopped, the last
    finished one before it (None: the first pass). `images` is None if nothing at all was finished, or if this stage's
    pictures were not asked for. `error` is a sentence. `seconds` is the stage's own time. `model_evaluations` is the
    host's count, else the number known beforehand. `change` is how far the stage of a sweep changed the layout, 0 to 1,
    None where nobody measured it. `began` is False if the user stopped the run before the stage.
    `denoising_strength` and `ran`: see Sampled.

    One picture can be unfinished: if sampling from noise alone is interrupted with nothing before it, its partial
    result is shown, as the host does.
    """

    reached: int | None
    images: list[Image] | None
    error: str | None
    seconds: float
    start_sigma: float | None
    model_evaluations: int | None
    began: bool = True
    denoising_strength: float | None = None
    change: float | None = None
    ran: Node | None = None


@dataclass(frozen=True)
class Result:
    """The outcome of every stage, by its index in the plan, and the first pass's pictures if they were asked for.

    `plan` is what ran: the one that was given, with the strengths that were found. `first_pass_error` is a sentence if
    those pictures could not be made.
    """

    plan: Plan
    stages: tuple[Outcome, ...]
    first_pass: list[Image] | None
    first_pass_error: str | None = None

    @property
    def troubles(self) -> list[str]:
        """What went wrong, as sentences without repeats; a single one covers all stages that the user stopped."""
        left = [outcome.error for outcome in self.stages if not outcome.began]
        told = [outcome.error for outcome in self.stages if outcome.began]
        if left:
            others = f" Of {len(self.stages)} stages {len(left)} did not run." if len(left) > 1 else ""
            told.append(f"{left[0]}{others}")
        return [sentence for sentence in dict.fromkeys([*told, self.first_pass_error]) if sentence]


def nothing_ran(plan: Plan, error: str) -> Result:
    """The result of a plan that was not run at all, for the reason given in `error`; it has no pictures."""
    return Result(plan, tuple(Outcome(None, None, error, 0.0, None, 0) for _ in plan.stages), None)
