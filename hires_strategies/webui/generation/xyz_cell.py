"""What the axes of an X/Y/Z plot ask of one cell, hung on the cell's `p`, and the request that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from hires_strategies.editing.change import Change, changed
from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import format_strategy
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processing

from .request import Request, read_arguments

# One value an axis: a whole strategy text, or a change. Two axes may change the same field, in two stages.
Cell = tuple["str | Change", ...]


def ask(p: Processing, value: str | Change) -> None:
    """Note a value for the cell. A new tuple each time: cells are shallow copies of one `p`."""
    attachments.hang(p, attachments.CELL, (*asked(p), value))


def asked(p: Processing) -> Cell:
    return attachments.held(p, attachments.CELL, tuple) or ()


def read_cell(arguments: Sequence[Any], cell: Cell, vocabulary: Vocabulary) -> Request | None:
    """The request of a section's arguments with a cell's values. A cell that has some switches the section on.

    Raises StrategyError for a value that cannot be, and where the cell's text stands for several variants.
    """
    if not cell:
        return read_arguments(arguments, vocabulary)
    texts = [value for value in cell if isinstance(value, str)]
    request = read_arguments(_with_text(arguments, texts[-1] if texts else None), vocabulary)
    assert request is not None
    if len(request.strategies) > 1:
        raise StrategyError(
            f"A cell of an X/Y/Z plot shows one picture, and '{format_strategy(request.strategies[0])}' is one of "
            f"{len(request.strategies)} variants: let the axis hold the values instead."
        )
    strategy = request.strategies[0]
    for change in sorted((value for value in cell if isinstance(value, Change)), key=_order):
        strategy = changed(strategy, change)
    for stage in strategy.stages:
        vocabulary.check(stage)
    return replace(request, strategies=(strategy,))


def _order(change: Change) -> int:
    """The denoising strength first: with it a stage may become a latent one, or get steps."""
    return 0 if change.field == "denoising_strength" else 1


def _with_text(arguments: Sequence[Any], text: str | None) -> Sequence[Any]:
    """The arguments of a ticked section, with another text where there is one."""
    first = arguments[0] if arguments else False
    if isinstance(first, Mapping):
        return ({**first, "strategies": [text]},) if text is not None else (first,)
    if isinstance(first, str):
        return (text if text is not None else first, *arguments[1:])
    rest = list(arguments[1:]) or [""]
    return (True, rest[0] if text is None else text, *rest[1:])
