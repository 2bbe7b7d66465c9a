"""Distilled CFG, and what else the conditioning carries."""

from __future__ import annotations

from typing import Any

from hires_strategies.webui.host.processing import Processing


def distilled_cfg(p: Processing) -> float | None:
    """The distilled CFG scale of the generation (Forge; Flux calls it guidance); None if the host has none."""
    scale: float | None = getattr(p, "distilled_cfg_scale", None)
    return scale


def use_distilled_cfg(q: Processing, scale: float | None) -> None:
    """Let a stage run at this scale; called before its sampler is made. None changes nothing."""
    if scale is None:
        return
    q.distilled_cfg_scale = q.hr_distilled_cfg = scale  # type: ignore[attr-defined]
    if hasattr(q.sd_model, "set_shift"):  # Forge Neo: for models with a shift, it is this number
        q.sd_model.set_shift(shift=scale)


def conditioning_fields(q: Processing) -> dict[str, Any]:
    """What the host's SdConditioning holds besides a stage's prompts."""
    fields: dict[str, Any] = {"width": q.hr_upscale_to_x, "height": q.hr_upscale_to_y}
    scale = distilled_cfg(q)
    return fields if scale is None else {**fields, "distilled_cfg_scale": scale}
