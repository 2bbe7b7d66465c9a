"""Brace expansion as in a shell, `{a,b}` and `{from..to..by}`, that remembers where each character came from.

JSON strings are opaque: braces and commas inside them are text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from .errors import StrategyError

_RANGE = re.compile(r"\s*(-?\d*\.?\d+)\s*\.\.\s*(-?\d*\.?\d+)\s*(?:\.\.\s*(-?\d*\.?\d+)\s*)?")
JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')


@dataclass(frozen=True)
class Located:
    """A text with the column (from 1) that each of its characters has in what the user wrote."""

    text: str
    columns: tuple[int, ...]

    @classmethod
    def of(cls, line: str) -> Located:
        return cls(line, tuple(range(1, len(line) + 1)))

    def __getitem__(self, part: slice) -> Located:
        return Located(self.text[part], self.columns[part])

    def __add__(self, other: Located) -> Located:
        return Located(self.text + other.text, self.columns + other.columns)

    def __bool__(self) -> bool:
        return bool(self.text)

    def column(self, index: int) -> int:
        """The column of a character; just behind the last one for an index past the end."""
        if index < len(self.columns):
            return self.columns[index]
        return self.columns[-1] + 1 if self.columns else 1

    def strip(self) -> Located:
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def split_outside_strings(self, separator: str) -> list[Located]:
        """Split at a single character wherever it is not part of a JSON string."""
        parts, start = [], 0
        for index, character in outside_strings(self):
            if character == separator:
                parts.append(self[start:index])
                start = index + 1
        return [*parts, self[start:]]


def outside_strings(line: Located) -> Iterator[tuple[int, str]]:
    """Index and character of everything outside JSON strings. Raises StrategyError for a string without an end."""
    index = 0
    while index < len(line.text):
        if line.text[index] == '"':
            string = JSON_STRING.match(line.text, index)
            if not string:
                raise StrategyError("This quotation mark has no second one.", 1, line.column(index))
            index = string.end()
            continue
        yield index, line.text[index]
        index += 1


def expand(line: Located, limit: int) -> list[Located]:
    """Every text that a line with braces stands for, in the order written.

    Raises StrategyError for unbalanced braces, a range that never ends, or more than `limit` texts (before they are
    made, so a line that asks for millions costs nothing).
    """
    pieces = _pieces(line, limit)
    count = 1
    for piece in pieces:
        count *= len(piece)
        if count > limit:
            raise too_many(limit)
    return [_join(choice) for choice in product(*pieces)]


def too_many(limit: int) -> StrategyError:
    return StrategyError(f"This asks for more than {limit} variants, the most that one run may have (a setting).")


def _join(parts: tuple[Located, ...]) -> Located:
    return Located("".join(part.text for part in parts), tuple(column for part in parts for column in part.columns))


def _pieces(line: Located, limit: int) -> list[list[Located]]:
    """The line as a list of pieces, each a list of the alternatives that can stand there."""
    pieces: list[list[Located]] = []
    depth, start = 0, 0
    for index, character in outside_strings(line):
        if character == "{":
            if depth == 0:
                pieces.append([line[start:index]])
                start = index
            depth += 1
        elif character == "}":
            if depth == 0:
                raise StrategyError("This '}' has no '{' before it.", 1, line.column(index))
            depth -= 1
            if depth == 0:
                pieces.append(_alternatives(line[start + 1 : index], line.column(start), limit))
                start = index + 1
    if depth:
        raise StrategyError("This '{' has no '}' after it.", 1, line.column(start))
    return [*pieces, [line[start:]]]


def _alternatives(inside: Located, column: int, limit: int) -> list[Located]:
    if not inside.text.strip():
        raise StrategyError("There is nothing between these braces: write '{0.5,0.7}' for example.", 1, column)
    whole_range = _RANGE.fullmatch(inside.text)
    if whole_range:
        return [Located(number, (column,) * len(number)) for number in _numbers(whole_range, column, limit)]
    if ".." in inside.text and not any(character in ",{" for _, character in outside_strings(inside)):
        raise StrategyError(
            f"'{inside.text.strip()}' is no range: write '{{from..to..step}}', '{{0.4..0.9..0.1}}' for example.",
            1,
            column,
        )
    found: list[Located] = []
    for part in _split_at_commas(inside):
        found += expand(part, limit)
        if len(found) > limit:
            raise too_many(limit).at(1, column)
    return found


def _split_at_commas(inside: Located) -> list[Located]:
    """Split at the commas that are not inside inner braces."""
    parts, depth, start = [], 0, 0
    for index, character in outside_strings(inside):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append(inside[start:index])
            start = index + 1
    return [*parts, inside[start:]]


def _numbers(whole_range: re.Match[str], column: int, limit: int) -> list[str]:
    first, last = Decimal(whole_range[1]), Decimal(whole_range[2])
    by = Decimal(whole_range[3]) if whole_range[3] else Decimal(1)
    if by == 0:
        raise StrategyError(f"A range with a step of 0 never ends: '{{{whole_range[0].strip()}}}'.", 1, column)
    # The sign of the step follows from the ends, as in a shell.
    step = abs(by) if last >= first else -abs(by)
    count = int((last - first) / step) + 1
    if count > limit:
        raise too_many(limit).at(1, column)
    return [plain(first + step * index) for index in range(count)]


def plain(number: Decimal) -> str:
    """A decimal number without an exponent and without zeros at its end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
