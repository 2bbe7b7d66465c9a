"""The running host's lists of names."""

from __future__ import annotations

from typing import Any

from modules import sd_samplers, shared

from hires_strategies.limits import Limits
from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.vocabulary import Vocabulary

from .forks.latent_shape import size_rules
from .forks.samplers import schedulers

_RESAMPLING = ("None", "Lanczos", "Nearest")
_USUAL = "R-ESRGAN 4x+"


def host_vocabulary(limits: Limits) -> Vocabulary:
    """Upscalers (latent ones first), samplers and schedulers as the host's own lists write them."""
    pixel = [upscaler.name for upscaler in shared.sd_upscalers]
    return Vocabulary(
        upscalers=(*latent_modes(), *(name for name in pixel if name not in LATENT_UPSCALERS)),
        samplers=tuple(sampler.name for sampler in sd_samplers.all_samplers),
        schedulers=tuple(scheduler.label for scheduler in schedulers()),
        limits=limits,
        size_rules=size_rules(),
    )


def pixel_upscaler() -> str:
    """A pixel upscaler that works at once: R-ESRGAN 4x+ or another model that is there, else Lanczos.

    The host also lists models that it would have to download first.
    """
    models = [entry for entry in shared.sd_upscalers if entry.name not in (*_RESAMPLING, *LATENT_UPSCALERS)]
    there = [entry.name for entry in models if _is_there(entry)]
    return next(iter(sorted(there, key=lambda name: name != _USUAL)), "Lanczos")


def _is_there(entry: Any) -> bool:
    """Whether the model is on this machine: until it is, the host has its address where the file's path goes."""
    place = getattr(entry, "local_data_path", None) or getattr(entry, "data_path", None)
    return isinstance(place, str) and bool(place) and not place.startswith("http")


def latent_modes() -> dict[str, dict[str, Any]]:
    """The host's latent upscale modes; its six default ones on hosts that have removed them (Forge Neo)."""
    own = {name: {"mode": mode, "antialias": antialias} for name, (mode, antialias) in LATENT_UPSCALERS.items()}
    return shared.latent_upscale_modes or own
