"""The running host's lists of names."""

from __future__ import annotations

from typing import Any

from modules import sd_samplers, shared

from hires_strategies.limits import Limits
from hires_strategies.presets import USUAL_UPSCALER, builtin
from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.vocabulary import Vocabulary

from . import checkpoints
from .forks.guidance import offers_distilled_cfg
from .forks.latent_shape import size_rules
from .forks.samplers import schedulers
from .forks.upscalers import latent_modes, place_of, resizes

_RESAMPLING = ("None", "Lanczos", "Nearest")


def host_vocabulary(limits: Limits) -> Vocabulary:
    """Upscalers (latent ones first), samplers and schedulers as the host's own lists write them.

    Plain resizes that it lacks are among the upscalers, behind its own plain one.
    """
    listed = [upscaler.name for upscaler in shared.sd_upscalers if upscaler.name not in LATENT_UPSCALERS]
    plain = [name for name in listed if name == "None"]
    return Vocabulary(
        upscalers=(*latent_modes(), *plain, *resizes(), *(name for name in listed if name not in plain)),
        samplers=tuple(sampler.name for sampler in sd_samplers.all_samplers),
        schedulers=tuple(scheduler.label for scheduler in schedulers()),
        limits=limits,
        size_rules=size_rules(),
        lacks=frozenset() if offers_distilled_cfg() else frozenset({"distilled_cfg"}),
        checkpoints=checkpoints.names(),
        checkpoint_aliases=checkpoints.aliases(),
        checkpoint=checkpoints.name_of(checkpoints.chosen()),
    )


def pixel_upscaler() -> str:
    """A pixel upscaler that works at once: R-ESRGAN 4x+ or another model that is there, else Lanczos.

    The host also lists models that it would have to download first.
    """
    there = [entry.name for entry in _models() if _is_there(entry)]
    return next(iter(sorted(there, key=lambda name: name != USUAL_UPSCALER)), "Lanczos")


def builtin_presets() -> dict[str, tuple[str, ...]]:
    """The presets that come with the extension, with upscalers that this host has."""
    if any(entry.name == USUAL_UPSCALER for entry in _models()):
        return builtin()
    there = pixel_upscaler()
    return builtin(None if there in _RESAMPLING else there)


def _models() -> list[Any]:
    """The host's pixel upscalers that have a model."""
    return [entry for entry in shared.sd_upscalers if entry.name not in (*_RESAMPLING, *LATENT_UPSCALERS)]


def _is_there(entry: Any) -> bool:
    """Whether the model is on this machine: until it is, the host has its address where the file's path goes."""
    place = place_of(entry)
    return bool(place) and not place.startswith("http")
