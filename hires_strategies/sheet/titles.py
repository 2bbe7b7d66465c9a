"""A contact sheet's title: what differs between its strategies and what they share, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hires_strategies.stage_options import PARTS, Option, Part
from hires_strategies.value_kinds import MODELS_OWN, Flag, Name, Number, Pixels, Text
from hires_strategies.where import Where

# The parts of a stage in the order of a title; the first four come before the brackets. A size is scale or pixels.
TITLED = tuple(part for part in PARTS if part.field not in ("width", "height"))
_SIZE, _STRENGTH, _SIGMA = (
    next(part for part in TITLED if part.field == field) for field in ("scale", "denoising_strength", "start_sigma")
)
_MOST_NAMED = 3  # values that are listed
_NOT_GIVEN = "the first pass's"
FOUND = ", found"  # after a strength that was found


@dataclass(frozen=True)
class Column:
    """One part of one stage over all strategies, such as the denoising strength of stage 2. "" if there is none.

    `part` None means a whole stage.
    """

    stage: int
    part: int | None
    texts: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.texts)) > 1


def title(columns: Sequence[Column]) -> str:
    """ "Denoising strength 0.5 to 0.8, Latent ×2" for all columns of the strategies; "" if they share nothing."""
    shared = _chain([column for column in columns if not column.differs])
    if not shared:
        return ""
    several = len({column.stage for column in columns}) > 1
    told = ", ".join([*(_difference(column, several) for column in columns if column.differs), shared])
    return told[0].upper() + told[1:]


def _difference(column: Column, several: bool) -> str:
    """A part that differs: its name with the first and last of its values, or all of a few."""
    values = list(dict.fromkeys(column.texts))
    if column.part is None:
        stages = [value for value in values if value]
        return (
            f"with and without {stages[0]}" if len(stages) == 1 else f"stage {column.stage + 1} in {len(stages)} ways"
        )
    part = TITLED[column.part]
    whose = f"stage {column.stage + 1}'s " if several else ""
    if isinstance(part.kind, Flag):
        place = f" in stage {column.stage + 1}" if several else ""
        return f"with and without '{next(filter(None, values))}'{place}"
    shown = [_value(part, value) for value in values]
    if isinstance(part.kind, Number) and len(values) > _MOST_NAMED - 1 and _is_row(part, values):
        first, last = (_value(part, value.removesuffix(FOUND)) for value in (values[0], values[-1]))
        return f"{whose}{part.name} {first} to {last}"
    name = "size" if part is _SIZE else part.name
    if len(values) > _MOST_NAMED or isinstance(part.kind, Text):
        return f"{len(values)} {_plural(name)}{f' in stage {column.stage + 1}' if several else ''}"
    name = _plural(name) if isinstance(part.kind, Name) or part is _SIZE else name
    return f"{whose}{name} {_listed(shown)}"


def _chain(columns: Sequence[Column]) -> str:
    """What all strategies have, as a chain: "Latent ×2 at 0.7, then R-ESRGAN 4x+ ×2"."""
    stages: dict[int, list[str]] = {}
    for column in columns:
        if not (text := column.texts[0]):
            continue
        if column.part is None:
            stages.setdefault(column.stage, []).append(text)
            continue
        part = TITLED[column.part]
        in_words = _in_words(part, text)
        comma = column.part > TITLED.index(_SIGMA) and stages.get(column.stage)
        stages.setdefault(column.stage, []).append(f", {in_words}" if comma else in_words)
    return ", then ".join(" ".join(texts).replace(" , ", ", ") for texts in stages.values())


def _in_words(part: Part, text: str) -> str:
    if part in (_STRENGTH, _SIGMA):
        return f"at {_value(part, text)}" if part is _STRENGTH else f"at sigma {_value(part, text)}"
    return _value(part, text) if part is _SIZE else text


def _value(part: Part, text: str) -> str:
    """A value as people read it, from how the notation writes it with its part's word or sign."""
    if not text and isinstance(part.kind, (Pixels, Where)):
        return part.kind.without
    if not text:
        return "none" if isinstance(part.kind, Number) and part.kind.bare is not None else _NOT_GIVEN
    if isinstance(part, Option) and isinstance(part.kind, Number) and text == part.word:
        return part.kind.bare if isinstance(part.kind.bare, str) else f"{part.kind.bare:g}"
    if part is _SIZE:
        return f"\u00d7{text[1:]}" if text.startswith("x") else text.replace("x", "\u00d7")
    if text.endswith(FOUND):
        return f"{_value(part, text.removesuffix(FOUND))} (found)"
    before, _, after = part.gap.partition("…")
    return text.removeprefix(before).removesuffix(after)


def _is_row(part: Part, values: Sequence[str]) -> bool:
    """Whether the values rise or fall from the first to the last."""
    if part is _SIZE and not all(value.startswith("x") for value in values):
        return False
    if "" in values or any(value.startswith(_SIGMA.gap[:-1]) for value in values if part is _STRENGTH):
        return False
    shown = [_value(part, value.removesuffix(FOUND)).removeprefix("\u00d7") for value in values]
    if MODELS_OWN in shown and part is not _STRENGTH:
        return False
    numbers = [float(value) for value in shown]
    return numbers in (sorted(numbers), sorted(numbers, reverse=True))


def _plural(name: str) -> str:
    return name if name.endswith("s") else f"{name}s"


def _listed(values: Sequence[str]) -> str:
    return " and ".join([", ".join(values[:-1]), values[-1]]) if len(values) > 1 else values[0]
