"""The host's progress bar over all stages and batches."""

from __future__ import annotations

from modules import shared

from hires_strategies.planning.plan import Plan

from . import processing
from .processing import Processing


def stopped() -> str | None:
    """What the user did to end at once what runs: 'interrupted' or, for this batch alone, 'skipped'; else None."""
    state = processing.state()
    if state.interrupted:
        return "interrupted"
    return "skipped" if state.skipped else None


_announced_for: float | None = None


def announce(p: Processing, plan: Plan, first_pass_ran: bool) -> None:
    """Add the stages' jobs and steps to the host's, once for all batches and all cells of an X/Y/Z plot.

    Called when the first batch reaches its stages: earlier the host has not counted its own jobs yet.
    """
    global _announced_for
    state = processing.state()
    if _announced_for == state.time_start:
        return
    _announced_for = state.time_start
    batches = max(state.job_count // (2 if p.enable_hr else 1), 1)
    state.job_count += len(plan.stages) * batches
    first_steps = p.steps if first_pass_ran else 0
    if p.enable_hr:
        first_steps += p.hr_second_pass_steps or p.steps
    shared.total_tqdm.updateTotal((first_steps + sum(node.steps for node in plan.stages)) * batches)
