"""The denoising strengths of a picture's stages, and how those were found that nobody gave."""

from __future__ import annotations

import math
from typing import Any

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sought import Points
from hires_strategies.webui.files import remembered_file
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


def points_of(batch: Batch, node: Node) -> Points:
    """What was looked at to find a stage's strength, in this run or when it was found before; empty if unknown."""
    if node.found is None:
        return ()
    return node.found.points or remembered_file().points(batch.plan.sought(node))


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
            for sigma, change in points_of(batch, node)
        ],
    }
