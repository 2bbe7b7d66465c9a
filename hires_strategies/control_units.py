"""What a stage asks of ControlNet's units: `[control off]`, `[control 0 off 1 weight 0.6]`, `[control 1 picture]`.

Units are counted as the host's page counts them, from 0. Without this option every unit is as it is on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .worded import Worded

MAX_UNIT = 9  # the page has at most ten
MAX_WEIGHT = 2
ALL_OFF = "off"  # the text that asks for no unit at all
ALLOWED = (
    "'off' for all units, or units by their number on the page (from 0) with 'on', 'off', 'weight 0.6' or 'picture' "
    "(the picture so far is the unit's image)"
)
# One setting of a unit, as JSON Schema can say it, too.
_UNIT = r"[0-9]( (off|on|weight (\d+(\.\d*)?|\.\d+)|picture))+"
PATTERN = rf"^(off|(off )?{_UNIT}( {_UNIT})*)$"
_WEIGHT = re.compile(r"\d+(\.\d*)?|\.\d+")


@dataclass(frozen=True)
class Unit:
    """What one unit is in a stage: on or off, and whether `picture`, the picture so far, is its image. A `weight` of
    None is the page's."""

    number: int
    on: bool = True
    weight: float | None = None
    picture: bool = False

    @property
    def text(self) -> str:
        if not self.on:
            return f"{self.number} off"
        words = [] if self.weight is None else [f"weight {Decimal(repr(self.weight)).normalize():f}"]
        words += ["picture"] if self.picture else []
        return f"{self.number} {' '.join(words) or 'on'}"


@dataclass(frozen=True)
class Units:
    """The units that a stage names, by number; `others_off`: all others are off in it."""

    named: tuple[Unit, ...] = ()
    others_off: bool = False

    @property
    def text(self) -> str:
        """The canonical text, which `read_units` reads back."""
        told = [unit.text for unit in self.named if unit.on or not self.others_off]
        return " ".join([*(["off"] if self.others_off else []), *told])

    def of(self, number: int) -> Unit | None:
        """What a unit is in the stage; None for a unit that stays as it is."""
        named = next((unit for unit in self.named if unit.number == number), None)
        return named or (Unit(number, on=False) if self.others_off else None)


def read_units(text: str) -> Units:
    """What a text asks for. Raises ValueError for any other text."""
    words = text.split()
    others_off = words[:1] == ["off"]
    named = tuple(sorted(_units(iter(words[others_off:])), key=lambda unit: unit.number))
    if not words or len({unit.number for unit in named}) < len(named):
        raise ValueError(text)
    return Units(named, others_off)


def canonical(text: str) -> str:
    """The one way to write it. Raises ValueError for a text that `read_units` does not read."""
    return read_units(text).text


@dataclass(frozen=True)
class ControlUnits(Worded):
    """The kind of a stage's value that asks this; the value is the canonical text."""

    allowed: str = ALLOWED
    pattern: str = PATTERN
    without: str = "as above"

    def canonical(self, text: str) -> str:
        return canonical(text)


def _units(words: Iterator[str]) -> Iterator[Unit]:
    found: list[list[str]] = []
    for word in words:
        if re.fullmatch(r"\d", word):
            found.append([word])
        elif not found:
            raise ValueError(word)
        else:
            found[-1].append(f"weight {next(words, '')}" if word == "weight" else word)
    return (_unit(int(number), settings) for number, *settings in found)


def _unit(number: int, settings: list[str]) -> Unit:
    weights = [each.removeprefix("weight ") for each in settings if each.startswith("weight ")]
    if not settings or len(set(settings)) < len(settings) or len(weights) > 1:
        raise ValueError(settings)
    rest = {each for each in settings if not each.startswith("weight ")}
    if rest - {"on", "off", "picture"} or ("off" in rest and len(settings) > 1):
        raise ValueError(settings)
    weight = None
    if weights:
        if not _WEIGHT.fullmatch(weights[0]) or float(weights[0]) > MAX_WEIGHT:
            raise ValueError(weights[0])
        weight = float(weights[0])
    return Unit(number, "off" not in rest, weight, "picture" in rest)
