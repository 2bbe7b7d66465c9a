"""How much noise a stage starts from, as a number that compares between schedules and models: noise over signal.

A model that adds noise to the picture (Stable Diffusion 1 to XL, v-prediction too) starts from x0 + sigma n: sigma is
the number. A flow-matching model (SD 3, Flux, Z-Image, ...) mixes, (1 - t) x0 + t n with t from 0 to 1, which its
samplers call sigma: the number is t / (1 - t), infinite for noise alone.

The host's samplers take a denoising strength: the last steps of a longer schedule. `find_start` looks for the length
whose last steps begin at a wanted sigma. Where none does, `own_sigmas` makes a list that does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hires_strategies.errors import StrategyError
from hires_strategies.samplers import find_sampler

from .plan import FirstPass, Sampling
from .sought import Sought

LONGEST = 5000  # steps of a schedule: some hosts take 0.1 ms for each, and this runs at each keystroke
_FAR = 1.25  # times as much noise
DIGITS = 5  # of a start sigma, where it is written; nobody sees a smaller difference

OWN = " starts between two steps of its schedule, by a list of sigmas of its own."

# The start sigma of the last steps of a schedule of so many steps; None for one that is not to be had.
SigmaOf = Callable[[int], float | None]


@dataclass(frozen=True)
class Starts:
    """Where stages start.

    `sigma_of`: the start sigma of a stage after a first pass, None if unknown, infinite for noise alone. `own_list`:
    whether its sampler takes a list of sigmas of its own. `remembered`: the start sigma that was found before, None if
    it is to be looked for; its second argument is whether anew.
    """

    sigma_of: Callable[[Sampling, FirstPass], float | None]
    own_list: Callable[[Sampling, FirstPass], bool] = lambda sampling, first: True
    remembered: Callable[[Sought, bool], float | None] = lambda sought, anew: None


UNKNOWN = Starts(lambda sampling, first: None)


@dataclass(frozen=True)
class Start:
    """The last steps of a schedule of `total` steps, which begin at `sigma`.

    `hit`: whether that is the wanted one. If not, `sigma` is the next larger one, and that of `total + 1` is smaller.
    """

    total: int
    sigma: float
    hit: bool


def longest_of(sampler: str | None) -> int:
    """Steps of the longest schedule that a sampler has, and that is looked at for it."""
    row = find_sampler(sampler or "")
    return (row.longest if row else None) or LONGEST


def from_flow(t: float) -> float:
    """Noise over signal of a flow-matching model's t, 0 to 1."""
    return t / (1 - t) if t < 1 else math.inf


def to_flow(sigma: float) -> float:
    """The t of a flow-matching model at which noise over signal is `sigma`."""
    return sigma / (1 + sigma) if sigma < math.inf else 1.0


def written(sigma: float) -> float:
    """A start sigma as it is shown and used: to five digits."""
    return float(f"{sigma:.{DIGITS}g}")


def find_start(sigma: float, steps: int, sigma_of: SigmaOf, longest: int = LONGEST) -> Start | None:
    """The schedule whose last `steps` steps begin at `sigma` or at the next larger one; None if its sigmas are unknown.

    Raises StrategyError where no schedule of up to `longest` steps begins as high or as low.
    """
    largest = sigma_of(steps)
    if largest is None:
        return None
    if written(largest) == written(sigma):
        return Start(steps, largest, True)
    if sigma > largest:
        raise StrategyError(
            f"The largest start sigma here is {written(largest):g}, found {sigma:g}.", field="start_sigma"
        )
    low, high = _around(sigma, steps, sigma_of, longest)
    while high - low > 1:
        middle = (low + high) // 2
        if _known(sigma_of, middle) >= sigma:
            low = middle
        else:
            high = middle
    for total in (low, high):
        if written(found := _known(sigma_of, total)) == written(sigma):
            return Start(total, found, True)
    return Start(low, _known(sigma_of, low), False)


def _around(sigma: float, steps: int, sigma_of: SigmaOf, longest: int) -> tuple[int, int]:
    """Lengths of which the first begins at `sigma` or above, the second below it."""
    low, high = steps, min(2 * steps, longest)
    while (found := _known(sigma_of, high)) >= sigma:
        if high >= longest:
            raise StrategyError(
                f"The smallest start sigma of {steps} step{'' if steps == 1 else 's'} here is {written(found):g}, "
                f"found {sigma:g}.",
                field="start_sigma",
            )
        low, high = high, min(2 * high, longest)
    return low, high


