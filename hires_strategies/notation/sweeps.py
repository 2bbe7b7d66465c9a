"""Many strategies as few lines: `{a,b}` and `{from..to..by}` in place of a line for each, the way back from `parse`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from itertools import product

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.stage_options import PARTS
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import Vocabulary

from .braces import expand, plain
from .options import bracketed, option_texts
from .source import Source
from .text import format_strategy, head_texts, parse

_SHORTEST_RANGE = 4  # values; fewer are listed
_HEAD = 4  # upscaler, size, denoising strength and start sigma come before the brackets
# How the notation writes each part around its value; a size is a scale or pixels.
_GAPS = tuple(part.gap for part in PARTS if part.field not in ("width", "height"))

Parts = tuple[tuple[str, ...], ...]  # of each stage: every part as written, "" if it is not given


def as_written(text: str | None, strategies: Sequence[str]) -> str:
    """`text` if it gives these strategies (canonical texts) in this order; else lines that do, as few as possible."""
    if text is not None and _gives(text, strategies):
        return text.strip()
    try:
        found = [parse(line)[0] for line in strategies]
    except StrategyError:  # a name that only the host knows
        return "\n".join(strategies)
    return folded(found)


def folded(strategies: Sequence[Strategy]) -> str:
    """A text that gives these strategies in this order. Successive ones that are a sweep become one line."""
    lines: list[str] = []
    start = 0
    while start < len(strategies):
        count = len(strategies) - start
        while (line := _line(strategies[start : start + count])) is None:
            count -= 1
        lines.append(line)
        start += count
    return "\n".join(lines)


def _gives(text: str, strategies: Sequence[str]) -> bool:
    names = Vocabulary(limits=Limits(variants=max(len(strategies), 1)))
    try:
        return [format_strategy(each) for each in parse(text, names)] == list(strategies)
    except StrategyError:
        return False


def _line(strategies: Sequence[Strategy]) -> str | None:
    """One line that gives these strategies; None if there is none, never for one strategy."""
    if len(strategies) == 1:
        return format_strategy(strategies[0])
    each = [tuple(_parts(stage) for stage in strategy.stages) for strategy in strategies]
    if len({tuple(tuple(bool(text) for text in stage) for stage in parts) for parts in each}) > 1:
        return None  # a part that only some of them have
    columns = [[parts[stage][part] for parts in each] for stage, part in _places(each[0])]
    values = [list(dict.fromkeys(column)) for column in columns]
    if list(product(*values)) != list(zip(*columns, strict=True)):
        return None
    written = {place: _written(_GAPS[place[1]], found) for place, found in zip(_places(each[0]), values, strict=True)}
    line = " > ".join(
        _stage([written.get((stage, part), "") for part in range(len(_GAPS))]) for stage in range(len(each[0]))
    )
    return line if _gives(line, [format_strategy(strategy) for strategy in strategies]) else None


def _parts(stage: Stage) -> tuple[str, ...]:
    return (*head_texts(stage), *option_texts(stage).values())


def _places(parts: Parts) -> list[tuple[int, int]]:
    """Stage and part of all that is given, in the order of the text, in which the last one changes fastest."""
    return [(stage, part) for stage, texts in enumerate(parts) for part, text in enumerate(texts) if text]


def _stage(parts: list[str]) -> str:
    head, options = parts[:_HEAD], parts[_HEAD:]
    return " ".join(text for text in head if text) + bracketed([text for text in options if text])


def _written(gap: str, texts: Sequence[str]) -> str:
    """The values of a part as written: one, or several in braces with what they have in common around these."""
    if len(texts) == 1:
        return texts[0]
    before, _, after = gap.partition("…")
    if not all(text.startswith(before) and text.endswith(after) for text in texts):
        before = after = ""
    if before == "x" and any("x" in text[1:] for text in texts):
        before = ""
    values = [text.removeprefix(before).removesuffix(after) for text in texts]
    return f"{before}{_range(values) or '{' + ','.join(values) + '}'}{after}"


def _range(values: Sequence[str]) -> str | None:
    """`{from..to..by}` for numbers with equal distances between them."""
    if len(values) < _SHORTEST_RANGE:
        return None
    try:
        first, second, last = Decimal(values[0]), Decimal(values[1]), Decimal(values[-1])
    except InvalidOperation:
        return None
    text = f"{{{plain(first)}..{plain(last)}..{plain(abs(second - first))}}}"
    try:
        given = [each.text for each in expand(Source.of(text), len(values))]
    except StrategyError:
        return None
    return text if given == list(values) else None
