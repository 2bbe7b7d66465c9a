"""Strategies as the objects that programs send."""

from __future__ import annotations

import dataclasses
from typing import Any

from hires_strategies.strategy import Strategy


def strategy_to_object(strategy: Strategy) -> dict[str, Any]:
    """JSON-ready; keys that would be null are left out."""
    return {
        "stages": [
            {key: value for key, value in dataclasses.asdict(stage).items() if value is not None}
            for stage in strategy.stages
        ]
    }
