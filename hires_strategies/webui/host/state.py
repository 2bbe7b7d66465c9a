"""What this extension uses of shared.state, which all generations share."""

from __future__ import annotations

from typing import Protocol

from modules import shared


class State(Protocol):
    """shared.state: the progress of what is running."""

    time_start: float | None
    job_count: float  # an integer for the host; see progress.py
    job_no: float
    sampling_step: int
    sampling_steps: int
    interrupted: bool
    skipped: bool


def state() -> State:
    return shared.state