def _known(sigma_of: SigmaOf, total: int) -> float:
    found = sigma_of(total)
    if found is None:
        raise StrategyError(f"The schedule of {total} steps is not known here.", field="start_sigma")
    return found


def nearest(sigma: float, start: Start, sigma_of: SigmaOf) -> Start:
    """The schedule whose start is nearest to `sigma`, for samplers that take no list of their own.

    Some schedule types have no noise at all in their last steps: that is no start.
    """
    below = sigma_of(start.total + 1)
    if start.hit or not below or math.log(start.sigma / sigma) <= math.log(sigma / below):
        return start
    return Start(start.total + 1, below, False)


def nearest_strength(sigma: float, steps: int, sigma_of: SigmaOf, longest: int = LONGEST) -> float | None:
    """The denoising strength of two digits, as people write them, that starts nearest to `sigma`.

    Of the strengths that the schedule has, the lowest or highest, if `sigma` lies beyond. Where very few steps have
    none nearby, it is the next one that starts with less noise: too much would be another picture. None if the schedule
    is unknown.
    """
    largest = sigma_of(steps)
    if largest is None:
        return None
    if sigma >= largest:
        return 1.0
    try:
        found = find_start(sigma, steps, sigma_of, longest)
    except StrategyError:
        return strength_of(steps, longest)
    assert found is not None
    near = nearest(sigma, found, sigma_of)
    if is_far(near.sigma, sigma) and near.total == found.total and sigma_of(found.total + 1):
        return strength_of(steps, found.total + 1)
    exact = strength_of(steps, near.total)
    distances = {}
    for strength in _two_digits(exact):
        total = int(steps / min(strength, 0.999))
        start = sigma_of(total) if total <= longest else None
        if start and start < math.inf:
            distances[strength] = abs(math.log(start / sigma))
    return min(distances, key=distances.__getitem__, default=exact)


def is_far(start: float, sigma: float) -> bool:
    """Whether a start is so far from a wanted sigma that the picture would tell."""
    return not 1 / _FAR <= start / sigma <= _FAR


def _two_digits(strength: float) -> list[float]:
    """The strengths of two digits on both sides of one, or itself."""
    places = 1 - math.floor(math.log10(strength))
    scaled = round(strength * 10**places, 9)
    return [round(each / 10**places, places) for each in (math.floor(scaled), math.ceil(scaled))]


def own_sentence(text: str) -> str:
    return f"{text}{OWN}"


def nearest_sentence(text: str, sigma: float) -> str:
    return f"{text} starts at {written(sigma):g}, the nearest step of its schedule."


def strength_of(steps: int, total: int) -> float:
    """The shortest denoising strength of which the host runs the last `steps` steps of a schedule of `total`."""
    for digits in range(10):
        by = float(10**digits)
        strength = math.floor(steps / total * by) / by
        if 0 < strength <= 1 and int(steps / min(strength, 0.999)) == total:
            return strength
    return steps / (total + 0.5)


def own_sigmas(sigmas: Sequence[float], first: int, start: float) -> list[float] | None:
    """A schedule (descending, in the sampler's own measure) whose sigmas from `first` on begin at `start` instead.

    They are as many as before and keep the schedule's form: those between two of its sigmas are interpolated in their
    logarithm, evenly over its steps. A 0 at the end stays. What comes before `first` stays as well: the samplers that
    take their noise from a Brownian path read where that begins. None if `start` is not between two of those sigmas.
    """
    tail = [sigma for sigma in sigmas[first:] if sigma > 0]
    rest = list(sigmas[first + len(tail) :])
    place = next((index for index in range(len(tail) - 1) if tail[index] >= start > tail[index + 1]), None)
    if place is None:
        return [*sigmas[:first], start, *rest] if len(tail) == 1 and tail[0] >= start else None
    begin = place + math.log(tail[place] / start) / math.log(tail[place] / tail[place + 1])
    by = (len(tail) - 1 - begin) / (len(tail) - 1)
    between = [_between(tail, begin + by * index) for index in range(1, len(tail) - 1)]
    return [*sigmas[:first], start, *between, tail[-1], *rest]


def _between(sigmas: Sequence[float], place: float) -> float:
    low = min(int(place), len(sigmas) - 2)
    part = place - low
    return math.exp((1 - part) * math.log(sigmas[low]) + part * math.log(sigmas[low + 1]))
