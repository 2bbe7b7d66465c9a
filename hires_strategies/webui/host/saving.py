"""Whether pictures are written to files: the host's rule, for finished and for unfinished ones.

The host has one rule for a whole batch, and the user's interrupt makes all of it incomplete. Yet in an interrupted
sweep some pictures are finished.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modules import script_callbacks

from . import attachments
from .forks.job import stops_after_this_image
from .processing import Processing, opts
from .state import state

_OURS = Path(__file__).resolve().parents[3]


def saves_finished(p: Processing) -> bool:
    """Whether finished pictures are saved, regardless of any interrupt or skip."""
    now = state()
    interrupted, skipped = now.interrupted, now.skipped
    now.interrupted = now.skipped = False
    try:
        return p.save_samples()
    finally:
        now.interrupted = now.interrupted or interrupted
        now.skipped = now.skipped or skipped


def saves_unfinished(p: Processing) -> bool:
    """Whether pictures whose stages did not all run are saved. One that merely failed is not an incomplete image."""
    return p.save_samples() and (not stops_after_this_image() or opts().save_incomplete_images)


def decide(p: Processing, saved: bool) -> None:
    """Let the host save the generated images of the running batch, or not."""
    p.save_samples = _Decided(saved)


def forget(p: Processing) -> None:
    """Let the host decide again."""
    if isinstance(attachments.replaced(p, "save_samples"), _Decided):
        attachments.drop(p, "save_samples")


class _Decided(attachments.Replacement):
    """p.save_samples with a fixed answer."""

    def __init__(self, saved: bool) -> None:
        self.saved = saved

    def __call__(self, *args: Any, **kwargs: Any) -> bool:
        return self.saved


def others_take_part() -> bool:
    """Whether another extension is called for each file: then files are written one after the other, as by the host."""
    lists = (
        script_callbacks.callback_map.get(f"callbacks_{name}", []) for name in ("before_image_saved", "image_saved")
    )
    files = (Path(callback.script).resolve() for callbacks in lists for callback in callbacks)
    return any(not file.is_relative_to(_OURS) for file in files)
