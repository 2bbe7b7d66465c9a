"""What one batch of a ticked generation gave."""

from __future__ import annotations

from dataclasses import dataclass

from hires_strategies.planning.plan import Plan
from hires_strategies.running.run import Result

from .generated_images import GeneratedImages


@dataclass
class Batch:
    """What one batch gave: `iteration` counts from 0, `seeds` and `prompts` are the batch's.

    `first_pass_reused`: the first pass came from memory. `saves_finished`, `saves_unfinished`: whether the host's rules
    save such pictures, which depends on an interrupt or skip that the next batch has forgotten. `first_pass_saved`: the
    first pass is already in a file. `images`: which of the returned images are the generated ones.
    """

    iteration: int
    plan: Plan
    result: Result
    seeds: list[int]
    prompts: list[str]
    images: GeneratedImages
    first_pass_reused: bool = False
    saves_finished: bool = True
    saves_unfinished: bool = True
    first_pass_saved: bool = False

    def saves(self, node: int) -> bool:
        """Whether the pictures of a stage are saved."""
        return self.saves_finished if self.result.stages[node].error is None else self.saves_unfinished

    def shown_by(self, variant: int) -> int:
        """The variant whose picture stands for this one: itself, the one that it is equal to, or, of those that were
        not finished, the first that shows the same last finished stage."""
        variants = self.plan.variants
        same_as = variants[variant].same_as
        first = variant if same_as is None else same_as
        outcome = self.result.stages[variants[first].node]
        if outcome.error is None:
            return first
        for earlier, other in enumerate(variants[:first]):
            shown = self.result.stages[other.node]
            if other.same_as is None and shown.error is not None and shown.reached == outcome.reached:
                return earlier
        return first

    def text_of(self, node: int) -> str | None:
        """The strategy that alone gives what is shown for a stage: itself, or what was finished before it failed.

        None stands for the first pass.
        """
        reached = self.result.stages[node].reached
        return None if reached is None else self.plan.text_to(reached, node)
