"""What one generation asks of the section: the page's values, a text, or the API's object -> Request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.names import Names
from hires_strategies.notation import parse
from hires_strategies.strategy import Strategy

CROPS = ("differences", "whole")
# The keys of the object, with what each may be. The page's values after its tick have the same order.
KEYS = ("strategies", "stages", "first_pass", "sheet", "crops", "reuse_first_pass")


@dataclass(frozen=True)
class Request:
    """A ticked section: the strategies in the order written, and what else is to be returned."""

    strategies: tuple[Strategy, ...]
    stages: bool = False
    first_pass: bool = False
    sheet: bool = False
    crops: str = "differences"
    reuse_first_pass: bool = True


@dataclass(frozen=True)
class Vocabulary:
    """What texts are checked against: the host's names and the limits of the settings."""

    names: Names = field(default_factory=Names)
    limits: Limits = field(default_factory=Limits)


def read_arguments(arguments: Sequence[Any], vocabulary: Vocabulary) -> Request | None:
    """The request in an always-on script's arguments, or None where the section is not ticked.

    `arguments[0]` is the page's tick (the page's other values follow, in the order of KEYS), a strategy text, an object
    with the keys of KEYS, or the JSON text of such an object. Raises StrategyError for anything else.
    """
    first = arguments[0] if arguments else False
    if first is None or first is False:
        return None
    if first is True:
        return _from_object(dict(zip(KEYS, arguments[1:], strict=False)), vocabulary)
    if isinstance(first, str):
        return _from_text(first, vocabulary)
    if isinstance(first, Mapping):
        return _from_object(first, vocabulary)
    raise StrategyError(f"The argument has to be true, false, a strategy text or an object, found {_short(first)}.")


def _from_text(text: str, vocabulary: Vocabulary) -> Request:
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = None  # a strategy text may start with a brace as well
        if isinstance(value, dict):
            return _from_object(value, vocabulary)
    return Request(_strategies(text, vocabulary))


def _from_object(values: Mapping[str, Any], vocabulary: Vocabulary) -> Request:
    for key in values:
        if key not in KEYS:
            raise StrategyError(f"Unknown key {_short(key)}. The keys are: {', '.join(KEYS)}.")
    for key in ("stages", "first_pass", "sheet", "reuse_first_pass"):
        if not isinstance(values.get(key, False), bool):
            raise StrategyError(f"'{key}' has to be true or false, found {_short(values[key])}.")
    if values.get("crops", CROPS[0]) not in CROPS:
        raise StrategyError(f"'crops' has to be 'differences' or 'whole', found {_short(values['crops'])}.")
    texts = values.get("strategies", "")
    if isinstance(texts, str):
        texts = [texts]
    if not isinstance(texts, (list, tuple)) or not all(isinstance(text, str) for text in texts):
        raise StrategyError(f"'strategies' has to be a text or a list of texts, found {_short(texts)}.")
    others = {key: value for key, value in values.items() if key != "strategies"}
    return Request(_strategies("\n".join(texts), vocabulary), **others)


def _strategies(text: str, vocabulary: Vocabulary) -> tuple[Strategy, ...]:
    return tuple(parse(text, vocabulary.names, vocabulary.limits))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
