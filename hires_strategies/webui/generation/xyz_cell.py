"""What the axes of an X/Y/Z plot ask of one cell, attached to the cell's `p`, and the resulting request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hires_strategies.editing.change import STRENGTHS, Change, changed
from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import format_strategy
from hires_strategies.stage_options import OPTIONS
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.value_kinds import Text
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processing

from .request import Request, read_arguments


@dataclass(frozen=True)
class PromptEdit:
    """What one of the host's axes does to a prompt: `edit` returns the new one, None if nothing changes.

    `missed` is the axis's error if the first pass's prompts had no match, for a strategy that has none either.
    """

    edit: Callable[[str], str | None]
    missed: str | None = None


# One value per axis: a whole strategy text, a change, a prompt edit. Two axes may change the same field, in different
# stages.
Cell = tuple["str | Change | PromptEdit", ...]


def ask(p: Processing, value: str | Change | PromptEdit) -> None:
    """Note a value for the cell. A new tuple each time: cells are shallow copies of one `p`."""
    attachments.hang(p, attachments.CELL, (*asked(p), value))


def asked(p: Processing) -> Cell:
    return attachments.held(p, attachments.CELL, tuple) or ()


def read_cell(arguments: Sequence[Any], cell: Cell, vocabulary: Vocabulary) -> Request | None:
    """The request of a section's arguments with a cell's values. A cell with values switches the section on.

    Raises StrategyError for an impossible value, and if the cell's text gives several variants.
    """
    own = tuple(value for value in cell if not isinstance(value, PromptEdit))
    request = _read_own(arguments, own, vocabulary) if own else read_arguments(arguments, vocabulary)
    edits = [value for value in cell if isinstance(value, PromptEdit)]
    if request is None:
        if missed := [edit.missed for edit in edits if edit.missed]:
            raise StrategyError(missed[0])
        return None
    for edit in edits:
        request = replace(request, strategies=_edited(request.strategies, edit))
    return request


def as_arguments(arguments: Sequence[Any], strategies: Sequence[Strategy]) -> tuple[Any, ...]:
    """The section's arguments, ticked, with other strategies."""
    texts = [format_strategy(each) for each in strategies]
    if arguments and isinstance(arguments[0], Mapping):
        return ({**arguments[0], "strategies": texts}, *arguments[1:])
    return (*_with_text(arguments, "\n".join(texts)),)


def _edited(strategies: tuple[Strategy, ...], edit: PromptEdit) -> tuple[Strategy, ...]:
    stages = [stage for strategy in strategies for stage in strategy.stages]
    edited = {text: edit.edit(text) for stage in stages for text in _texts(stage).values()}
    if edit.missed and all(text is None for text in edited.values()):
        raise StrategyError(edit.missed)

    def changed_stage(stage: Stage) -> Stage:
        values: dict[str, Any] = {field: edited[text] for field, text in _texts(stage).items()}
        return replace(stage, **{field: value for field, value in values.items() if value is not None})

    return tuple(replace(each, stages=tuple(map(changed_stage, each.stages))) for each in strategies)


def _texts(stage: Stage) -> dict[str, str]:
    """A stage's prompts, by field."""
    values = {option.field: getattr(stage, option.field) for option in OPTIONS if isinstance(option.kind, Text)}
    return {field: text for field, text in values.items() if text is not None}


def _read_own(arguments: Sequence[Any], cell: tuple[str | Change, ...], vocabulary: Vocabulary) -> Request:
    """The request with the values of this extension's own axes."""
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
    known = tuple(vocabulary.known(stage) for stage in strategy.stages)
    return replace(request, strategies=(replace(strategy, stages=known),))


def _order(change: Change) -> int:
    """The strength first: only with it may a stage become a latent one, or get steps."""
    return 0 if change.field in STRENGTHS else 1


def _with_text(arguments: Sequence[Any], text: str | None) -> Sequence[Any]:
    """The arguments of a ticked section, with another text if there is one."""
    first = arguments[0] if arguments else False
    if isinstance(first, Mapping):
        return ({**first, "strategies": [text]},) if text is not None else (first,)
    if isinstance(first, str):
        return (text if text is not None else first, *arguments[1:])
    rest = list(arguments[1:]) or [""]
    return (True, rest[0] if text is None else text, *rest[1:])
