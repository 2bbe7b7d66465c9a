"""Samplers and their schedules."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import torch

from hires_strategies.samplers import Fewest, unipc_fewest
from hires_strategies.webui.host.processing import Processing

# k-diffusion samplers that fail with one step in A1111, and their functions; some forks have fixed them.
_FAIL_AT_ONE_STEP = {
    "DPM++ 2M SDE": "sample_dpmpp_2m_sde",
    "DPM++ 2M SDE Heun": "sample_dpmpp_2m_sde",
    "DPM++ 3M SDE": "sample_dpmpp_3m_sde",
}


def schedulers() -> list[Any]:
    """The host's schedulers; none before A1111 1.9, where a sampler's name includes its schedule."""
    try:
        from modules import sd_schedulers
    except ImportError:
        return []
    return sd_schedulers.schedulers


def scheduler_of(p: Processing) -> str | None:
    """The schedule type; None before A1111 1.9."""
    return getattr(p, "scheduler", None)


def hires_scheduler_of(p: Processing) -> str | None:
    """The schedule type of Hires. fix; None before A1111 1.9."""
    return getattr(p, "hr_scheduler", None) or scheduler_of(p)


def fewest_steps(options: Mapping[str, Any]) -> dict[str, Fewest]:
    """The fewest steps of samplers where they differ from the table: through a setting, or a fork's fix."""
    order = options.get("uni_pc_order", 3)
    mended = {name: (1, 1) for name, function in _FAIL_AT_ONE_STEP.items() if _runs_one_step(function)}
    return {"UniPC": unipc_fewest(order), **mended} if isinstance(order, int) and order > 0 else dict(mended)


@cache
def _runs_one_step(function: str) -> bool:
    """Whether k-diffusion's sampler can do a single step to sigma 0: it is simply tried, with a model of one number."""
    try:
        from k_diffusion import sampling

        x = torch.zeros(1, 1, 1, 1)
        sample = getattr(sampling, function)
        sample(lambda x, *_, **__: x, x, torch.tensor([1.0, 0.0]), noise_sampler=lambda *_: x, disable=True)
    except Exception:
        return False
    return True
