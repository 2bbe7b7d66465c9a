"""Brace expansion as in a shell, `{a,b}` and `{from..to..by}`, that remembers where each character came from.

JSON strings are opaque: braces and commas inside them are text.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal
from itertools import product

from hires_strategies.errors import StrategyError
from hires_strategies.wording import shorten

from .source import Source, outside_strings, unclosed, unopened

_NUMBER = r"-?(?:\d{1,40}(?:\.\d{1,40})?|\.\d{1,40})"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*(?:\.\.\s*({_NUMBER})\s*)?")
_DEEPEST = 20  # braces inside braces
_EXACT = Context(prec=200)  # more digits than _NUMBER can produce, so nothing is ever rounded


def expand(line: Source, limit: int, depth: int = 0) -> list[Source]:
    """Every text that a line with braces expands to, in the order written.

    `depth` says how many braces enclose the line. Raises StrategyError for unbalanced braces, a range that never
    ends, or more than `limit` texts (before they are made, so a line that asks for millions costs nothing).
    """
    pieces = _pieces(line, limit, depth)
    count = 1
    for piece in pieces:
        count *= len(piece)
        if count > limit:
            raise too_many(limit)
    return [Source.joined(choice) for choice in product(*pieces)]


def too_many(limit: int) -> StrategyError:
    return StrategyError(f"This asks for more than {limit} variants, the most that one run may have (a setting).")


def _pieces(line: Source, limit: int, depth: int) -> list[list[Source]]:
    """The line as a list of pieces, each a list of the alternatives for its place."""
    pieces: list[list[Source]] = []
    opened, start = 0, 0
    for index, character in outside_strings(line):
        if character == "{":
            if opened == 0:
                pieces.append([line[start:index]])
                start = index
            opened += 1
            if depth + opened > _DEEPEST:
                raise line.error(f"These braces are nested more than {_DEEPEST} deep.", start)
        elif character == "}":
            if opened == 0:
                raise unopened(line, index)
            opened -= 1
            if opened == 0:
                pieces.append(_alternatives(line[start + 1 : index], line.column(start), limit, depth + 1))
                start = index + 1
    if opened:
        raise unclosed(line, start)
    return [*pieces, [line[start:]]]


def _alternatives(inside: Source, column: int, limit: int, depth: int) -> list[Source]:
    if not inside.text.strip():
        raise StrategyError("There is nothing between these braces: write '{0.5,0.7}' for example.", 1, column)
    whole_range = _RANGE.fullmatch(inside.text)
    if whole_range:
        numbers = _numbers(whole_range, column, limit)
        return [Source(number, (column,) * len(number), column) for number in numbers]
    outside = "".join(character for _, character in outside_strings(inside))
    if ".." in outside and "," not in outside and "{" not in outside:
        raise StrategyError(
            f"'{shorten(inside.text.strip())}' is no range: "
            "write '{from..to..step}', '{0.4..0.9..0.1}' for example.",
            1,
            column,
        )
    alternatives: list[Source] = []
    for part in inside.split(","):
        alternatives += expand(part, limit, depth)
        if len(alternatives) > limit:
            raise too_many(limit).at(1, column)
    return alternatives


def _numbers(whole_range: re.Match[str], column: int, limit: int) -> list[str]:
    first, last = Decimal(whole_range[1]), Decimal(whole_range[2])
    by = Decimal(whole_range[3]) if whole_range[3] else Decimal(1)
    if by == 0:
        raise StrategyError(f"A range with a step of 0 never ends: '{{{shorten(whole_range[0].strip())}}}'.", 1, column)
    # The sign of the step follows from the ends, as in a shell.
    step = by.copy_abs() if last >= first else by.copy_abs().copy_negate()
    count = int(_EXACT.divide_int(_EXACT.subtract(last, first), step)) + 1
    if count > limit:
        raise too_many(limit).at(1, column)
    return [plain(_EXACT.fma(step, Decimal(index), first)) for index in range(count)]


def plain(number: Decimal) -> str:
    """A decimal number without an exponent or trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
