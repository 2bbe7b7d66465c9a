"""Walks a plan, branch by branch, computes once what branches share, and handles every kind of failure.

A stage's result depends only on the first pass and the path to it, never on what ran earlier in another branch.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import replace

from hires_strategies.planning.completion import Complete, as_ran, continued, finds_of, parent_of
from hires_strategies.planning.cost import node_evaluations
from hires_strategies.planning.order import checkpoint_of, running_order
from hires_strategies.planning.plan import Node, Plan, sought_alike
from hires_strategies.planning.sought import Found
from hires_strategies.wording import describe

from .color_match import color_matched
from .host import Host, Sampled, SearchStart
from .in_places import sampled
from .layout_changes import LayoutChanges
from .outcome import Outcome, Result
from .picture import Fork, Picture


def run(
    plan: Plan,
    host: Host,
    first_pass: Picture | None,
    keep: Collection[int | None] = (),
    complete: Complete | None = None,
) -> Result:
    """Run every stage of `plan` on `first_pass` (None: only for plans that need none).

    The pictures of the variants are kept, and those of the stages in `keep` (None stands for the first pass).
    `complete` makes the plan anew with strengths that were found; only for plans that need none it may be None.
    Failures are reported in the outcomes: only a BaseException that is not an Exception propagates.
    """
    kept = {plan.stages[variant.node].id for variant in plan.variants}
    walk = _Walk(plan, host, kept.union(plan.stages[index].id for index in keep if index is not None), complete)
    walk.walk(first_pass)
    outcomes = walk.final_outcomes()
    plan = as_ran(walk.plan, [outcome.ran for outcome in outcomes])
    if None not in keep or first_pass is None:
        return Result(plan, outcomes, None)
    try:
        if first_pass.images is None:
            host.use_model(None)
        return Result(plan, outcomes, first_pass.as_images(host))
    except Exception as error:
        return Result(plan, outcomes, None, f"The first pass could not be shown: {describe(error)}")


class _Walk:
    """Stages go by their ids, which outlast a plan that is made anew."""

    def __init__(self, plan: Plan, host: Host, keep: set[int], complete: Complete | None) -> None:
        self.plan = plan
        self.host = host
        self.keep = keep
        self.complete = complete
        self.changes = LayoutChanges(host)
        self.finds: dict[tuple[int, int], Found] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.forks: dict[int | None, Fork] = {}  # by the stage they start from, while stages are still to start there

    def walk(self, first_pass: Picture | None) -> None:
        """Run every stage, in the plan's order."""
        if first_pass is not None and first_pass.space is None:
            first_pass.space = self.host.latent_space()
        self.forks[None] = Fork(self.host, first_pass)
        while waiting := [node for node in running_order(self.plan) if node.id not in self.outcomes]:
            for node in waiting:
                if node.id in self.outcomes:  # given up with a stage before it
                    continue
                if self._found_before(node):
                    break  # the plan is another one, or the search failed
                self._run_next(node)
                self.host.release()

    def final_outcomes(self) -> tuple[Outcome, ...]:
        """What became of the stages of the plan as it is in the end, whose indices may be others than when they ran."""
        indices: dict[int | None, int | None] = {None: None, **{node.id: node.index for node in self.plan.stages}}
        each = (self.outcomes[node.id] for node in self.plan.stages)
        return tuple(replace(outcome, reached=indices[outcome.reached]) for outcome in each)

    def _left(self, node: Node) -> list[Node]:
        """The stages that are still to start where this one starts, itself included."""
        return [each for each in self.plan.children(node.parent) if each.id not in self.outcomes]

    def _found_before(self, node: Node) -> bool:
        """Whether strengths had to be found before this stage, the next one, can start: then the plan is a new one.

        All are found that begin where it does with the same checkpoint: whatever they turn out to be equal to is still
        to run.
        """
        parent, checkpoint = parent_of(self.plan, node), checkpoint_of(self.plan, node)
        alike = [each for each in self._left(node) if each.auto and checkpoint_of(self.plan, each) == checkpoint]
        if not alike or self._stopped_before(self.forks[parent]):
            return False
        first = alike[0]
        group = [each for each in alike if sought_alike(each) == sought_alike(first)]
        self._find(first, group, self.forks[parent])
        return True

    def _find(self, node: Node, group: list[Node], fork: Fork) -> None:
        """Find the strength of a group of stages for which it is the same; the plan then has it."""
        assert self.complete is not None
        self.host.next_job(node, f"Finding the denoising strength of '{node.text}'")
        try:
            began = time.perf_counter()
            self._use_model(node, checkpoint_of(self.plan, node), fork)
            start = self._search_start(node, fork)
            searched = time.perf_counter()
            fork.made_ahead(node, searched - began)
            found = self.host.find_strength(start, node, self.plan.sought(node))
            found = replace(found, seconds=time.perf_counter() - searched)
            finds = {**self.finds, **finds_of(self.plan, {each.id for each in group}, found)}
            plan, became = continued(self.complete(finds), self.plan)
        except Exception as error:
            stopped = self.host.stopped()
            if not stopped:
                self.host.failed(node, error)
            trouble = f"its denoising strength was not found: {describe(error)}"
        else:
            self.finds, self.plan, self.keep = finds, plan, {became[each] for each in self.keep}
            self.host.replanned(plan)
            return
        self.host.release()
        for each in group:
            sentence = f"'{each.text}' did not run: {f'the user {stopped} it.' if stopped else trouble}"
            self._give_up(each, fork.source, sentence, began=not stopped)
        left = self._left(node)
        fork.keep_for(left)
        if not left:
            del self.forks[parent_of(self.plan, node)]

    def _run_next(self, node: Node) -> None:
        """Run a stage. Its fork is dropped, also from memory, with its last stage."""
        parent = parent_of(self.plan, node)
        fork, following = self.forks[parent], self.plan.children(node.index)
        if self._left(node) == [node]:
            del self.forks[parent]
        reason = self._stopped_before(fork)
        if reason:
            self._give_up(node, fork.source, f"'{node.text}' did not run: the user {reason} it.", began=False)
            return
        finished = self._run_stage(node, fork)
        if finished is not None and following:
            self.forks[node.id] = Fork(self.host, finished)

    def _stopped_before(self, fork: Fork) -> str | None:
        """Why nothing more may begin, or None. The first stage always begins if nothing can be shown without it: the
        host, too, starts sampling and stops at its first step."""
        if fork.source is None and not self.outcomes:
            return None
        return self.host.stopped() or ("stopped" if self.host.ending() else None)

    def _run_stage(self, node: Node, fork: Fork) -> Picture | None:
        """The finished stage, or None if it failed or was stopped; it and all that follow it are then marked."""
        started = time.perf_counter() - fork.seconds_ahead(node)
        self.host.next_job(node, f"Hires stage {node.index + 1} of {len(self.plan.stages)}: {node.text}")
        trouble, unfinished = None, None
        try:
            picture = self._finish(node, fork)
            last = self.host.last_sampling() if node.sampling else Sampled()
            reason = self.host.stopped()
            images = picture.as_images(self.host) if node.id in self.keep and not reason else None
            if reason:
                trouble = f"'{node.text}' was not finished: the user {reason} it."
                unfinished = picture if fork.source is None and not self.outcomes else None
        except Exception as error:
            self.host.failed(node, error)
            trouble = f"'{node.text}' failed: {describe(error)}"
        finally:
            fork.keep_for(each for each in self._left(node) if each.id != node.id)
        if trouble:
            # Only now that the exception is gone is its memory free, which decoding an earlier picture may need.
            self.host.release()
            self._give_up(node, fork.source or unfinished, trouble)
            return None
        evaluations = last.evaluations
        if evaluations is None:
            evaluations = node_evaluations(node, self.plan.first_pass)
        seconds = time.perf_counter() - started
        self.outcomes[node.id] = Outcome(
            node.id, images, None, seconds, last.start_sigma, evaluations,
            denoising_strength=last.denoising_strength,
            change=self.changes.of(self.plan, node, last.layout_kept), ran=last.ran,
        )  # fmt: skip
        return picture

    def _finish(self, node: Node, fork: Fork) -> Picture:
        picture = self._made(node, fork)
        if node.color_match and not self.host.stopped():
            assert fork.source is not None
            pairs = zip(picture.as_images(self.host), fork.source.as_images(self.host), strict=True)
            matched = [color_matched(image, before, node) for image, before in pairs]
            picture = Picture(images=matched, tiled=picture.tiled)
        if not node.detail or self.host.stopped():
            return picture
        return Picture(images=self.host.detail(picture.as_images(self.host), node), tiled=picture.tiled)

    def _made(self, node: Node, fork: Fork) -> Picture:
        checkpoint = checkpoint_of(self.plan, node)
        if node.upscale is None:
            self._use_model(node, checkpoint, fork)
            return Picture(latents=self.host.direct(node), space=self.host.latent_space())
        if node.sampling or node.upscale.latent:
            self._use_model(node, checkpoint, fork)
        if node.sampling is None:
            return self._started(node, fork)
        self.changes.before_sampling(self.plan, node, self._started(node, fork))
        return sampled(self.host, node, lambda each: self._started(each, fork), checkpoint)

    def _search_start(self, node: Node, fork: Fork) -> SearchStart:
        assert fork.source is not None
        before = fork.source.as_images(self.host)
        started = self._started(node, fork)
        return SearchStart(started.latents, started.images, before)

    def _started(self, node: Node, fork: Fork) -> Picture:
        """The upscale that a stage begins with, and torch's generator where that left it."""
        started = fork.upscaled(node, checkpoint_of(self.plan, node))
        if started.generator is not None:
            self.host.restore_generator(started.generator)
        return started

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
        reached = parent_of(self.plan, node) if before is not None else None
        images = None
        try:
            images = before.as_images(self.host) if before is not None else None
        except Exception as second:
            error = f"{error} The stage before it could not be shown either: {describe(second)}"
        for lost in self.plan.subtree(node.index):
            shown = images if lost.id in self.keep else None
            self.outcomes[lost.id] = Outcome(reached, shown, error, 0.0, None, 0, began)
