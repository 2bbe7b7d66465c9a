"""A plan for people (text) and for programs (JSON)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .cost import node_cost, plan_cost
from .plan import FirstPass, Node, Plan
from .schedules import start_sigma


def as_dict(plan: Plan, model_sigmas: Sequence[float] = ()) -> dict[str, Any]:
    """JSON-ready: what a plan does and costs.

    `variants` are canonical texts, and `last_stages` where each of them ends, as an index into `stages`; `merges` names
    the variants that are the same picture as an earlier one. Costs are in first passes, the plan's with its own.
    `model_sigmas`: see schedules.start_sigma.
    """
    return {
        "variants": [variant.text for variant in plan.variants],
        "last_stages": [variant.node for variant in plan.variants],
        "merges": [
            {"variant": variant.text, "same_as": plan.variants[variant.same_as].text}
            for variant in plan.variants
            if variant.same_as is not None
        ],
        "stages": [_stage_as_dict(node, plan.first_pass, model_sigmas) for node in plan.stages],
        "cost": round(plan_cost(plan), 3),
    }


def _stage_as_dict(node: Node, first: FirstPass, model_sigmas: Sequence[float]) -> dict[str, Any]:
    sigma = start_sigma(node.sampling, first.sampler, first.scheduler, model_sigmas) if node.sampling else None
    return {
        "text": node.text,
        "parent": node.parent,
        "width": node.width,
        "height": node.height,
        "steps": node.steps,
        "start_sigma": round(sigma, 4) if sigma is not None else None,
        "cost": round(node_cost(node, first), 3),
    }


def as_text(plan: Plan, sampler: str | None = None, scheduler: str | None = None) -> str:
    """Several lines: the variants, the tree, what merges, the cost."""
    first = plan.first_pass
    lines = [f"{_count(len(plan.variants), 'variant')}:"]
    lines += [f"  {number}. {variant.text}" for number, variant in enumerate(plan.variants, start=1)]
    if plan.needs_first_pass:
        lines.append(f"First pass: {first.width}x{first.height}, {_count(first.steps, 'step')}")
        lines += _branch(plan, None, 1, (sampler, scheduler))
    else:
        lines.append("No first pass:")
        lines += _branch(plan, None, 1, (sampler, scheduler))
    lines += merges(plan)
    lines.append(f"Cost: about {plan_cost(plan):.1f} first passes of sampling")
    return "\n".join(lines)


def merges(plan: Plan) -> list[str]:
    """One sentence for each variant that is the same picture as an earlier one."""
    return [
        f"Same picture, made once: {variant.text} = {plan.variants[variant.same_as].text}"
        for variant in plan.variants
        if variant.same_as is not None
    ]


def _branch(plan: Plan, parent: int | None, depth: int, names: tuple[str | None, str | None]) -> list[str]:
    lines = []
    for node in plan.children(parent):
        lines.append("  " * depth + describe_node(plan, node, names))
        lines += _branch(plan, node.index, depth + 1, names)
    return lines


def describe_node(plan: Plan, node: Node, names: tuple[str | None, str | None] = (None, None)) -> str:
    """One stage in words: its text, size, steps, start sigma and cost. `names`: the first pass's sampler, scheduler."""
    words = [f"{node.width}x{node.height}"]
    if node.sampling:
        words.append(_count(node.steps, "step"))
        sigma = start_sigma(node.sampling, *names)
        if sigma is not None:
            words.append(f"start sigma {sigma:.2f}")
        words.append(f"{node_cost(node, plan.first_pass):.1f} first passes")
    else:
        words.append("no sampling")
    return f"{node.text}: {', '.join(words)}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
