"""The builder's rows <-> one line of the strategy text. The text is the truth; rows are a view of it.

A row whose stage cannot be shown in fields (unfinished, or braces around more than one field) holds it as `raw` text.
Every text has rows, and rows give the text back: `line_from_rows(rows_from_line(line))` means what `line` means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from hires_strategies.errors import StrategyError
from hires_strategies.notation.literals import format_number
from hires_strategies.notation.source import JSON_STRING, Located, outside_strings
from hires_strategies.notation.text import parse

_GROUP = r"\{[^{}\"]*\}"
_STAGE = re.compile(
    rf"""(?P<upscaler>"(?:[^"\\]|\\.)*"|{_GROUP}|[^{{}}"\[\]@]*?)\s+
        (?:[x×X](?P<scale>\d*\.?\d+)|(?P<width>\d+)[x×X](?P<height>\d+))
        (?:\s*@\s*(?:(?P<denoising>\d*\.?\d+)|\{{(?P<sweep>[^{{}}"]*)\}}))?
        (?:\s*\[(?P<options>.*)\])?""",
    re.VERBOSE | re.DOTALL,
)
_OPTION = re.compile(
    r"(?P<steps>\d+)\s+steps?|sampler\s+(?P<sampler>.+)|scheduler\s+(?P<scheduler>.+)|cfg\s+(?P<cfg>\d*\.?\d+)"
    r"|prompt\s+(?P<prompt>\".*\")|negative\s+(?P<negative>\".*\")",
    re.DOTALL,
)


@dataclass(frozen=True)
class Row:
    """One stage as the page's fields show it.

    `upscaler`, `sampler`, `scheduler` are written as in the notation (in quotation marks where it needs them).
    `scale` is 0 where `width` x `height` pixels are given, and the other way round. `sweep` is what stands between the
    braces after "@", and wins over `denoising`, which is 0 for no sampling. 0 or "" in the other fields stands for the
    first pass's value. With `raw` the other fields are not shown.
    """

    upscaler: str = "Latent"
    scale: float = 0
    width: int = 0
    height: int = 0
    denoising: float = 0
    sweep: str = ""
    steps: int = 0
    sampler: str = ""
    scheduler: str = ""
    cfg: float = 0
    prompt: str = ""
    negative: str = ""
    raw: str = ""


FIELDS = tuple(Row.__dataclass_fields__)
FIRST_ROW = Row(scale=2, denoising=0.7)
NEXT_ROW = Row("None", scale=1.5, denoising=0.35)


def rows_from_line(line: str) -> tuple[Row, ...]:
    """The rows of one line of text; none for an empty one."""
    if not line.strip():
        return ()
    try:
        stages = _stages(line)
    except StrategyError:  # a quotation mark without its second one
        stages = [""]
    if not all(stages):
        return (Row(raw=line.strip()),)
    return tuple(_row(stage) for stage in stages)


def line_from_rows(rows: Sequence[Row]) -> str:
    """The text of one strategy: the notation's canonical form where the rows hold no raw text."""
    return " > ".join(_stage_text(row) for row in rows)


def _stages(line: str) -> list[str]:
    """The line cut at each '>' outside quotation marks and braces."""
    located, depth, start, parts = Located.of(line), 0, 0, []
    for index, character in outside_strings(located):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == ">" and depth <= 0:
            parts.append(line[start:index].strip())
            start = index + 1
    return [*parts, line[start:].strip()]


def _row(stage: str) -> Row:
    row = _fields(stage)
    return row if row is not None and _means_the_same(stage, _stage_text(row)) else Row(raw=stage)


def _means_the_same(stage: str, other: str) -> bool:
    if " ".join(stage.split()) == other:
        return True
    try:
        return parse(stage) == parse(other)
    except StrategyError:
        return False


def _fields(stage: str) -> Row | None:
    found = _STAGE.fullmatch(stage)
    if not found:
        return None
    row = Row(
        upscaler=found["upscaler"].strip(),
        scale=_number(found["scale"]),
        width=int(found["width"] or 0),
        height=int(found["height"] or 0),
        denoising=_number(found["denoising"]),
        sweep=(found["sweep"] or "").strip(),
    )
    for part in Located.of(found["options"] or "").split_outside_strings(";"):
        if not part.text.strip():
            continue
        option = _OPTION.fullmatch(part.text.strip())
        if not option:
            return None
        row = _with_option(row, option)
    return row


def _with_option(row: Row, option: re.Match[str]) -> Row:
    if option["prompt"]:
        return replace(row, prompt=_content(option["prompt"]))
    if option["negative"]:
        return replace(row, negative=_content(option["negative"]))
    if option["steps"] or option["cfg"]:
        return replace(row, steps=int(option["steps"])) if option["steps"] else replace(row, cfg=_number(option["cfg"]))
    if option["sampler"]:
        return replace(row, sampler=option["sampler"].strip())
    return replace(row, scheduler=option["scheduler"].strip())


def _content(string: str) -> str:
    try:
        return str(json.loads(string)) if JSON_STRING.fullmatch(string) else ""
    except ValueError:
        return ""


def _stage_text(row: Row) -> str:
    if row.raw:
        return row.raw
    text = f"{row.upscaler or 'None'} " + (f"x{_written(row.scale)}" if row.scale else f"{row.width}x{row.height}")
    if row.sweep:
        text += f" @{{{row.sweep}}}"
    elif row.denoising:
        text += f" @{_written(row.denoising)}"
    options = [f"{row.steps} steps"] if row.steps else []
    options += [f"{key} {value}" for key, value in (("sampler", row.sampler), ("scheduler", row.scheduler)) if value]
    options += [f"cfg {_written(row.cfg)}"] if row.cfg else []
    for key, value in (("prompt", row.prompt), ("negative", row.negative)):
        options += [f"{key} {json.dumps(value, ensure_ascii=False)}"] if value else []
    return f"{text} [{'; '.join(options)}]" if options else text


def _number(text: str | None) -> float | int:
    value = float(text or 0)
    return int(value) if value.is_integer() else value


def _written(number: float) -> str:
    return format_number(_number(str(round(number, 6))))
