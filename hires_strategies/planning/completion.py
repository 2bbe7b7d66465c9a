"""A plan made again while it runs, with strengths that were found by then: stages keep their ids."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from hires_strategies.notation.text import format_stage, format_strategy
from hires_strategies.strategy import Stage

from .plan import Node, Plan
from .sought import Finds, Found

# Makes the plan of a run, with the strengths that were found so far.
Complete = Callable[[Finds], Plan]


def finds_of(plan: Plan, ids: Collection[int], found: Found) -> dict[tuple[int, int], Found]:
    """What was found for the stages with these ids, by the places in the strategies where they stand."""
    return {
        (which, depth): found
        for which, variant in enumerate(plan.variants)
        for depth, node in enumerate(plan.path(variant.node))
        if node.id in ids
    }


def continued(plan: Plan, before: Plan) -> tuple[Plan, dict[int, int]]:
    """`plan`, which is `before` with more strengths found, with the ids of that one, and what became of each of them.

    Of stages that turned out equal, the lowest id stays.
    """
    pairs = [
        (node.index, old.id)
        for now, then in zip(plan.variants, before.variants, strict=True)
        for node, old in zip(plan.path(now.node), before.path(then.node), strict=True)
    ]
    lowest: dict[int, int] = {}
    for index, old in pairs:
        lowest[index] = min(lowest.get(index, old), old)
    nodes = tuple(replace(node, id=lowest[node.index]) for node in plan.stages)
    return replace(plan, stages=nodes), {old: lowest[index] for index, old in pairs}


def as_ran(plan: Plan, ran: Sequence[Node | None]) -> Plan:
    """The plan with the stages that ran in other tiles than planned as they ran, in every text; None for all others."""
    if not any(ran):
        return plan

    def exact(stage: Stage, node: Node) -> Stage:
        other = ran[node.index]
        if other is None or other.sampling is None:
            return stage
        return replace(stage, tile=other.sampling.tile, overlap=other.sampling.overlap)

    paths = [(variant, plan.path(variant.node)) for variant in plan.variants]
    strategies = tuple(
        replace(strategy, stages=tuple(exact(stage, node) for stage, node in zip(strategy.stages, path, strict=True)))
        for strategy, (_, path) in zip(plan.strategies, paths, strict=True)
    )
    texts = {
        node.index: format_stage(stage)
        for strategy, (_, path) in zip(strategies, paths, strict=True)
        for stage, node in zip(strategy.stages, path, strict=True)
    }
    nodes = tuple(
        replace(node, sampling=other.sampling, tiles=other.tiles, text=texts[node.index]) if other else node
        for node, other in zip(plan.stages, ran, strict=True)
    )
    variants = tuple(
        replace(variant, text=format_strategy(strategy))
        for variant, strategy in zip(plan.variants, strategies, strict=True)
    )
    return replace(plan, stages=nodes, strategies=strategies, variants=variants)


def parent_of(plan: Plan, node: Node) -> int | None:
    """The id of the stage before it, None for the first pass."""
    return None if node.parent is None else plan.stages[node.parent].id
