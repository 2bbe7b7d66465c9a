"""A plan for programs (JSON)."""

from __future__ import annotations

from typing import Any

from .cost import NOTHING_LEARNT, Learnt, costs, node_cost
from .order import model_changes
from .plan import Node, Plan
from .report import StartSigma, start_of, strength_of
from .schedules import by_formula
from .sought import Found
from .start import written


def as_dict(plan: Plan, sigma_of: StartSigma = by_formula, learnt: Learnt = NOTHING_LEARNT) -> dict[str, Any]:
    """JSON-ready: what a plan does and costs.

    `variants` are canonical texts, and `last_stages` says where each of them ends, as an index into `stages`; `merges`
    names the variants that give the same picture as an earlier one. Costs are in first passes; the plan's includes its
    own. `cost_from` is there where stages may turn out equal once their strengths are found: the least that it may
    become. `searches`: how many strengths are looked for. `model_changes`: how often the stages load another model.
    `learnt`: see cost.sampler_evaluations.
    """
    first = plan.first_pass
    least, cost = costs(plan, learnt)
    return {
        "variants": [variant.text for variant in plan.variants],
        "last_stages": [variant.node for variant in plan.variants],
        "merges": [
            {"variant": variant.text, "same_as": plan.variants[variant.same_as].text}
            for variant in plan.variants
            if variant.same_as is not None
        ],
        "stages": [
            _stage_as_dict(
                node,
                strength_of(node, first, sigma_of),
                start_of(node, first, sigma_of),
                node_cost(node, first, learnt),
            )
            for node in plan.stages
        ],
        "cost": cost,
        **({"cost_from": least} if least < cost else {}),
        "searches": len(plan.searches()),
        "model_changes": model_changes(plan),
    }


def _stage_as_dict(node: Node, strength: float | None, sigma: float | None, cost: float) -> dict[str, Any]:
    return {
        "text": node.text,
        "parent": node.parent,
        "width": node.width,
        "height": node.height,
        "steps": node.steps,
        "denoising_strength": strength,
        "start_sigma": None if sigma is None else written(sigma),
        "to_find": node.auto is not None,
        "found": _found_as_dict(node.found) if node.found else None,
        "cost": round(cost, 3),
    }


def _found_as_dict(found: Found) -> dict[str, Any]:
    """A strength that was found, and where it starts; a stage may ask for one beside it."""
    remembered = not found.evaluations
    return {"denoising_strength": found.strength, "start_sigma": written(found.sigma), "remembered": remembered}
