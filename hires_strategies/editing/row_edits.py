"""What the builder's buttons and fields do to the strategy text: each takes the text and returns the new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hires_strategies.auto import read_auto
from hires_strategies.errors import StrategyError
from hires_strategies.lines import lines_of
from hires_strategies.notation.literals import format_name, format_number
from hires_strategies.notation.source import Source
from hires_strategies.notation.text import SIGMA, parse
from hires_strategies.strategy import DIRECT, LATENT_UPSCALERS

from .rows import (
    FIELDS,
    FIRST_ROW,
    Row,
    line_from_rows,
    rows_from_line,
    strength_fields,
    strength_text,
    swept,
)

_PIXEL_STRENGTH = 0.35  # denoising strength of a pixel upscale that is compared with a latent one


def rows_of(text: str, line: int) -> tuple[Row, ...]:
    """The rows of a text's strategy `line`, counted from 0 without empty lines; none for a line that does not exist."""
    lines = lines_of(text)
    return rows_from_line(lines[line]) if 0 <= line < len(lines) else ()


def with_rows(text: str, line: int, rows: Sequence[Row]) -> str:
    """The text with another strategy in a line (a new last one if it has no such line); no rows remove the line."""
    lines = lines_of(text)
    lines[line : line + 1] = [line_from_rows(rows)] if rows else []
    return "\n".join(lines)


def merged_edit(text: str, line: int, shown: Sequence[Row], edited: Sequence[Row]) -> str:
    """The text with what the user changed in the rows, from `shown` to `edited`; it may be newer than the rows."""
    rows = list(rows_of(text, line))
    for index, (before, after) in enumerate(zip(shown, edited, strict=False)):
        changed = {name: after.get(name) for name in FIELDS if after.get(name) != before.get(name)}
        if changed and index < len(rows):
            rows[index] = _with_changes(rows[index], changed)
    return with_rows(text, line, rows) if rows else text


def add_stage(text: str, line: int, upscaler: str) -> str:
    """One more stage, which doubles the picture with the given pixel upscaler; the first one is a latent upscale."""
    rows = rows_of(text, line)
    return with_rows(text, line, [*rows, Row(format_name(upscaler), scale=2) if rows else FIRST_ROW])


def remove_stage(text: str, line: int, index: int) -> str:
    rows = list(rows_of(text, line))
    del rows[index : index + 1]
    return with_rows(text, line, rows)


def move_stage(text: str, line: int, index: int, by: int) -> str:
    """Swap a stage with the one before (`by` -1) or after (+1) it; no change at the ends."""
    rows = list(rows_of(text, line))
    if 0 <= index < len(rows) and 0 <= index + by < len(rows):
        rows[index], rows[index + by] = rows[index + by], rows[index]
    return with_rows(text, line, rows)


def toggle_sweep(text: str, line: int, index: int) -> str:
    """Turn a row's denoising strength, or start sigma, into a sweep of three around it, or a sweep into its middle."""
    rows = list(rows_of(text, line))
    if not 0 <= index < len(rows) or rows[index].raw:
        return text
    row = rows[index]
    is_swept = row.sweep and read_auto(row.sweep) is None
    rows[index] = replace(row, **{"sweep": "", **_middle(row)}) if is_swept else replace(row, sweep=_around(row))
    return with_rows(text, line, rows)


def strength_of(text: str, line: int, index: int) -> str:
    """What stands after the '@' of a row: "0" if it is not sampled, "" if it has no strength that could be changed."""
    rows = rows_of(text, line)
    if not 0 <= index < len(rows) or rows[index].raw or rows[index].upscaler == DIRECT:
        return ""
    return strength_text(rows[index]) or "0"


def with_strength(text: str, line: int, index: int, strength: str) -> str:
    """The text with another strength after the '@' of a row that has one; raises StrategyError for what is none."""
    rows = list(rows_of(text, line))
    given: dict[str, Any] = {"denoising": 0, "sigma": 0, "sweep": "", **strength_fields(Source.of(strength))}
    rows[index] = replace(rows[index], **given, at_zero=not any(given.values()))
    return with_rows(text, line, rows)


def has_auto(strength: str) -> bool:
    """Whether a strength, or one of a sweep, is to be found."""
    try:
        stages = [strategy.stages[0] for strategy in parse(f"None x2 @{strength}")]
    except StrategyError:
        return False
    return any(stage.auto for stage in stages)


def add_line(text: str, line: int, upscaler: str) -> str:
    """A strategy to compare with, at the end: like the given line, but latent and pixel upscale change places.

    `upscaler` is the pixel upscaler that takes the place of a latent one.
    """
    rows = list(rows_of(text, line)) or [FIRST_ROW]
    rows[0] = rows[0] if rows[0].raw else _other_kind(rows[0], upscaler)
    return "\n".join([*lines_of(text), line_from_rows(rows)])


def _other_kind(row: Row, upscaler: str) -> Row:
    if has_auto(strength_text(row)):
        return replace(row, upscaler=format_name(upscaler) if row.upscaler in LATENT_UPSCALERS else FIRST_ROW.upscaler)
    if row.upscaler in LATENT_UPSCALERS:
        return replace(row, upscaler=format_name(upscaler), denoising=_PIXEL_STRENGTH, sigma=0, sweep="")
    return replace(row, upscaler=FIRST_ROW.upscaler, denoising=FIRST_ROW.denoising, sigma=0, sweep="")


def _with_changes(row: Row, changed: dict[str, Any]) -> Row:
    """A row after the user's changes: a size in pixels takes the place of a scale, and the other way round."""
    if "raw" in changed:
        changed["raw"] = " ".join(lines_of(str(changed["raw"]))) or line_from_rows([FIRST_ROW])
    before, row = row, row.having(changed)
    if 0 in (changed.get("denoising"), changed.get("sigma")):
        row = replace(row, at_zero=True)
    if ("width" in changed or "height" in changed) and row.width and row.height:
        return replace(row, scale=0)
    if changed.get("scale"):
        return replace(row, width=0, height=0)
    if not row.scale and not (row.width and row.height):
        return replace(row, scale=before.scale or 2)
    return row


def _around(row: Row) -> str:
    if auto := read_auto(row.sweep):
        return ",".join(replace(auto, beside=round(auto.beside + by, 2)).text for by in (-0.1, 0, 0.1))
    if row.sigma:
        return f"{SIGMA} " + ",".join(format_number(round(row.sigma * by, 2) or row.sigma) for by in (0.7, 1, 1.4))
    middle = Decimal(str(row.denoising or 0.5))
    values = [value for value in (middle - Decimal("0.1"), middle, middle + Decimal("0.1")) if 0 < value <= 1]
    return ",".join(format_number(float(value)) for value in values)


def _middle(row: Row) -> dict[str, Any]:
    try:
        stages = [strategy.stages[0] for strategy in parse(f"None x2 @{swept(row.sweep)}")]
    except StrategyError:
        return {"denoising": 0.5}
    stage = stages[len(stages) // 2]
    if isinstance(stage.denoising_strength, str):
        return {"sweep": stage.denoising_strength}
    return {"denoising": stage.denoising_strength or 0, "sigma": stage.start_sigma or 0}
