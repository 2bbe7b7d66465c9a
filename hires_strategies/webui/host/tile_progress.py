"""How a stage that is sampled in tiles moves the host's progress bar, within each of its steps."""

from __future__ import annotations

from typing import Any

from modules import shared

from .state import state as host_state


class TileProgress:
    """Says at the bar which of `count` tiles is being sampled, from a sampler's start on until `close`.

    The host's `sampling_step` is the last step that ended. Between two of them it is a fraction here, but only while
    the model runs: the host makes previews, and others count, by whole numbers.
    """

    def __init__(self, sampler: Any, count: int) -> None:
        self._count = count
        self._text: str | None = shared.state.textinfo
        self._moves = False
        self._runs = 0  # over all tiles, since the last step ended
        self._runs_a_step = 1
        self._sampler = sampler if hasattr(sampler, "callback_state") else None
        if self._sampler is not None:
            self._told = self._sampler.callback_state
            self._sampler.callback_state = self._counted

    def _counted(self, step: Any) -> Any:
        """The host's callback after each step."""
        self._moves = True  # until the first step ended the host shows none
        self._runs_a_step, self._runs = max(self._runs, 1), 0
        return self._told(step)

    def tiles(self, first: int, last: int, step: int) -> None:
        """The tiles `first` to `last`, from 0, begin, after the host's step `step`."""
        named = f"tile {first + 1}" if first == last else f"tiles {first + 1} to {last + 1}"
        shared.state.textinfo = ": ".join(filter(None, (self._text, f"{named} of {self._count}")))
        if self._moves:
            done = (self._runs + first / self._count) / self._runs_a_step
            vars(shared.state).update(sampling_step=step + min(done, 1))

    def ran(self, step: int) -> None:
        """A run over all tiles ended, or failed."""
        self._runs += 1
        host_state().sampling_step = step

    def close(self) -> None:
        shared.state.textinfo = self._text
        if self._sampler is not None:
            self._sampler.callback_state = self._told
