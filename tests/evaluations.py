"""How often a whole run calls the model, by what the plan says."""

from __future__ import annotations

from hires_strategies.planning.cost import NOTHING_LEARNT, Learnt, node_evaluations, sampler_evaluations
from hires_strategies.planning.plan import Plan


def plan_evaluations(plan: Plan, learnt: Learnt = NOTHING_LEARNT) -> int | None:
    """Model evaluations of a run, its first pass included, for a batch of any size. None where not known."""
    first = plan.first_pass
    counts = [node_evaluations(node, first, learnt) for node in plan.stages]
    if plan.needs_first_pass:
        counts.append(sampler_evaluations(first.sampler, first.steps, False, learnt))
    return None if None in counts else sum(count for count in counts if count is not None)
