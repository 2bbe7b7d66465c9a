"""Denoising strengths that are to be found (auto.py): what is looked for, what was found, and what looking costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EVALUATIONS = 7  # model evaluations of a search, at the size of the stage
TO_FIND = f"{EVALUATIONS} evaluations to find it"
REMEMBERED = "remembered for this checkpoint."  # the end of a sentence


@dataclass(frozen=True)
class Sought:
    """What a strength is found for; it holds for all schedules, as a start sigma.

    `scale`: how many times as long the sides become. `control`: the stage's own ControlNet units, as written. Names of
    checkpoint and upscaler, CFG scales: None if unknown.
    """

    checkpoint: str | None
    upscaler: str
    scale: float
    cfg: float | None = None
    distilled_cfg: float | None = None
    control: str | None = None


# Start sigmas that were looked at, ascending, infinite for noise alone; each with how much of the layout changed there.
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Found:
    """A strength that was found, and the start sigma (noise over signal) that it stands for.

    `evaluations` of the model were needed: 0 if it was remembered. `points`: start sigmas that were looked at,
    ascending, each with how much of the layout was lost there, 0 to 1. `ends`: how much of it was kept (a correlation)
    with the least noise and with the most, by which that is measured. `seconds`: how long looking took.
    """

    strength: float
    sigma: float
    evaluations: int = 0
    points: Points = ()
    ends: tuple[float, float] | None = None
    seconds: float = 0.0


# What was found in a run so far, by the strategy's and the stage's index.
Finds = Mapping[tuple[int, int], Found]


def found_sentence(what: str, found: Found, strength: float) -> str:
    """`what` names the stage."""
    how = REMEMBERED if not found.evaluations else "found for this checkpoint."
    beside = "" if strength == found.strength else f"beside {found.strength:g}, "
    return f"{what}: the denoising strength is {strength:g}, {beside}{how}"


def far_sentence(found: Found, start: float) -> str:
    """For a stage that starts at another sigma: with one or two steps there are few strengths."""
    return f"With so few steps no strength starts near the sigma that was found, {found.sigma:.3g}, but at {start:.3g}."
