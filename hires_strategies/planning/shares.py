"""A progress bar in step with time: each job of a run takes the share of the bar that it takes of the time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .timing import Task

_LEAST = 1e-9  # of the bar: no share is 0, because the host divides by it
_NUDGE = 1e-12  # of the bar: so that rounding never moves it backwards


@dataclass(frozen=True)
class Jobs:
    """A number for each job of a batch: its time, in any unit, or its steps. 0 for a pass that does not take place."""

    first_pass: float
    second_pass: float  # the host's own Hires. fix
    stages: tuple[float, ...]
    searches: tuple[tuple[int, float], ...] = ()  # for strengths, each with the id of the stage that it is made for


def weights(tasks: Sequence[Task], seconds: Sequence[float | None]) -> list[float]:
    """The tasks' times, in seconds or, if none is known, in an arbitrary unit.

    Unknown times are estimated from the task's work, at the rate of the known ones. An upscaler's unit of work, a
    pixel, counts as one model evaluation of it: too much for a resize, too little for a large network.
    """
    known = [(task.work, spent) for task, spent in zip(tasks, seconds, strict=True) if spent]
    rate = sum(spent for _, spent in known) / sum(work for work, _ in known) if known else 1.0
    return [task.work * rate if spent is None else spent for task, spent in zip(tasks, seconds, strict=True)]


def job_numbers(done: float, cost: float, left: float) -> tuple[float, float]:
    """The host's job_no and job_count while a job of `cost` runs and `left`, which includes it, is still to do.

    `done`: the part of the bar, from 0 to 1, that is already filled. The host shows (job_no + the job's own progress) /
    job_count, which starts at `done` and advances by cost / left of the rest.
    """
    share = max((1 - done) * (cost / left if left > 0 else 1.0), _LEAST)
    return (done + _NUDGE) / share, 1 / share
