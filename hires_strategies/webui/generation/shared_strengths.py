"""Denoising strengths that are found, where other machines make a part of the batch: each would find its own.

What is remembered here is sent as a number. What is still to be found is asked of each machine before anybody knows
it, so that they may differ: then a sentence says so.
"""

from __future__ import annotations

from dataclasses import replace

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.tree import make_plan
from hires_strategies.strategy import Strategy
from hires_strategies.webui.host import checkpoints
from hires_strategies.webui.host.forks import models
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.webui.neighbours.workers_answer import Share

from . import starting_picture
from .job import Job


def with_remembered(p: Processing, job: Job) -> tuple[Strategy, ...]:
    """The job's strategies, with the strengths that this machine remembers as numbers.

    Only with the checkpoint that is loaded: another one's schedule is not known beforehand.
    """
    strategies = tuple(job.request.strategies)
    if not any(map(_is_sought, strategies)) or checkpoints.first_pass_checkpoint(p) != models.loaded():
        return strategies
    starts = replace(Schedules().starts, remembered=job.found.lookup(p))
    size, is_picture = starting_picture.expected_start(p, job.request.first_pass_image)
    first_pass = starting_picture.what_stages_follow(p, size, is_picture)
    return make_plan(strategies, first_pass, job.limits, starts).strategies


def differing(job: Job, share: Share) -> str | None:
    """A sentence if another machine found other strengths for its images than this one did."""
    if not job.batches or not any(map(_is_sought, job.request.strategies)):
        return None
    here = job.batches[0].plan.strategies
    for received in (*share.generated, *share.extras):
        number, text = received.record.get("variant"), received.record.get("strategy")
        theirs = _read(text) if isinstance(text, str) else []
        if not theirs or not isinstance(number, int) or number >= len(here):
            continue
        if _strengths(theirs[0]) != _strengths(here[number]):
            return (
                f"Worker '{share.worker}' found other denoising strengths for its images: '{text}', and this WebUI "
                f"'{format_strategy(here[number])}'. What is remembered here is the same for all."
            )
    return None


def _is_sought(strategy: Strategy) -> bool:
    return any(stage.auto for stage in strategy.stages)


def _read(text: str) -> list[Strategy]:
    try:
        return parse(text)
    except StrategyError:  # a name that only the other machine knows
        return []


def _strengths(strategy: Strategy) -> list[object]:
    return [stage.denoising_strength for stage in strategy.stages]
