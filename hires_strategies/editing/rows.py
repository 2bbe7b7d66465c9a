"""The page's rows <-> one line of the strategy text. The text is authoritative; rows are a view of it.

A line is cut by the notation's own grammar. A row whose stage cannot be shown in fields (unfinished, or braces around
more than one field) holds it as `raw` text. Every text has rows, and rows reproduce the text:
`line_from_rows(rows_from_line(line))` means what `line` means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hires_strategies.auto import read_auto
from hires_strategies.errors import StrategyError
from hires_strategies.notation.literals import format_name, format_number, number, read_name
from hires_strategies.notation.options import bracketed, find_option, format_value, read_value
from hires_strategies.notation.source import Source
from hires_strategies.notation.stage_source import cut_stage, cut_strategy
from hires_strategies.notation.text import (
    SIGMA,
    format_sigma,
    format_size,
    parse,
    read_size,
    read_strength,
    sigma_within,
)
from hires_strategies.stage_options import OPTIONS, Option
from hires_strategies.strategy import LATENT_UPSCALERS, Stage
from hires_strategies.value_kinds import Flag, Name, Number, Pixels
from hires_strategies.vocabulary import ANYTHING


@dataclass(frozen=True)
class Row:
    """One stage as the page's fields show it.

    Names are written as in the notation (in quotation marks if they need them), and so are tiles. `scale` is 0 if
    `width` x `height` pixels are given, and the other way round. `denoising` is 0 for no sampling; `sigma`, a start
    sigma in its place, is 0 where there is none. `sweep` is the text in braces after "@" and overrides both; "sigma
    1,2" is one of sigmas, and "auto" stands there without braces.
    `options` holds those that are given, by field. With `raw` the other fields are not shown.

    `at_zero` is not a field: a latent upscale needs a written "@0" for the upscale alone; without "@" it is unfinished.
    """

    upscaler: str = "Latent"
    scale: float = 0
    width: int = 0
    height: int = 0
    denoising: float = 0
    sigma: float = 0
    sweep: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    raw: str = ""
    at_zero: bool = False

    def get(self, name: str) -> Any:
        """The value of a field of FIELDS; 0, "" or False for an option that is not given."""
        return self.options.get(name, EMPTY[name]) if name in EMPTY else getattr(self, name)

    def having(self, values: Mapping[str, Any]) -> Row:
        """The row with other values of FIELDS; 0, "" or False removes an option."""
        options = {**self.options, **{name: value for name, value in values.items() if name in EMPTY}}
        own = {name: value for name, value in values.items() if name not in EMPTY}
        given = {name: options[name] for name in EMPTY if options.get(name, EMPTY[name]) != EMPTY[name]}
        return Row(**{**vars(self), **own, "options": given})


# What a field shows for an option that is not given.
_EMPTY_KINDS: dict[type, Any] = {Number: 0, Flag: False}
EMPTY: dict[str, Any] = {option.field: _EMPTY_KINDS.get(type(option.kind), "") for option in OPTIONS}
_HEAD = ("upscaler", "scale", "width", "height", "denoising", "sigma", "sweep")
FIELDS = (*_HEAD, *EMPTY, "raw")
FIRST_ROW = Row(scale=2, denoising=0.7)


def rows_from_line(line: str) -> tuple[Row, ...]:
    """The rows of one line of text; none for an empty one."""
    if not line.strip():
        return ()
    try:
        stages = cut_strategy(Source.of(line))
    except StrategyError:  # an unclosed quotation mark, or a stage missing next to a '>'
        return (Row(raw=line.strip()),)
    return tuple(_row(stage) for stage in stages)


def line_from_rows(rows: Sequence[Row]) -> str:
    """The text of one strategy: the notation's canonical form if the rows hold no raw text."""
    return " > ".join(_stage_text(row) for row in rows)


def _row(stage: Source) -> Row:
    try:
        row = _fields(stage)
    except StrategyError:
        return Row(raw=stage.text)
    return row if _means_the_same(stage.text, _stage_text(row)) else Row(raw=stage.text)


def _means_the_same(stage: str, other: str) -> bool:
    if " ".join(stage.split()) == other:
        return True
    try:
        return _meaning(stage) == _meaning(other)
    except StrategyError:
        return False


