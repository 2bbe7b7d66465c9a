"""A strategy with one value changed, in one stage or in all: the cells of an X/Y/Z plot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from hires_strategies.auto import WORD, read_auto
from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_STAGES
from hires_strategies.notation.literals import format_number
from hires_strategies.notation.text import format_strategy
from hires_strategies.stage_options import BY_FIELD, Option, Part
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.value_kinds import MODELS_OWN, Number, Strength, TileSize
from hires_strategies.wording import shorten

STRENGTHS = ("denoising_strength", "start_sigma")  # of which a stage has one at most
MOST_VALUES = 1000  # per range
_STAGE = re.compile(r"\s*(?:stage\s+)?(\d+|all)\s*:\s*(.*)", re.IGNORECASE | re.DOTALL)
_DECIMAL = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_RANGE = re.compile(
    rf"\s*({_DECIMAL})\s*-\s*({_DECIMAL})\s*(?:\(\s*(?P<by>{_DECIMAL})\s*\)|\[\s*(?P<count>\d+)\s*\])?\s*"
)


@dataclass(frozen=True)
class Change:
    """A value for `field` of stage `stage`, counted from 1; None: of every stage that has such a value."""

    field: str
    stage: int | None
    value: Any

    @property
    def text(self) -> str:
        """The value as written, without its stage and with numbers in their shortest form."""
        return self.value if isinstance(self.value, str) else format_number(self.value)


def read_change(field: str, text: str) -> Change:
    """A value as an axis writes it: '0.5' for every stage, '2: 0.5' for the second. Raises StrategyError."""
    part = BY_FIELD[field]
    found = _STAGE.fullmatch(text)
    stage, value = (found[1], found[2].strip()) if found else (None, text.strip())
    if not value:
        raise StrategyError(f"A value is missing, found '{shorten(text)}'.")
    return Change(field, _stage_number(stage), _read_number(part, value) if isinstance(part.kind, Number) else value)


def _stage_number(text: str | None) -> int | None:
    if text is None or text.lower() == "all":
        return None
    if not 1 <= float(text) <= MAX_STAGES:
        raise StrategyError(f"Stages count from 1 to {MAX_STAGES}, found '{shorten(text)}'.")
    return int(text)


def spread(texts: list[str], field: str) -> list[str]:
    """Values with ranges expanded, each with its own stage.

    A stage applies to the values after it, until the next one is given. Ranges, of numbers alone, are the host's:
    0.4-0.8 (+0.1) and 0.4-0.8 [5], with exact decimals. A checkpoint's file may be called "1-3".
    """
    ranges = isinstance(BY_FIELD[field].kind, Number)
    values: list[str] = []
    stage = ""
    for text in texts:
        found = _STAGE.fullmatch(text)
        if found:
            stage, text = f"{found[1].lower()}: ", found[2]
        if text.strip():
            values += [stage + value for value in (_written_out(text) if ranges else [text.strip()])]
    return values


def changed(strategy: Strategy, change: Change) -> Strategy:
    """The strategy with one change. Raises StrategyError if it has no such stage, or the stage cannot have it."""
    stages, name = list(strategy.stages), BY_FIELD[change.field].noun
    if change.stage is not None and change.stage > len(stages):
        raise StrategyError(
            f"'{format_strategy(strategy)}' has no stage {change.stage}, so its {name} cannot be {change.text}."
        )
    places = [change.stage - 1] if change.stage is not None else _having(stages, change.field)
    if not places:
        raise StrategyError(f"'{format_strategy(strategy)}' has no stage with a {name} that could be {change.text}.")
    for place in places:
        stages[place] = _changed(stages[place], change)
    return Strategy(tuple(stages))


def _having(stages: list[Stage], field: str) -> list[int]:
    """The stages that a change of all stages applies to: those that have such a value, or can have it."""
    part = BY_FIELD[field]
    return [
        index
        for index, stage in enumerate(stages)
        if field == "scale"
        or (field == "upscaler" and not stage.is_direct)
        or (field in STRENGTHS and stage.may_sample and not stage.is_direct)
        or (isinstance(part, Option) and _may_have(stage, part))
    ]


def _may_have(stage: Stage, option: Option) -> bool:
    return (stage.may_sample or not option.needs_sampling) and not (stage.is_direct and option.needs_start)


def _changed(stage: Stage, change: Change) -> Stage:
    if change.field == "scale":
        return replace(stage, scale=change.value, width=None, height=None)
    if change.field in STRENGTHS:
        return replace(stage, **{**dict.fromkeys(STRENGTHS), change.field: change.value})
    return replace(stage, **{change.field: change.value})


def _read_number(part: Part, text: str) -> float | int | str:
    auto = read_auto(text) if isinstance(part.kind, Strength) else None
    if auto is not None:
        return auto.text
    word = WORD if isinstance(part.kind, Strength) else MODELS_OWN if isinstance(part.kind, TileSize) else ""
    if text == word:
        return text
    if not re.fullmatch(_DECIMAL, text):
        allowed = f"a number or '{word}'" if word else "a number"
        raise StrategyError(f"Expected {allowed} for the {part.noun}, found '{shorten(text)}'.")
    value = round(float(text), 6)  # the host's own ranges yield 0.7999999999999999
    return int(value) if value.is_integer() else value


def _written_out(text: str) -> list[str]:
    found = _RANGE.fullmatch(text)
    if not found:
        return [text.strip()]
    first, last = Decimal(found[1]), Decimal(found[2])
    if found["count"]:
        return _evenly(first, last, int(found["count"]), text)
    by = Decimal(found["by"]) if found["by"] else Decimal(1)
    if by == 0:
        raise StrategyError(f"A range with a step of 0 never ends: '{text.strip()}'.")
    count = int((last - first) / by) + 1
    if count < 1:
        raise StrategyError(f"The range '{text.strip()}' holds nothing: its step leads away from its end.")
    _check_count(count, text)
    return [_plain(first + by * index) for index in range(count)]


def _evenly(first: Decimal, last: Decimal, count: int, text: str) -> list[str]:
    if count < 1:
        raise StrategyError(f"The range '{text.strip()}' holds nothing.")
    _check_count(count, text)
    if count == 1:
        return [_plain(first)]
    return [_plain(round(first + (last - first) * index / (count - 1), 6)) for index in range(count)]


def _check_count(count: int, text: str) -> None:
    if count > MOST_VALUES:
        raise StrategyError(f"The range '{text.strip()}' has {count} values, and {MOST_VALUES} is the most.")


def _plain(number: Decimal) -> str:
    return format_number(float(number))
