"""How a progress bar moves as the time does: each job of a run takes the part of it that its time is of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .timing import Task

_LEAST = 1e-9  # of the bar: no job takes nothing, for the host divides by its share
_NUDGE = 1e-12  # of the bar: so that rounding never makes it fall


@dataclass(frozen=True)
class Jobs:
    """A number for each job of a batch: its time, in any unit, or its steps. 0 for a pass that there is not."""

    first_pass: float
    second_pass: float  # the host's own Hires. fix
    stages: tuple[float, ...]


def weights(tasks: Sequence[Task], seconds: Sequence[float | None]) -> list[float]:
    """The tasks' times, in seconds or, where none is known, in any unit.

    What is not known is reckoned by its work, at the rate of those that are. An upscaler's unit of work, a pixel,
    counts as one model evaluation of it: too much for a resize, too little for a large network.
    """
    known = [(task.work, spent) for task, spent in zip(tasks, seconds, strict=True) if spent]
    rate = sum(spent for _, spent in known) / sum(work for work, _ in known) if known else 1.0
    return [task.work * rate if spent is None else spent for task, spent in zip(tasks, seconds, strict=True)]


def job_numbers(done: float, cost: float, left: float) -> tuple[float, float]:
    """The host's job_no and job_count while a job of `cost` runs, with `left`, its own included, still to do.

    `done`: the part of the bar, from 0 to 1, that is behind it. The host shows (job_no + the job's own part) /
    job_count: that goes from `done` on by cost / left of the rest.
    """
    share = max((1 - done) * (cost / left if left > 0 else 1.0), _LEAST)
    return (done + _NUDGE) / share, 1 / share
