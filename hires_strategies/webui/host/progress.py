"""The host's progress bar over all stages, batches and cells of a plot, and the user's requests to stop.

The host shows (job_no + sampling_step / sampling_steps) / job_count and estimates the time left from that. So it treats
all jobs as equal, and jobs not counted yet move the bar back. Here both numbers are set anew when a job begins, so that
it takes its own share of what is left of the bar; `nextjob`, the host's or ours, ends it as before.
"""

from __future__ import annotations

from dataclasses import dataclass

from modules import shared

from hires_strategies.planning.shares import Jobs, job_numbers

from . import attachments
from .forks.job import stops_after_this_image
from .processing import Processing
from .state import state as host_state

_STAGE, _SEARCH = "stage", "search"  # these go by the stage's id
_FIRST, _SECOND = ("first pass", 0), ("second pass", 0)

_Job = tuple[str, int]


def stopped() -> str | None:
    """How the user ended what is running at once: 'interrupted' or, for this batch alone, 'skipped'; else None."""
    state = host_state()
    if state.interrupted:
        return "interrupted"
    return "skipped" if state.skipped else None


def is_stopping() -> bool:
    """Whether the user has asked for an end, at once or after the current image."""
    return stopped() is not None or stops_after_this_image()


@dataclass
class _Run:
    """All batches of one host job, including those of a plot's other cells: how many have not begun, and the steps of
    those that have."""

    time_start: float | None
    waiting: int
    steps: float = 0


_run: _Run | None = None


def runs() -> bool:
    """Whether an earlier batch or cell has already made the bar of this host job ours."""
    return _run is not None and _run.time_start == host_state().time_start


def expect_batches(count: int) -> None:
    """So many batches of this host job have not begun, whatever was expected before."""
    if _run is not None and runs():
        _run.waiting = count
    else:
        vars(shared.state).update(job_count=count, job_no=0, sampling_step=0)


_heading: str | None = None


def head(text: str | None) -> None:
    """Show a text over whatever `say` shows, until another one is given or None."""
    global _heading
    _heading = text
    say(None)


def say(text: str | None) -> None:
    """Show a text at the progress bar."""
    shared.state.textinfo = ": ".join(filter(None, (_heading, text))) or None


class Bar:
    """The progress of one batch, created before its first pass, when the host has counted its own jobs.

    `costs` are its jobs' times, `steps` what the console counts.
    """

    def __init__(self, p: Processing, costs: Jobs, steps: Jobs) -> None:
        self._of_host = 2 if p.enable_hr else 1  # the jobs of a batch, as the host counts them
        self._own_after = p.n_iter - p.iteration - 1
        self._costs = _by_job(costs)
        self._steps = _by_job(steps)
        self._begun = False
        self._after = 0  # batches after this one
        self._left = dict(self._costs)
        self._searching: tuple[float, float, float] | None = None  # what is done, its cost, and what is left with it
        self._running = (0.0, 0.0, 0.0)  # the same of the job that runs

    def first_pass(self) -> None:
        """The first pass is about to be computed (not called if it comes from memory)."""
        if not self._begun:
            self._begin(_FIRST)

    def second_pass(self) -> None:
        """The host's Hires. fix is about to sample; the host itself has counted the job before."""
        if self._begun and _SECOND in self._left:
            self._set(_SECOND)

    def stage(self, number: int) -> None:
        """The stage with this id is about to run."""
        self._begin((_STAGE, number))

    def search(self, number: int) -> None:
        """The denoising strength of the stage with this id is about to be looked for."""
        self._begin((_SEARCH, number))

    def searched(self, part: float) -> None:
        """So much of the search that runs is done, from 0 to below 1."""
        if self._searching is not None:
            done, cost, left = self._searching
            at = done + (1 - done) * part * cost / left if left > 0 else done
            _show(*job_numbers(at, (1 - part) * cost, left - part * cost))

    def image(self, index: int, count: int) -> None:
        """Of the stage that runs, image `index` of `count` is about to be sampled by itself."""
        done, cost, left = self._running
        before = cost * index / count
        at = done + (1 - done) * before / left if left > 0 else done
        _show(*job_numbers(at, cost / count, left - before))

    def keep(self, stages: list[int], searches: list[int]) -> None:
        """Only the stages with these ids, and searches for them, are part of the batch: others turned out equal."""
        kept = {_FIRST, _SECOND, *((_STAGE, each) for each in stages), *((_SEARCH, each) for each in searches)}
        self._left = {job: cost for job, cost in self._left.items() if job in kept}

    def _begin(self, job: _Job) -> None:
        if self._begun:
            self._left.pop(_SECOND, None)
            shared.state.nextjob()
        else:
            self._begun = True
            if job != _FIRST:
                for other in (_FIRST, _SECOND):
                    self._costs.pop(other, None)
                    self._steps.pop(other, None)
            self._left = dict(self._costs)
            self._after = _begin_batch(self._of_host, self._own_after, sum(self._steps.values()))
        self._set(job)

    def _set(self, job: _Job) -> None:
        # Later batches start where this one found that they should.
        later = sum(cost for each, cost in self._costs.items() if each[0] != _SEARCH)
        left = sum(self._left.values()) + self._after * later
        cost, done = self._left.pop(job, 0.0), _done()
        self._running = done, cost, left
        self._searching = self._running if job[0] == _SEARCH else None
        if not self._steps.get(job) and not self._searching and left > 0:
            cost /= 2  # nothing moves the bar meanwhile: leave it at the job's middle
            done += (1 - done) * cost / left
            left -= cost
        _show(*job_numbers(done, cost, left))


def use_bar(p: Processing, bar: Bar | None) -> None:
    """Attach it to `p`, whose passes report to it; None detaches it."""
    if bar is None:
        attachments.drop(p, attachments.BAR)
    else:
        attachments.hang(p, attachments.BAR, bar)


def bar_of(p: Processing) -> Bar | None:
    return attachments.held(p, attachments.BAR, Bar)


def _by_job(jobs: Jobs) -> dict[_Job, float]:
    own = {_FIRST: jobs.first_pass, _SECOND: jobs.second_pass}
    stages = {(_STAGE, number): each for number, each in enumerate(jobs.stages)}
    searches = {(_SEARCH, number): each for number, each in jobs.searches}
    return {**{job: number for job, number in own.items() if number}, **searches, **stages}


def _begin_batch(of_host: int, own_after: int, steps: float) -> int:
    """Count a batch of so many steps and update the console; returns how many batches come after it.

    `of_host`: jobs that the host counts per batch; `own_after`: later batches of the same `p`.
    """
    global _run
    state = host_state()
    if _run is None or not runs():
        _run = _Run(state.time_start, int(state.job_count // of_host) - int(state.job_no // of_host))
    _run.waiting = max(_run.waiting - 1, own_after)
    shared.total_tqdm.updateTotal(round(_run.steps + steps * (1 + _run.waiting)))
    _run.steps += steps
    return _run.waiting


def _show(job_no: float, job_count: float) -> None:
    """All at once: the page reads them from another thread."""
    vars(shared.state).update(job_no=job_no, job_count=job_count, sampling_step=0)


def _done() -> float:
    """The part of the bar that is filled, as the host shows it."""
    state = host_state()
    if state.job_count <= 0:
        return 0.0
    steps = state.sampling_step / state.sampling_steps if state.sampling_steps > 0 else 0.0
    return min(max((state.job_no + steps) / state.job_count, 0.0), 1.0)
