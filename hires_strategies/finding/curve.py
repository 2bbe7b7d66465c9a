"""How much of a layout changes with the noise that is added: the points of a search as a curve."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence

from hires_strategies.limits import MAX_SIGMA


def change_at(points: Sequence[tuple[float, float]], sigma: float) -> float:
    """The change at `sigma` of a search's points: never falling, straight between two in the noise's logarithm."""
    if not points:
        raise ValueError("There are no points to read a change from.")
    places = [place_of(noise) for noise, _ in points]
    highest, changes = 0.0, []
    for _, change in points:
        highest = max(highest, change)
        changes.append(highest)
    place = place_of(sigma)
    after = bisect_left(places, place)
    if after == 0 or after == len(places):
        return changes[min(after, len(places) - 1)]
    part = (place - places[after - 1]) / (places[after] - places[after - 1])
    return changes[after - 1] + part * (changes[after] - changes[after - 1])


def place_of(sigma: float) -> float:
    """Noise on the scale on which it is searched; noise alone lies where the largest sigma of any model does."""
    return math.log(min(max(sigma, 1e-6), MAX_SIGMA))
