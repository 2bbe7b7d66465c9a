"""The running host's lists of names."""

from __future__ import annotations

from typing import Any

from modules import sd_samplers, shared

from hires_strategies.limits import Limits
from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.vocabulary import Vocabulary

from .forks import schedulers


def host_vocabulary(limits: Limits) -> Vocabulary:
    """Upscalers (latent ones first), samplers and schedulers as the host's own lists write them."""
    pixel = [upscaler.name for upscaler in shared.sd_upscalers]
    return Vocabulary(
        upscalers=(*latent_modes(), *(name for name in pixel if name not in LATENT_UPSCALERS)),
        samplers=tuple(sampler.name for sampler in sd_samplers.all_samplers),
        schedulers=tuple(scheduler.label for scheduler in schedulers()),
        limits=limits,
    )


def latent_modes() -> dict[str, dict[str, Any]]:
    """The host's latent upscale modes; its six default ones on hosts that have removed them (Forge Neo)."""
    own = {name: {"mode": mode, "antialias": antialias} for name, (mode, antialias) in LATENT_UPSCALERS.items()}
    return shared.latent_upscale_modes or own
