"""The records of runs on the gallery's selected image: the host tells the page nothing of such a run but its texts.

So they are kept here under the token that the page gave the run, until it asks for them.
"""

from __future__ import annotations

from typing import Any

from hires_strategies.webui.generation import selected_image
from hires_strategies.webui.host.processing import Processed, Processing

from . import records

_MOST = 32  # runs
_kept: dict[str, list[dict[str, Any] | None]] = {}  # the latest last


def return_original(p: Processing, processed: Processed) -> None:
    """Put the selected image in front of those made from it, and keep the records of all."""
    token = selected_image.return_original(p, processed)
    if token is None:
        return
    _kept[token] = records.listed(processed.images)
    while len(_kept) > _MOST:
        del _kept[next(iter(_kept))]


def of_run(token: str) -> list[dict[str, Any] | None]:
    """A record for each image of a run, None for one that has none; an empty list for a run that is not known."""
    return _kept.get(token, [])
