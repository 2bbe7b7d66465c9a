"""Where a stage starts in the noise: the first sigma of its schedule.

The formulas are those of the host's modules/sd_schedulers.py and of k-diffusion (Karras et al. 2022, "Elucidating the
Design Space of Diffusion-Based Generative Models", equation 5). Sigma is the standard deviation of the noise, with
latents of standard deviation about 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

from .plan import Sampling

# What the host's sd_samplers_kdiffusion.samplers_k_diffusion gives these samplers as "Automatic" schedule.
_AUTOMATIC = {
    "DPM++ 2M": "Karras",
    "DPM++ SDE": "Karras",
    "DPM++ 2S a": "Karras",
    "DPM++ 2M SDE": "Exponential",
    "DPM++ 2M SDE Heun": "Exponential",
    "DPM++ 3M SDE": "Exponential",
    "DPM2": "Karras",
    "DPM2 a": "Karras",
    "Restart": "Karras",
}
# Samplers that leave out the sigma before the last, and so get a schedule that is one longer.
_ONE_LONGER = ("DPM++ 3M SDE", "DPM2", "DPM2 a")
_NOT_BY_SIGMA = ("DDIM", "DDIM CFG++", "PLMS", "UniPC", "DPM fast", "DPM adaptive", "Restart", "LCM")


@lru_cache(maxsize=1)
def sd1_sigmas() -> tuple[float, ...]:
    """The 1000 sigmas of Stable Diffusion 1, ascending: betas from 0.00085 to 0.012, linear in their square root."""
    low, high = math.sqrt(0.00085), math.sqrt(0.012)
    product, sigmas = 1.0, []
    for index in range(1000):
        product *= 1 - (low + (high - low) * index / 999) ** 2
        sigmas.append(math.sqrt((1 - product) / product))
    return tuple(sigmas)


def start_sigma(
    sampling: Sampling, sampler: str | None, scheduler: str | None, model: Sequence[float] = ()
) -> float | None:
    """The sigma at which a stage starts, or None for a sampler or schedule whose formula is not known here.

    `sampler` and `scheduler` are the first pass's, for a stage that names none. `model` holds the loaded model's
    sigmas, ascending; without it Stable Diffusion 1's are used. "DPM++ 2M Karras", of hosts without schedulers, works
    as well.
    """
    name = sampling.sampler or sampler or "Euler"
    schedule = sampling.scheduler or scheduler or "Automatic"
    if schedule == "Automatic":
        for label in ("Karras", "Exponential"):
            if name.endswith(f" {label}"):
                name, schedule = name.removesuffix(f" {label}"), label
    if schedule == "Automatic":
        schedule = _AUTOMATIC.get(name, "Uniform")
    if name in _NOT_BY_SIGMA or schedule not in _SCHEDULES:
        return None
    count = sampling.total + (1 if name in _ONE_LONGER else 0)
    return _SCHEDULES[schedule](model or sd1_sigmas(), count, sampling.total - sampling.steps)


def _uniform(model: Sequence[float], count: int, index: int) -> float:
    last = len(model) - 1
    return _sigma_at(model, last - last * index / max(count - 1, 1))


def _sgm_uniform(model: Sequence[float], count: int, index: int) -> float:
    last = len(model) - 1
    return _sigma_at(model, last - last * index / count)


def _karras(model: Sequence[float], count: int, index: int) -> float:
    low, high = model[0] ** (1 / 7), model[-1] ** (1 / 7)
    return float((high + (low - high) * index / max(count - 1, 1)) ** 7)


def _exponential(model: Sequence[float], count: int, index: int) -> float:
    low, high = math.log(model[0]), math.log(model[-1])
    return math.exp(high + (low - high) * index / max(count - 1, 1))


_SCHEDULES: dict[str, Callable[[Sequence[float], int, int], float]] = {
    "Uniform": _uniform,
    "SGM Uniform": _sgm_uniform,
    "Karras": _karras,
    "Exponential": _exponential,
}


def _sigma_at(model: Sequence[float], time: float) -> float:
    """Sigma between two of the model's steps, interpolated in the logarithm as k-diffusion does."""
    low = int(time)
    high = min(low + 1, len(model) - 1)
    part = time - low
    return math.exp((1 - part) * math.log(model[low]) + part * math.log(model[high]))