def _meaning(stage: str) -> list[Stage]:
    """The stages that a text expands to; a strength of 0 counts as none, except in latent ones, which must have one.

    Raises StrategyError.
    """
    stages = [strategy.stages[0] for strategy in parse(stage)]
    return [
        each if each.is_latent else replace(each, denoising_strength=each.denoising_strength or None) for each in stages
    ]


def _fields(stage: Source) -> Row:
    """The parts of a stage, its braces left as they are. Raises StrategyError for anything that no row can hold."""
    cut = cut_stage(stage)
    size: dict[str, Any] = read_size(cut)
    strength = strength_fields(cut.denoising) if cut.denoising is not None else {}
    options = dict(_option(source) for source in cut.options or ())
    for name, value in options.items():
        if value == EMPTY[name]:
            raise StrategyError(f"A field shows {value!r} where '{name}' is not given.")
    upscaler = _written_name(cut.upscaler)
    at_zero = upscaler in LATENT_UPSCALERS and cut.denoising is not None and not any(strength.values())
    return Row(upscaler, **size, **strength, options=options, at_zero=at_zero)


def strength_fields(source: Source) -> dict[str, Any]:
    """What stands after an '@': `denoising`, `sigma` or `sweep`. Raises StrategyError."""
    sigma = sigma_within(source)
    if sweep := _within_braces(source.text if sigma is None else sigma.text):
        return {"sweep": sweep if sigma is None else f"{SIGMA} {sweep}"}
    read = read_strength(source)
    if isinstance(auto := read.get("denoising_strength"), str):
        return {"sweep": auto}
    return {"sigma" if name == "start_sigma" else "denoising": value for name, value in read.items()}


def swept(sweep: str) -> str:
    """A sweep as it stands after the '@'."""
    if read_auto(sweep) is not None:
        return sweep
    if sweep.startswith(f"{SIGMA} "):
        return f"{SIGMA} {{{sweep.removeprefix(SIGMA).strip()}}}"
    return f"{{{sweep}}}"


def _within_braces(text: str) -> str:
    """The content of the braces that enclose the whole text; "" if none do."""
    inside = text[1:-1].strip()
    return inside if text[:1] == "{" and text[-1:] == "}" and not set('{}"') & set(inside) else ""


def _option(source: Source) -> tuple[str, Any]:
    option, value = find_option(source)
    if isinstance(option.kind, Name):
        return option.field, _written_name(value)
    if isinstance(option.kind, Pixels):
        return option.field, _written_pixels(option, value)
    return option.field, read_value(option, value, ANYTHING)


def _written_name(source: Source) -> str:
    """A name as a row holds it: as written, even with braces around several."""
    return source.text if source.text[:1] == "{" else format_name(read_name(source))


def _written_pixels(option: Option, source: Source) -> str:
    """A number of pixels as its field holds it, in full where the option's word alone says it."""
    if source.text[:1] == "{":
        return source.text
    value = read_value(option, source, ANYTHING)
    return format_value(option, value) or str(value)


def strength_text(row: Row) -> str:
    """What stands after the '@' of a row's stage; "" where it has none."""
    if row.sweep:
        return swept(row.sweep)
    if row.sigma:
        return format_sigma(_rounded(row.sigma)).removeprefix("@")
    if row.denoising:
        return format_number(_rounded(row.denoising))
    return "0" if row.at_zero and row.upscaler in LATENT_UPSCALERS else ""


def _stage_text(row: Row) -> str:
    if row.raw:
        return row.raw
    text = f"{row.upscaler or 'None'} {format_size(_rounded(row.scale) or None, row.width, row.height)}"
    if strength := strength_text(row):
        text += f" @{strength}"
    return text + bracketed([_option_text(option, row.options[option.field]) for option in _given(row)])


def _given(row: Row) -> list[Option]:
    return [option for option in OPTIONS if option.field in row.options]


def _option_text(option: Option, value: Any) -> str:
    if isinstance(option.kind, Name):
        return option.written(value)
    if isinstance(option.kind, Pixels):
        text = " ".join(str(value).split())
        return option.written("" if text == option.kind.bare else text)
    return option.written(format_value(option, _rounded(value) if isinstance(option.kind, Number) else value))


def _rounded(value: float) -> float | int:
    """A slider's 0.7000000001 as the number it means."""
    return number(str(round(value, 6)))
