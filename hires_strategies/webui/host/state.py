"""What this extension uses of shared.state, which all generations have in common."""

from __future__ import annotations

from typing import Protocol

from modules import shared


class State(Protocol):
    """shared.state: the progress of what runs."""

    time_start: float | None
    job_count: float  # whole to the host; see progress.py
    job_no: float
    sampling_step: int
    sampling_steps: int
    interrupted: bool
    skipped: bool


def state() -> State:
    return shared.state
