"""Upscalers that not every host lists: the latent modes and the plain resizes are ours there."""

from __future__ import annotations

from typing import Any

from modules import shared
from PIL.Image import Resampling

from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.webui.host.processing import UpscalerEntry

_RESIZES = {"Lanczos": Resampling.LANCZOS, "Nearest": Resampling.NEAREST}


def latent_modes() -> dict[str, dict[str, Any]]:
    """The host's latent upscale modes: name -> mode and antialias of torch's interpolate. Neo 5692d2d1 has none."""
    own = {name: {"mode": mode, "antialias": antialias} for name, (mode, antialias) in LATENT_UPSCALERS.items()}
    return shared.latent_upscale_modes or own


def resizes() -> dict[str, Resampling]:
    """The plain resizes that the host does not list, as Pillow has them. Neo 5692d2d1 lists neither."""
    listed = {entry.name for entry in shared.sd_upscalers}
    return {name: how for name, how in _RESIZES.items() if name not in listed}


def whose(upscaler: str) -> str | None:
    """Whose an upscaler is that the host does not list, "torch" or "Pillow"; None for the host's own."""
    if upscaler in resizes():
        return "Pillow"
    return "torch" if upscaler in latent_modes() and upscaler not in shared.latent_upscale_modes else None


def loads_once(scaler: Any) -> list[str]:
    """The methods by which an upscaler loads a model once for many pictures: `load_model` (ESRGAN on reForge 3b56b268,
    Classic 1f95d717, Neo 5692d2d1), or another one (R-ESRGAN on reForge)."""
    kind = type(scaler)
    return [name for name in dir(kind) if hasattr(getattr(kind, name, None), "cache_info")]


def holds_its_model(scaler: Any) -> bool:
    """Whether an upscaler keeps the model that it has just used: SwinIR on A1111 from 1.8 on, Forge and reForge; on
    A1111 1.6 and 1.7 only if its model is compiled."""
    return getattr(scaler, "_cached_model", None) is not None


def place_of(entry: UpscalerEntry) -> str:
    """The file of an upscaler's model, or the address that it would be fetched from; empty for one without a model.

    A1111 keeps the file beside what the list says of it; Neo and Classic have one place.
    """
    return str(getattr(entry, "local_data_path", None) or entry.data_path or "")
