"""The console's bar over all steps of a job. Here only its numbers are kept: nothing is printed."""

from __future__ import annotations

import tqdm

from modules import shared


class TotalTQDM:
    """A bar that is made by the first step or the first total, and cleared after the job."""

    def __init__(self):
        self._tqdm: tqdm.tqdm | None = None

    def reset(self):
        """A new bar over job_count x sampling_steps."""
        total = shared.state.job_count * shared.state.sampling_steps
        self._tqdm = tqdm.tqdm(desc="Total progress", total=total, position=1, disable=True)

    def update(self):
        """One step is done."""
        if not shared.opts.multiple_tqdm:
            return
        if self._tqdm is None:
            self.reset()
        assert self._tqdm is not None
        self._tqdm.n += 1

    def updateTotal(self, new_total):
        """The job has `new_total` steps in all."""
        if not shared.opts.multiple_tqdm:
            return
        if self._tqdm is None:
            self.reset()
        assert self._tqdm is not None
        self._tqdm.total = new_total

    def clear(self):
        """The job is over."""
        if self._tqdm is not None:
            self._tqdm.close()
            self._tqdm = None
