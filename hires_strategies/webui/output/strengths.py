"""The denoising strengths of a picture's stages, and how those were found that nobody gave."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sought import Points
from hires_strategies.sheet.curve import Curve
from hires_strategies.webui.generation.batch import Batch


def strength_of(batch: Batch, node: int) -> float | None:
    """The denoising strength of a stage: that of its sampling, where the plan could not know it; None without one, and
    where it was not found."""
    sampling, ran = batch.plan.stages[node].sampling, batch.result.stages[node].denoising_strength
    return (ran or sampling.denoising_strength) if sampling and not sampling.auto else None


def found_on(batch: Batch, node: int) -> tuple[dict[str, Any], ...] | None:
    """How the strengths on the way to a stage were found, JSON-ready; None if all were given.

    `denoising_strength` is the one that was found, beside which a stage may ask for another. `points`: start sigmas
    (null for noise alone) that were looked at, each with how much of the layout changed there, 0 to 1.
    """
    found = [_as_dict(batch, stage) for stage in batch.plan.path(node) if stage.found]
    return tuple(found) or None


def found_stages(batch: Batch, node: int) -> tuple[int, ...]:
    """Which stages on the way to one have the very strength that was found for them, from 0."""
    path = batch.plan.path(node)
    return tuple(
        depth
        for depth, stage in enumerate(path)
        if stage.found and stage.sampling and stage.sampling.denoising_strength == stage.found.strength
    )


def curves_of(batch: Batch) -> tuple[Curve, ...]:
    """What was looked at to find the strengths of a batch's stages, each search once, with where its stages start."""
    searched: dict[object, list[Node]] = {}
    for node in batch.plan.stages:
        if node.upscale and node.sampling and not node.auto:
            searched.setdefault((node.parent, node.upscale, batch.plan.sought(node)), []).append(node)
    found = [nodes for nodes in searched.values() if any(_points_of(batch, node) for node in nodes)]
    curves = [_curve_of(batch, nodes) for nodes in found]
    return tuple(replace(curve, name="") for curve in curves) if len(curves) == 1 else tuple(curves)


def _curve_of(batch: Batch, nodes: list[Node]) -> Curve:
    first = next(node for node in nodes if _points_of(batch, node))
    assert first.found is not None and first.upscale is not None
    starts = [(batch.result.stages[node.index].start_sigma, strength_of(batch, node.index)) for node in nodes]
    known = [(sigma, strength) for sigma, strength in starts if sigma is not None and strength is not None]
    exact = next((sigma for sigma, strength in known if strength == first.found.strength), first.found.sigma)
    marks = tuple(dict.fromkeys((sigma, f"{strength:g}") for sigma, strength in known))
    return Curve(_points_of(batch, first), exact, marks, first.upscale.upscaler)


def _points_of(batch: Batch, node: Node) -> Points:
    """What was looked at to find a stage's strength, in this run or when it was found before; empty if unknown."""
    if node.found is None:
        return ()
    return node.found.points or batch.points(batch.plan.sought(node))


def _as_dict(batch: Batch, node: Node) -> dict[str, Any]:
    assert node.found is not None
    return {
        "plan_stage": node.index,
        "denoising_strength": node.found.strength,
        "start_sigma": round(node.found.sigma, 4),
        "evaluations": node.found.evaluations,
        "seconds": round(node.found.seconds, 3),
        "remembered": not node.found.evaluations,
        "points": [
            [None if math.isinf(sigma) else round(sigma, 4), round(change, 4)]
            for sigma, change in _points_of(batch, node)
        ],
    }
