"""Walks a plan, branch by branch, computes once what branches share, and handles every kind of failure.

A stage's result depends only on the first pass and the path to it, never on what ran earlier in another branch.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass

from PIL.Image import Image

from hires_strategies.planning.cost import node_evaluations
from hires_strategies.planning.order import checkpoint_of, running_order
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.wording import describe

from .host import Host, Sampled
from .picture import Fork, Picture


@dataclass(frozen=True)
class Outcome:
    """What became of one stage, for a whole batch.

    `reached` is the index of the stage that `images` show: the stage itself or, if it failed or was stopped, the last
    finished one before it (None: the first pass). `images` is None if nothing at all was finished, or if this stage's
    pictures were not asked for. `error` is a sentence. `seconds` is the stage's own time. `model_evaluations` is the
    host's count, else the number known beforehand. `began` is False if the user stopped the run before the stage.
    `denoising_strength`: see Sampled.

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


@dataclass(frozen=True)
class Result:
    """The outcome of every stage, by its index in the plan, and the first pass's pictures if they were asked for.

    `first_pass_error` is a sentence if those pictures could not be made.
    """

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
    return Result(tuple(Outcome(None, None, error, 0.0, None, 0) for _ in plan.stages), None)


def run(plan: Plan, host: Host, first_pass: Picture | None, keep: Collection[int | None] = ()) -> Result:
    """Run every stage of `plan` on `first_pass` (None: only for plans that need none).

    The pictures of the variants are kept, and those of the stages in `keep` (None stands for the first pass).
    Failures are reported in the outcomes: only a BaseException that is not an Exception propagates.
    """
    kept: set[int | None] = {variant.node for variant in plan.variants}
    walk = _Walk(plan, host, kept.union(keep))
    walk.walk(first_pass)
    outcomes = tuple(walk.outcomes[node.index] for node in plan.stages)
    if None not in keep or first_pass is None:
        return Result(outcomes, None)
    try:
        if first_pass.images is None:
            host.use_model(None)
        return Result(outcomes, first_pass.as_images(host))
    except Exception as error:
        return Result(outcomes, None, f"The first pass could not be shown: {describe(error)}")


class _Walk:
    def __init__(self, plan: Plan, host: Host, keep: set[int | None]) -> None:
        self.plan = plan
        self.host = host
        self.keep = keep
        self.outcomes: dict[int, Outcome] = {}
        self.forks: dict[int | None, Fork] = {}  # by the stage they start from, while stages are still to start there

    def walk(self, first_pass: Picture | None) -> None:
        """Run every stage, in the plan's order."""
        if first_pass is not None and first_pass.space is None:
            first_pass.space = self.host.latent_space()
        self.forks[None] = Fork(self.host, first_pass, self.plan.children(None))
        for node in running_order(self.plan):
            if node.index not in self.outcomes:
                self._run_next(node)
                self.host.release()

    def _run_next(self, node: Node) -> None:
        """Run a stage. Its fork is dropped, also from memory, with its last stage."""
        fork = self.forks[node.parent]
        if fork.last():
            del self.forks[node.parent]
        reason = self._stopped_before(fork)
        if reason:
            self._give_up(node, fork.source, f"'{node.text}' did not run: the user {reason} it.", began=False)
            return
        finished = self._run_stage(node, fork)
        following = self.plan.children(node.index)
        if finished is not None and following:
            self.forks[node.index] = Fork(self.host, finished, following)

    def _stopped_before(self, fork: Fork) -> str | None:
        """Why nothing more may begin, or None. The first stage always begins if nothing can be shown without it: the
        host, too, starts sampling and stops at its first step."""
        if fork.source is None and not self.outcomes:
            return None
        return self.host.stopped() or ("stopped" if self.host.ending() else None)

    def _run_stage(self, node: Node, fork: Fork) -> Picture | None:
        """The finished stage, or None if it failed or was stopped; it and all that follow it are then marked."""
        started = time.perf_counter()
        self.host.next_job(node, f"Hires stage {node.index + 1} of {len(self.plan.stages)}: {node.text}")
        trouble, unfinished = None, None
        try:
            picture = self._finish(node, fork)
            sampled = self.host.last_sampling() if node.sampling else Sampled()
            reason = self.host.stopped()
            images = picture.as_images(self.host) if node.index in self.keep and not reason else None
            if reason:
                trouble = f"'{node.text}' was not finished: the user {reason} it."
                unfinished = picture if fork.source is None and not self.outcomes else None
        except Exception as error:
            self.host.failed(node, error)
            trouble = f"'{node.text}' failed: {describe(error)}"
        finally:
            fork.done_with(node)
        if trouble:
            # Only now that the exception is gone is its memory free, which decoding an earlier picture may need.
            self.host.release()
            self._give_up(node, fork.source or unfinished, trouble)
            return None
        evaluations = sampled.evaluations
        if evaluations is None:
            evaluations = node_evaluations(node, self.plan.first_pass)
        seconds = time.perf_counter() - started
        self.outcomes[node.index] = Outcome(
            node.index, images, None, seconds, sampled.start_sigma, evaluations,
            denoising_strength=sampled.denoising_strength,
        )  # fmt: skip
        return picture

    def _finish(self, node: Node, fork: Fork) -> Picture:
        picture = self._made(node, fork)
        if not node.detail or self.host.stopped():
            return picture
        return Picture(images=self.host.detail(picture.as_images(self.host), node))

    def _made(self, node: Node, fork: Fork) -> Picture:
        checkpoint = checkpoint_of(self.plan, node)
        if node.upscale is None:
            self._use_model(node, checkpoint, fork)
            return Picture(latents=self.host.direct(node), space=self.host.latent_space())
        if node.sampling or node.upscale.latent:
            self._use_model(node, checkpoint, fork)
        started = fork.upscaled(node, checkpoint)
        if node.sampling is None:
            return started
        space = self.host.latent_space()
        if started.generator is not None:
            self.host.restore_generator(started.generator)
        return Picture(latents=self.host.sample(started.latents, started.images, node), space=space)

    def _use_model(self, node: Node, checkpoint: str | None, fork: Fork) -> None:
        """Load a stage's model. What is there so far is decoded before: only the model that made latents can do that,
        and it is what is left if the other one does not load."""
        if self.host.changes_model(node, checkpoint):
            for each in (fork, *self.forks.values()):
                if each.source is not None:
                    each.source.as_images(self.host)
        self.host.use_model(checkpoint)

    def _give_up(self, node: Node, before: Picture | None, error: str, began: bool = True) -> None:
        """Mark a stage and all that follow it: they show what was finished before it."""
        reached = node.parent if before is not None else None
        images = None
        try:
            images = before.as_images(self.host) if before is not None else None
        except Exception as second:
            error = f"{error} The stage before it could not be shown either: {describe(second)}"
        for lost in self.plan.subtree(node.index):
            shown = images if lost.index in self.keep else None
            self.outcomes[lost.index] = Outcome(reached, shown, error, 0.0, None, 0, began)
