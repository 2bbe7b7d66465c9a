"""The search for the most noise that leaves the layout, by single evaluations of the model.

At any noise, the model's own prediction of the finished picture, one evaluation, already shows whether the layout
survives: nothing has to be drawn for it. A change of 0 is the prediction at the least noise, 1 the one at the most.
All noise is noise over signal (planning/start.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hires_strategies.errors import StrategyError

from .change import ACCEPTED, Ends
from .curve import place_of
from .layout import kept

LOWEST, HIGHEST = 0.3, 9.0  # noise between which is searched
BISECTIONS = 5  # one evaluation each, and one for either end

# Noise over signal, infinite for noise alone: the model's prediction of the finished latents, by one evaluation.
Predict = Callable[[float], Any]


@dataclass(frozen=True)
class Look:
    """What a search found: `sigma` is the noise over signal at which the accepted change is reached.

    `points`: noise (infinite for noise alone) and change of every probe, by rising noise.
    """

    sigma: float
    points: tuple[tuple[float, float], ...]
    evaluations: int
    ends: Ends


def search(
    predict: Predict, start: Any, largest: float, accepted: float = ACCEPTED, floor: float | None = None
) -> Look:
    """The noise at which the layout of `start` (latents B,C,H,W or B,C,T,H,W) has changed by `accepted`, 0 to 1.

    `largest` is the most noise that the model knows, infinite for noise alone. The result lies from LOWEST, or `floor`
    if that is larger, to HIGHEST or `largest`. Seven evaluations at most; a batch counts as one picture, by its mean.

    Raises StrategyError where a prediction is not finite.
    """

    top = min(HIGHEST, largest)
    bottom = min(LOWEST, top)
    ends = look_at_ends(predict, start, largest)
    points = {bottom: ends.change(ends.least), largest: ends.change(ends.most)}
    lowest = min(max(bottom, floor or 0.0), top)
    low, high = lowest, top
    for _ in range(BISECTIONS if low < high else 0):
        middle = math.sqrt(low * high)
        points[middle] = ends.change(_kept(predict, start, middle))
        low, high = (low, middle) if points[middle] > accepted else (middle, high)
    found = min(top, max(lowest, _between(low, high, points, accepted)))
    return Look(found, tuple(sorted(points.items())), len(points), ends)


def look_at_ends(predict: Predict, start: Any, largest: float) -> Ends:
    """How much of the layout is kept at the least noise that is searched and at the most there is: two evaluations.

    Raises StrategyError where a prediction is not finite.
    """
    return Ends(_kept(predict, start, min(LOWEST, largest)), _kept(predict, start, largest))


def _kept(predict: Predict, start: Any, sigma: float) -> float:
    found = float(kept(predict(sigma), start).mean())
    if not math.isfinite(found):
        raise StrategyError(f"At a noise of {sigma:.3g} the model predicts something that is not a picture.")
    return found


def _between(low: float, high: float, points: dict[float, float], accepted: float) -> float:
    """Where the accepted change is reached: between two neighbouring probes, the lower of at most that change, the
    upper of more; or at an end of the search that was not probed.
    """
    if low >= high or high not in points or points[high] <= accepted:
        return high
    if low not in points:
        return low
    part = max(0.0, accepted - points[low]) / (points[high] - points[low])
    return math.exp(place_of(low) + part * (place_of(high) - place_of(low)))
