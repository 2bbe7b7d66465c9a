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
from .limits import MAX_CFG, MAX_DISTILLED_CFG, MAX_SCALE, MAX_SIDE, MAX_SIGMA, MAX_STEPS, SMALLEST_TILE
from .value_kinds import Flag, Kind, Name, Number, Pixels, Strength, Text, TileSize
from .where import Where


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
    is refused for a stage that samples nothing, `needs_start`: for Direct, which starts from nothing. `unlike` is the
    field of an option that replaces what this one only changes, so that a stage has at most one of them; `part_of`
    those of options without any of which this one means nothing.
    """

    word: str = ""
    example: str = ""
    label: str = ""
    value_first: bool = False
    first_pass: str | None = None
    conditions: bool = False
    needs_sampling: bool = True
    needs_start: bool = False
    unlike: str = ""
    part_of: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        return f"number of {self.name}" if self.value_first else self.name

    def written(self, value: str) -> str:
        """The option as written in the notation; `value` is already in text form, "" for the word alone."""
        if not value or isinstance(self.kind, Flag):
            return self.word
        return f"{value} {self.word}" if self.value_first else f"{self.word} {value}"


NO_REFINER = "off"  # in place of a refiner's name
_SIDE = Number(1, MAX_SIDE, whole=True)
# Pixels of a side, as requests and plans give them.
SIDE_IN_PIXELS = f"{_SIDE.allowed} (pixels)"
HEAD = (
    Part("upscaler", "upscaler", Name("upscaler", "Latent", "an upscaler"), axis="Upscaler"),
    Part("scale", "scale", Number(0, MAX_SCALE, above=True, step=0.05), gap="x…", axis="Scale"),
    Part("width", "width", _SIDE),
    Part("height", "height", _SIDE),
    Part("denoising_strength", "denoising strength", Strength(0, 1, step=0.01), gap="@…", axis="Denoising strength"),
    Part("start_sigma", "start sigma", Number(0, MAX_SIGMA, above=True, step=0.05), gap="@sigma …", axis="Start sigma"),
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
    distilled_cfg: float | None = _option(
        "distilled CFG scale", Number(0, MAX_DISTILLED_CFG, above=True, step=0.1), word="distilled cfg",
        example="3.5", label="Distilled CFG scale", axis="Distilled CFG scale", first_pass="distilled_cfg",
        conditions=True,
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
    lock: float | None = _option(
        "structure lock", Number(0, 1, above=True, step=0.05, bare=1),
        example="0.5", label="Structure lock (experimental)", axis="Lock", needs_start=True,
    )  # fmt: skip
    color_match: bool | None = _option(
        "switch for the colors of what the stage started from", Flag(),
        word="color match", label="Colors of what this stage started from", needs_sampling=False, needs_start=True,
    )  # fmt: skip
    where: str | None = _option(
        "place that is sampled", Where(), example="fused",
        label="Only where: fused, or a box as '10 20 64 64'", needs_start=True,
    )  # fmt: skip
    tile: int | str | None = _option(
        "tile size", TileSize(SMALLEST_TILE, MAX_SIDE, whole=True, step=64),
        example="1024", label="Tile size in pixels, or auto", axis="Tile size", needs_start=True,
    )  # fmt: skip
    overlap: int | None = _option(
        "overlap of tiles", Pixels(0, MAX_SIDE, whole=True, step=8, without="a quarter of a tile"),
        example="128", label="Overlap of tiles in pixels", needs_start=True, part_of=("tile", "where"),
    )  # fmt: skip
    detail: bool | None = _option(
        "face restoration and other scripts (ADetailer) on the stage's picture", Flag(),
        label="Face restoration and other scripts (ADetailer) after this stage", needs_sampling=False,
    )  # fmt: skip
    control: str | None = _option(
        "ControlNet's units in this stage", ControlUnits(), example="0 off 1 weight 0.6",
        label="ControlNet units, as '0 off 1 weight 0.6'",
    )  # fmt: skip
    checkpoint: str | None = _option(
        "checkpoint", Name("checkpoint", "dreamshaper_8", "a checkpoint"),
        example="dreamshaper_8", label="Checkpoint", axis="Checkpoint", first_pass="checkpoint", conditions=True,
    )  # fmt: skip
    refiner: str | None = _option(
        "refiner", Name("refiner", "sd_xl_refiner_1.0", "a checkpoint or 'off'"),
        example="off", label="Refiner", first_pass="refiner",
    )  # fmt: skip
    refiner_at: float | None = _option(
        "refiner's start", Number(0, 1, above=True, step=0.01),
        word="refiner at", example="0.8", label="Refiner: switch at", first_pass="refiner_at",
    )  # fmt: skip


def _rows(fields: tuple[dataclasses.Field[Any], ...]) -> tuple[Option, ...]:
    rows: list[Callable[[str], Option]] = [field.metadata["row"] for field in fields]
    return tuple(row(field.name) for row, field in zip(rows, fields))


OPTIONS = _rows(dataclasses.fields(Options))
PARTS: tuple[Part, ...] = (*HEAD, *OPTIONS)
BY_FIELD = {part.field: part for part in PARTS}
EXAMPLES = ", ".join(f"'{option.written(option.example)}'" for option in OPTIONS[:-1])
EXAMPLES += f" or '{OPTIONS[-1].written(OPTIONS[-1].example)}'"
