"""How noisy a stage starts: the first sigma of its schedule, by formula.

The formulas are those of the host's modules/sd_schedulers.py and of k-diffusion (Karras et al. 2022, "Elucidating the
Design Space of Diffusion-Based Generative Models", equation 5). Sigma is the standard deviation of the noise, with
latents of standard deviation about 1. A WebUI with a loaded model is asked directly; this is for use without one.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hires_strategies.samplers import find_sampler, split_name

from .plan import FirstPass, Sampling
from .start import Starts

_UNNAMED = "Euler"  # txt2img's own default over the API


@dataclass(frozen=True)
class ScheduleOptions:
    """The host's settings that change a schedule. A number of 0 means the default.

    `old_karras` is "use old karras scheduler sigmas (0.1 to 10)", `always_discard` "always discard next-to-last sigma".
    """

    rho: float = 0
    sigma_min: float = 0
    sigma_max: float = 0
    old_karras: bool = False
    always_discard: bool = False


@dataclass(frozen=True)
class _Schedule:
    """A formula's input: the model's sigmas, ascending, and the schedule's ends and length."""

    model: Sequence[float]
    low: float
    high: float
    rho: float
    count: int


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
    sampling: Sampling,
    sampler: str | None,
    scheduler: str | None,
    model: Sequence[float] = (),
    options: ScheduleOptions = ScheduleOptions(),
) -> float | None:
    """The sigma at which a stage starts, or None for a sampler or schedule whose formula is unknown here.

    `sampler` and `scheduler` are the first pass's, for a stage that names none. `model` holds a model's sigmas,
    ascending; without it Stable Diffusion 1's are used. "DPM++ 2M Karras" (hosts without schedulers) works, too.
    """
    name = sampling.sampler or sampler or _UNNAMED
    row, schedule = find_sampler(name), sampling.scheduler or scheduler or "Automatic"
    if row is None or not row.by_sigma:
        return None
    if schedule == "Automatic":
        schedule = split_name(name)[1] or row.automatic
    if schedule not in _SCHEDULES:
        return None
    model = model or sd1_sigmas()
    low, high = (0.1, 10.0) if options.old_karras else (model[0], model[-1])
    count = sampling.total + (1 if row.one_longer or options.always_discard else 0)
    given = _Schedule(model, options.sigma_min or low, options.sigma_max or high, options.rho or 7, count)
    return _SCHEDULES[schedule](given, sampling.total - sampling.steps)


def by_formula(sampling: Sampling, first: FirstPass) -> float | None:
    """A stage's start sigma for Stable Diffusion 1 with default settings, for use without a WebUI."""
    return start_sigma(sampling, first.sampler, first.scheduler)


FORMULAS = Starts(by_formula)


def _uniform(given: _Schedule, index: int) -> float:
    """Over the model's own steps, whatever ends are requested."""
    last = len(given.model) - 1
    return _sigma_at(given.model, last - last * index / max(given.count - 1, 1))


def _sgm_uniform(given: _Schedule, index: int) -> float:
    start, end = _time_of(given.model, given.high), _time_of(given.model, given.low)
    return _sigma_at(given.model, start + (end - start) * index / given.count)


def _karras(given: _Schedule, index: int) -> float:
    low, high = given.low ** (1 / given.rho), given.high ** (1 / given.rho)
    return float((high + (low - high) * index / max(given.count - 1, 1)) ** given.rho)


def _exponential(given: _Schedule, index: int) -> float:
    low, high = math.log(given.low), math.log(given.high)
    return math.exp(high + (low - high) * index / max(given.count - 1, 1))


_SCHEDULES: dict[str, Callable[[_Schedule, int], float]] = {
    "Uniform": _uniform,
    "SGM Uniform": _sgm_uniform,
    "Karras": _karras,
    "Exponential": _exponential,
}


def _sigma_at(model: Sequence[float], time: float) -> float:
    """Sigma between two of the model's steps, interpolated logarithmically as in k-diffusion."""
    low = int(time)
    high = min(low + 1, len(model) - 1)
    part = time - low
    return math.exp((1 - part) * math.log(model[low]) + part * math.log(model[high]))


def _time_of(model: Sequence[float], sigma: float) -> float:
    """The model's step that has this sigma: the inverse of _sigma_at, clamped to the model's range."""
    if sigma <= model[0] or sigma >= model[-1]:
        return 0 if sigma <= model[0] else len(model) - 1
    above = bisect.bisect_right(model, sigma)
    low, high = math.log(model[above - 1]), math.log(model[above])
    return above - 1 + (math.log(sigma) - low) / (high - low)
