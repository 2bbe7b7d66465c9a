"""What a stage consists of, one row per value: its type, range, wording and names.

The notation, JSON form and schema, checks, plan, page fields, captions, X/Y/Z axes, conditioning key and documentation
all read these rows. An option that goes between a stage's brackets, `[20 steps; cfg 5]`, is a field of `Options`, and
its row is written next to it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .control_units import ControlUnits
from .limits import MAX_CFG, MAX_SCALE, MAX_SIDE, MAX_STEPS


@dataclass(frozen=True)
class Number:
    """A number from `low` (or above it) to `high`. `step` is that of a slider on the page."""

    low: float
    high: float
    whole: bool = False
    above: bool = False
    step: float = 1

    @property
    def allowed(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return (
            f"{kind} above {self.low} and at most {self.high}"
            if self.above
            else f"{kind} from {self.low} to {self.high}"
        )

    @property
    def schema(self) -> dict[str, Any]:
        kind = "integer" if self.whole else "number"
        return {"type": kind, "exclusiveMinimum" if self.above else "minimum": self.low, "maximum": self.high}

    def accepts(self, value: object) -> bool:
        """NaN is outside every range, and neither true nor false is a number."""
        if isinstance(value, bool) or not isinstance(value, int if self.whole else (int, float)):
            return False
        return (self.low < value if self.above else self.low <= value) and value <= self.high


@dataclass(frozen=True)
class Name:
    """A name from one of the host's lists: `of` is "upscaler", "sampler" or "scheduler"."""

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


Kind = Number | Name | Text | Flag | ControlUnits


def normal(kind: Kind, value: Any) -> Any:
    """The one form of values that mean the same: False is None, ControlNet's units have one text."""
    if isinstance(kind, ControlUnits):
        return kind.normal(value)
    return None if isinstance(kind, Flag) and value is False else value


@dataclass(frozen=True)
class Part:
    """One value of a stage.

    `field` is its key in Stage and in the JSON form, `name` what sentences call it, `gap` how a title writes it if that
    differs. `axis` is its label in the X/Y/Z plot, "" for none.
    """

    field: str
    name: str
    kind: Kind
    gap: str = "…"
    axis: str = ""

    @property
    def noun(self) -> str:
        """How a sentence with "has to be" refers to it."""
        return self.name


@dataclass(frozen=True)
class Option(Part):
    """One option between the brackets, `word value` or (`value_first`) `value word`.

    `label` is that of the page's field. `first_pass` names the field of planning's FirstPass that holds the value of a
    stage that gives none. `conditions`: whether the prompts' conditioning depends on it. `needs_sampling`: whether it
    is refused for a stage that samples nothing. `unlike` is the field of an option that replaces what this one only
    changes, so that a stage has at most one of them.
    """

    word: str = ""
    example: str = ""
    label: str = ""
    value_first: bool = False
    first_pass: str | None = None
    conditions: bool = False
    needs_sampling: bool = True
    unlike: str = ""

    @property
    def noun(self) -> str:
        return f"number of {self.name}" if self.value_first else self.name

    def written(self, value: str) -> str:
        """The option as written in the notation; `value` is already in text form."""
        if isinstance(self.kind, Flag):
            return self.word
        return f"{value} {self.word}" if self.value_first else f"{self.word} {value}"


_SIDE = Number(1, MAX_SIDE, whole=True)
# Pixels of a side, as requests and plans give them.
SIDE_IN_PIXELS = f"{_SIDE.allowed} (pixels)"
HEAD = (
    Part("upscaler", "upscaler", Name("upscaler", "Latent", "an upscaler"), axis="Upscaler"),
    Part("scale", "scale", Number(0, MAX_SCALE, above=True, step=0.05), gap="x…", axis="Scale"),
    Part("width", "width", _SIDE),
    Part("height", "height", _SIDE),
    Part("denoising_strength", "denoising strength", Number(0, 1, step=0.01), gap="@…", axis="Denoising strength"),
)


def _option(name: str, kind: Kind, **row: Any) -> Any:
    """A field of Options with its row; None means the first pass's value."""
    return dataclasses.field(default=None, metadata={"row": lambda field: _row(field, name, kind, **row)})


def _row(field: str, name: str, kind: Kind, **row: Any) -> Option:
    option = Option(field, name, kind, **{"word": field, **row})
    gap = option.word.rsplit(" ", 1)[0] + " …" if isinstance(kind, Flag) else option.written("…")
    return dataclasses.replace(option, gap=gap)


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a stage; None for those it does not give."""

    steps: int | None = _option(
        "steps", Number(1, MAX_STEPS, whole=True),
        example="20", label="Steps", axis="Steps", value_first=True, first_pass="steps",
    )  # fmt: skip
    sampler: str | None = _option(
        "sampler", Name("sampler", "Euler a", "a sampler"),
        example="DPM++ 2M", label="Sampling method", first_pass="sampler", conditions=True,
    )  # fmt: skip
    scheduler: str | None = _option(
        "schedule type", Name("scheduler", "Karras", "a schedule type"),
        example="Karras", label="Schedule type", first_pass="scheduler",
    )  # fmt: skip
    cfg: float | None = _option(
        "CFG scale", Number(1, MAX_CFG, step=0.5),
        example="5", label="CFG scale", axis="CFG scale", first_pass="cfg", conditions=True,
    )  # fmt: skip
    prompt: str | None = _option("prompt", Text(), example='"a house"', label="Prompt", conditions=True)
    negative: str | None = _option(
        "negative prompt", Text(), example='"blurry"', label="Negative prompt", conditions=True
    )
    prompt_added: str | None = _option(
        "addition to the prompt", Text(),
        word="prompt+", example='"detailed face"', label="Added to the prompt", conditions=True, unlike="prompt",
    )  # fmt: skip
    negative_added: str | None = _option(
        "addition to the negative prompt", Text(),
        word="negative+", example='"blurry"', label="Added to the negative prompt", conditions=True,
        unlike="negative",
    )  # fmt: skip
    networks_off: bool | None = _option(
        "switch for the networks of the first pass's prompt", Flag(),
        word="networks off", label="Without the networks (LoRA) of the first pass's prompt", conditions=True,
        unlike="prompt",
    )  # fmt: skip
    detail: bool | None = _option(
        "face restoration and other scripts (ADetailer) on the stage's picture", Flag(),
        label="Face restoration and other scripts (ADetailer) after this stage", needs_sampling=False,
    )  # fmt: skip
    control: str | None = _option(
        "ControlNet's units in this stage", ControlUnits(), example="0 off 1 weight 0.6",
        label="ControlNet units, as '0 off 1 weight 0.6'",
    )  # fmt: skip


def _rows(fields: tuple[dataclasses.Field[Any], ...]) -> tuple[Option, ...]:
    rows: list[Callable[[str], Option]] = [field.metadata["row"] for field in fields]
    return tuple(row(field.name) for row, field in zip(rows, fields))


OPTIONS = _rows(dataclasses.fields(Options))
PARTS: tuple[Part, ...] = (*HEAD, *OPTIONS)
BY_FIELD = {part.field: part for part in PARTS}
EXAMPLES = ", ".join(f"'{option.written(option.example)}'" for option in OPTIONS[:-1])
EXAMPLES += f" or '{OPTIONS[-1].written(OPTIONS[-1].example)}'"
