"""What the file of times holds, checked: rates of jobs, and evaluations a step of samplers that nobody knows."""

from __future__ import annotations

from typing import Any

EVALUATIONS_A_STEP = "evaluations a step"
_FASTEST, _SLOWEST = 1e-15, 1.0  # seconds per unit of work: anything beyond is a mistake, and sums might overflow
_MOST_DIGITS = 12  # in a number of pixels
_MOST_EVALUATIONS = 100  # per step: anything beyond is a mistake


def is_entry(key: str, rates: Any) -> bool:
    """Whether an entry makes sense."""
    if not isinstance(rates, list) or not rates:
        return False
    if is_evaluations(key):
        return all(map(_is_evaluations_a_step, rates))
    pixels = key.rpartition("|")[2]
    is_key = key.count("|") >= 2 and pixels.isdecimal() and len(pixels) <= _MOST_DIGITS
    return is_key and all(map(_is_rate, rates))


def is_evaluations(key: str) -> bool:
    """Whether it is the key of a sampler's evaluations a step, not of a rate."""
    return key.startswith(f"{EVALUATIONS_A_STEP}|") and key.count("|") == 1


def parts(key: str) -> tuple[str, str, int]:
    """Model, kind of task and pixels of a rate's key."""
    model, _, rest = key.partition("|")
    kind, _, pixels = rest.rpartition("|")
    return model, kind, max(int(pixels), 1)


def _is_evaluations_a_step(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= _MOST_EVALUATIONS


def _is_rate(rate: Any) -> bool:
    """Whether a machine could take so many seconds per unit of work: a pixel, or one pixel's part of an evaluation."""
    return isinstance(rate, (int, float)) and not isinstance(rate, bool) and _FASTEST < rate < _SLOWEST
