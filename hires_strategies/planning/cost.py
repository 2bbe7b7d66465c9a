"""What a plan costs: in model evaluations, and in first passes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hires_strategies.samplers import find_sampler, split_name

from .plan import FirstPass, Node, Plan

# Model evaluations a step that runs taught, by sampler, for those that the table does not know (timing.py).
Learnt = Mapping[str, float]
NOTHING_LEARNT: Learnt = MappingProxyType({})
_UNNAMED = "Euler"  # txt2img's own default over the API


def sampler_evaluations(
    sampler: str | None, steps: int, second_pass: bool, learnt: Learnt = NOTHING_LEARNT
) -> int | None:
    """Model evaluations for `steps` steps of a sampler; None where they are not known beforehand.

    Exact for the samplers of the table, about right for those that runs taught. `second_pass` is true where sampling
    starts from a picture.
    """
    name = sampler or _UNNAMED
    row = find_sampler(name)
    if row is not None and row.evaluations is not None:
        return row.evaluations(steps, second_pass)
    per_step = learnt.get(split_name(name)[0])
    return None if per_step is None else max(round(per_step * steps), 1)


def node_evaluations(node: Node, first_pass: FirstPass, learnt: Learnt = NOTHING_LEARNT) -> int | None:
    """Model evaluations of one stage: 0 where it only upscales, None where not known beforehand."""
    if node.sampling is None:
        return 0
    second_pass = node.sampling.denoising_strength is not None
    return sampler_evaluations(node.sampling.sampler or first_pass.sampler, node.steps, second_pass, learnt)


def node_cost(node: Node, first_pass: FirstPass, learnt: Learnt = NOTHING_LEARNT) -> float:
    """A stage's sampling in first passes: model evaluations x pixels over the first pass's evaluations x pixels.

    Steps stand for evaluations where those of one of the two are not known. Attention grows faster than that, and a
    pixel upscaler and the autoencoder take their time too: it is a lower bound until the machine's own times are known.
    """
    own = node_evaluations(node, first_pass, learnt)
    whole = sampler_evaluations(first_pass.sampler, first_pass.steps, False, learnt)
    if own is None or not whole:
        own, whole = node.steps, first_pass.steps
    return own * node.width * node.height / (whole * first_pass.width * first_pass.height)


def plan_cost(plan: Plan, learnt: Learnt = NOTHING_LEARNT) -> float:
    """What a run costs in first passes, its own first pass included (if it needs one)."""
    stages = sum(node_cost(node, plan.first_pass, learnt) for node in plan.stages)
    return (1.0 if plan.needs_first_pass else 0.0) + stages
