"""What a picture of a sweep over strengths teaches, if the user likes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from hires_strategies.webui.generation.batch import Batch


def of_variant(batch: Batch, node: int) -> dict[str, Any] | None:
    """What a variant of a sweep over strengths shows of its user, if they like it: the start sigma of its last swept
    stage, how far the layout changed there (0 to 1), and what both hold for (planning.sought.Sought)."""
    for stage in reversed(batch.plan.path(node)):
        outcome = batch.result.stages[stage.index]
        if outcome.change is not None and outcome.start_sigma is not None:
            sought = asdict(batch.plan.sought(stage))
            return {**sought, "sigma": outcome.start_sigma, "change": round(outcome.change, 4)}
    return None
