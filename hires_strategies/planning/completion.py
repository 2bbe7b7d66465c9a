"""A plan made again while it runs, with strengths that were found by then: stages keep their ids."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

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


def parent_of(plan: Plan, node: Node) -> int | None:
    """The id of the stage before it, None for the first pass."""
    return None if node.parent is None else plan.stages[node.parent].id
