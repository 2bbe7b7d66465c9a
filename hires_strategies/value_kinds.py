"""The kinds of values that a stage's parts have: what each allows, and its JSON schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import auto
from .worded import Worded


@dataclass(frozen=True)
class Number:
    """A number from `low` (or above it) to `high`. `step` is that of a slider on the page.

    `bare` is what the option's word alone means, in JSON true; None if it has to have a number.
    """

    low: float
    high: float
    whole: bool = False
    above: bool = False
    step: float = 1
    bare: float | str | None = None

    @property
    def allowed(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        alone = "" if self.bare is None else f" (by itself, or true: {self.said_of_bare})"
        if self.above:
            return f"{kind} above {self.low} and at most {self.high}{alone}"
        return f"{kind} from {self.low} to {self.high}{alone}"

    @property
    def said_of_bare(self) -> str:
        return f"{self.bare:g}" if isinstance(self.bare, (int, float)) else str(self.bare)

    @property
    def schema(self) -> dict[str, Any]:
        kind = "integer" if self.whole else "number"
        number = {"type": kind, "exclusiveMinimum" if self.above else "minimum": self.low, "maximum": self.high}
        return number if self.bare is None else {"anyOf": [number, {"type": "boolean"}]}

    def accepts(self, value: object) -> bool:
        """NaN is outside every range, and neither true nor false is a number (see `normal`)."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        return (self.low < value if self.above else self.low <= value) and value <= self.high


@dataclass(frozen=True)
class Strength(Number):
    """A number, or the word for one that is to be found (auto.py)."""

    @property
    def allowed(self) -> str:
        return f"{super().allowed} or '{auto.WORD}'"

    @property
    def schema(self) -> dict[str, Any]:
        return {"anyOf": [super().schema, {"type": "string", "pattern": auto.PATTERN}]}

    def accepts(self, value: object) -> bool:
        return auto.read_auto(value) is not None if isinstance(value, str) else super().accepts(value)


MODELS_OWN = "auto"  # in place of a tile's size: what the model was trained on


@dataclass(frozen=True)
class Pixels(Number):
    """A number of pixels, which is typed on the page: a slider to the largest could not be set. `without` says what a
    stage has that gives none."""

    without: str = "none"


@dataclass(frozen=True)
class TileSize(Pixels):
    """A side of a tile in pixels, or the word for the size that the loaded model was trained on."""

    bare: float | str | None = MODELS_OWN
    said_of_bare = f"'{MODELS_OWN}', the size that the model was trained on"

    @property
    def schema(self) -> dict[str, Any]:
        return {"anyOf": [*super().schema["anyOf"], {"type": "string", "pattern": f"^{MODELS_OWN}$"}]}

    def accepts(self, value: object) -> bool:
        return value == MODELS_OWN or super().accepts(value)


@dataclass(frozen=True)
class Name:
    """A name from one of the host's lists: `of` is "upscaler", "sampler", "scheduler", "checkpoint" or "refiner"."""

    of: str
    example: str
    said: str

    @property
    def allowed(self) -> str:
        return f"the name of {self.said}, '{self.example}' for example"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "minLength": 1}

    def accepts(self, value: object) -> bool:
        """One line without spaces around it."""
        return isinstance(value, str) and value == value.strip() != "" and not set("\r\n") & set(value)


@dataclass(frozen=True)
class Text:
    """Any text, written in quotation marks."""

    allowed: str = "a text"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def accepts(self, value: object) -> bool:
        return isinstance(value, str)


@dataclass(frozen=True)
class Flag:
    """What a stage has or has not, written as a single word. False is the same as nothing."""

    allowed: str = "true or false"

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}

    def accepts(self, value: object) -> bool:
        return value is True


Kind = Number | Name | Text | Flag | Worded


def normal(kind: Kind, value: Any) -> Any:
    """The one form of values that mean the same: False is None, texts with a grammar and 'auto' are canonical."""
    if isinstance(kind, Worded):
        return kind.normal(value)
    if isinstance(kind, Strength) and isinstance(value, str):
        read = auto.read_auto(value)
        return value if read is None else read.text
    if isinstance(kind, Number) and kind.bare is not None and isinstance(value, bool):
        return kind.bare if value else None
    return None if isinstance(kind, Flag) and value is False else value
