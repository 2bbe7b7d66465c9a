"""What a plan costs: in model evaluations, and in first passes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hires_strategies.samplers import find_sampler, split_name

from .plan import FirstPass, Node, Plan

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
    return own * node.width * node.height / (whole * first_pass.width * first_pass.height)


def plan_cost(plan: Plan, learnt: Learnt = NOTHING_LEARNT, before: Plan | None = None) -> float:
    """What a run costs in first passes, including its own (if it needs one).

    `before`: the plan whose result is this plan's first pass, where Hires. fix runs as well. Its cost counts, and its
    first pass is the unit: the same image costs the same, whoever enlarges it.
    """
    unit = before.first_pass if before else plan.first_pass
    stages = sum(node_cost(node, unit, learnt) for node in plan.stages)
    if not plan.needs_first_pass:
        return stages
    return (plan_cost(before, learnt) if before else 1.0) + stages
