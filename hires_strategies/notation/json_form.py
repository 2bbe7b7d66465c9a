"""A strategy as an object, {"stages": [{"upscaler": "Latent", "scale": 2, "denoising_strength": 0.7}]} <-> Strategy.

The object and the text (text.py) are equivalent: programs use whichever is handier, even mixed in one list.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.lines import split_lines
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import ANYTHING, Vocabulary
from hires_strategies.wording import short

from .braces import too_many
from .json_schema import STAGE, STRATEGY, check_object, is_text
from .text import parse


def strategy_from_object(value: object, vocabulary: Vocabulary = ANYTHING, where: str = "strategy") -> Strategy:
    """The strategy that an object describes. Raises StrategyError, which begins with the place of the fault."""
    stages = check_object(value, STRATEGY, where)["stages"]
    read = tuple(_stage(stage, vocabulary, f"{where}.stages[{index}]") for index, stage in enumerate(stages))
    strategy: Strategy = _at(where, Strategy, read)
    return strategy


def read_strategies(
    value: object, vocabulary: Vocabulary = ANYTHING, where: str = "strategies"
) -> tuple[Strategy, ...]:
    """The strategies of a text (one or more lines), an object, or a list of these, in the order written.

    Line numbers in errors run through the whole list, an object counting as one line. Raises StrategyError.
    """
    if isinstance(value, Mapping):
        return (strategy_from_object(value, vocabulary, where),)
    if not isinstance(value, (list, tuple)):
        return tuple(_parse(value, 0, vocabulary))
    if not value:
        raise StrategyError(f"'{where}' has to hold one strategy at least, found [].")
    found: list[Strategy] = []
    lines = 0
    for index, item in enumerate(value):
        place = f"{where}[{index}]"
        if isinstance(item, Mapping):
            found.append(strategy_from_object(item, vocabulary, place))
            lines += 1
        elif isinstance(item, str):
            found += _parse(item, lines, vocabulary)
            lines += len(split_lines(item))
        else:
            raise StrategyError(f"'{place}' has to be a strategy text or a strategy object, found {short(item)}.")
        if len(found) > vocabulary.limits.variants:
            raise too_many(vocabulary.limits.variants)
    return tuple(found)


def _parse(text: object, lines_before: int, vocabulary: Vocabulary) -> list[Strategy]:
    """The strategies of a text that is preceded by `lines_before` other lines."""
    if not is_text(text):
        raise StrategyError(f"A strategy has to be a text or an object, found {short(text)}.")
    assert isinstance(text, str)
    try:
        strategies = parse(text, vocabulary)
    except StrategyError as error:
        if error.line is None:
            raise
        raise StrategyError(error.message, error.line + lines_before, error.column) from None
    return [
        dataclasses.replace(
            strategy, places=tuple((line + lines_before, column) for line, column in strategy.places)
        )
        for strategy in strategies
    ]  # fmt: skip


def _stage(value: object, vocabulary: Vocabulary, where: str) -> Stage:
    values = check_object(value, STAGE, where)
    stage: Stage = _at(where, Stage, **values)
    try:
        return vocabulary.known(stage)
    except StrategyError as error:
        raise StrategyError(f"{where}.{error.field}: {error.message}") from None


def _at(where: str, make: Any, /, *arguments: Any, **named: Any) -> Any:
    """What `make` returns; its errors are prefixed with the place."""
    try:
        return make(*arguments, **named)
    except StrategyError as error:
        raise StrategyError(f"{where}: {error.message}") from None
