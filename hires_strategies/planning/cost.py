"""What a plan costs: in model evaluations, and in first passes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from types import MappingProxyType
from typing import TypeVar

from hires_strategies.samplers import find_sampler, split_name
from hires_strategies.where import FUSED

from .plan import FirstPass, Node, Plan, alike_but_noise, sought_alike
from .sought import EVALUATIONS

T = TypeVar("T")

# Model evaluations per step learnt from runs, by sampler, for samplers not in the table (timing.py).
Learnt = Mapping[str, float]
NOTHING_LEARNT: Learnt = MappingProxyType({})
_UNNAMED = "Euler"  # txt2img's own default over the API


def sampler_evaluations(
    sampler: str | None, steps: int, second_pass: bool, learnt: Learnt = NOTHING_LEARNT
) -> int | None:
    """Model evaluations for `steps` steps of a sampler; None if not known beforehand.

    Exact for samplers in the table, approximate for those learnt from runs. `second_pass`: sampling starts from a
    picture.
    """
    name = sampler or _UNNAMED
    row = find_sampler(name)
    if row is not None and row.evaluations is not None:
        return row.evaluations(steps, second_pass)
    per_step = learnt.get(split_name(name)[0])
    return None if per_step is None else max(round(per_step * steps), 1)


def node_evaluations(node: Node, first_pass: FirstPass, learnt: Learnt = NOTHING_LEARNT) -> int | None:
    """Model evaluations of one stage: 0 if it only upscales, None if not known beforehand."""
    if node.sampling is None:
        return 0
    second_pass = node.sampling.denoising_strength is not None
    return sampler_evaluations(node.sampling.sampler or first_pass.sampler, node.steps, second_pass, learnt)


def node_cost(node: Node, first_pass: FirstPass, learnt: Learnt = NOTHING_LEARNT) -> float:
    """The cost of a stage's sampling in first passes: its model evaluations x pixels, divided by the first pass's.

    Steps stand in for evaluations if either's are unknown. Until the machine's own times are known, this is a lower
    bound: attention grows faster than pixels, and pixel upscalers and the autoencoder take time, too.
    """
    own = node_evaluations(node, first_pass, learnt)
    whole = sampler_evaluations(first_pass.sampler, first_pass.steps, False, learnt)
    if own is None or not whole:
        own, whole = node.steps, first_pass.steps
    own += node.where == FUSED  # one evaluation says where that is
    return own * _pixels(node, first_pass) / whole


def search_cost(node: Node, first_pass: FirstPass, learnt: Learnt = NOTHING_LEARNT) -> float:
    """The cost in first passes of finding a stage's denoising strength: some evaluations at the stage's size."""
    whole = sampler_evaluations(first_pass.sampler, first_pass.steps, False, learnt)
    pixels = searched_pixels(node) / (first_pass.width * first_pass.height)
    return EVALUATIONS * pixels / (whole or first_pass.steps)


def sampled_pixels(node: Node) -> int:
    """The pixels that the model sees in one evaluation of a stage: those of all its tiles together, if it has any."""
    if node.tiles is None or node.upscale is None:
        return node.width * node.height
    return len(node.tiles) * node.tiles.width * node.tiles.height * node.upscale.factor**2


def searched_pixels(node: Node) -> int:
    """The same of an evaluation by which a strength is looked for, wherever the stage is sampled then."""
    if node.tiles is None or not node.tiles.everywhere:
        return sampled_pixels(node)
    return sampled_pixels(node) * node.tiles.everywhere // len(node.tiles)


def _pixels(node: Node, first_pass: FirstPass) -> float:
    """How many times as many pixels a stage samples as the first pass has."""
    return sampled_pixels(node) / (first_pass.width * first_pass.height)


def plan_cost(plan: Plan, learnt: Learnt = NOTHING_LEARNT, before: Plan | None = None) -> float:
    """What a run costs in first passes, including its own (if it needs one) and looking for strengths.

    `before`: the plan whose result is this plan's first pass, where Hires. fix runs as well. Its cost counts, and its
    first pass is the unit: the same image costs the same, whoever enlarges it. Stages whose strength is still to be
    found may turn out equal to others; here they do not (see `least_cost`).
    """
    unit = before.first_pass if before else plan.first_pass
    stages = sum(node_cost(node, unit, learnt) for node in plan.stages)
    searches = sum(search_cost(node, unit, learnt) for node in plan.searches())
    return _passes_before(plan, learnt, before) + stages + searches


def least_cost(plan: Plan, learnt: Learnt = NOTHING_LEARNT, before: Plan | None = None) -> float:
    """Like `plan_cost`, if each stage whose strength is still to be found turns out equal to one that has a number and
    differs in nothing else. Apart from rounding, it is `plan_cost` if no two can."""
    unit = before.first_pass if before else plan.first_pass
    return _passes_before(plan, learnt, before) + _least(plan, [None], unit, learnt)


def costs(plan: Plan, learnt: Learnt = NOTHING_LEARNT) -> tuple[float, float]:
    """The least and the most that a plan may cost in first passes, rounded; mostly the same."""
    return round(least_cost(plan, learnt), 3), round(plan_cost(plan, learnt), 3)


def _passes_before(plan: Plan, learnt: Learnt, before: Plan | None) -> float:
    if not plan.needs_first_pass:
        return 0.0
    return plan_cost(before, learnt) if before else 1.0


def _least(plan: Plan, parents: Iterable[int | None], unit: FirstPass, learnt: Learnt) -> float:
    """The least cost of what follows stages that turned out equal (None: the first pass)."""
    children = [node for parent in parents for node in plan.children(parent)]
    searched = _grouped([node for node in children if node.auto], sought_alike)
    cost = sum(search_cost(nodes[0], unit, learnt) for nodes in searched)
    equal = _grouped(children, lambda node: (alike_but_noise(node), _strength(node)))
    for alike in _grouped(equal, lambda nodes: alike_but_noise(nodes[0])):
        found = [nodes for nodes in alike if nodes[0].auto]
        given = [nodes for nodes in alike if not nodes[0].auto]
        none: list[Node] = []
        for one, other in zip_longest(found, given, fillvalue=none):
            merged = [*one, *other]
            cost += node_cost(merged[0], unit, learnt) + _least(plan, [node.index for node in merged], unit, learnt)
    return cost


def _strength(node: Node) -> object:
    """Equal for stages whose strength is the same, or will be."""
    if node.auto:
        return node.auto.beside
    return (node.sampling.total, node.sampling.start_sigma) if node.sampling else None


def _grouped(items: Iterable[T], key: Callable[[T], object]) -> list[list[T]]:
    groups: dict[object, list[T]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return list(groups.values())
