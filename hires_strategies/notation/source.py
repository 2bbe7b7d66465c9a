"""A piece of the user's text that remembers where it was, so that every error can point there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hires_strategies.errors import StrategyError

JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')


@dataclass(frozen=True)
class Source:
    """A text with the column (from 1) that each of its characters has in what the user wrote.

    `start` is the column of an empty text.
    """

    text: str
    columns: tuple[int, ...]
    start: int = 1

    @classmethod
    def of(cls, line: str) -> Source:
        return cls(line, tuple(range(1, len(line) + 1)))

    @classmethod
    def joined(cls, parts: tuple[Source, ...]) -> Source:
        columns = tuple(column for part in parts for column in part.columns)
        return cls("".join(part.text for part in parts), columns, parts[0].start)

    def __getitem__(self, part: slice) -> Source:
        return Source(self.text[part], self.columns[part], self.column(part.start or 0))

    def __bool__(self) -> bool:
        return bool(self.text)

    def column(self, index: int) -> int:
        """The column of a character; just past the last one for an index beyond the end."""
        if index < len(self.columns):
            return self.columns[index]
        return self.columns[-1] + 1 if self.columns else self.start

    def strip(self) -> Source:
        start = len(self.text) - len(self.text.lstrip())
        return self[start : max(start, len(self.text.rstrip()))]

    def partition(self, index: int) -> tuple[Source, Source]:
        """What comes before the character at `index`, and after it."""
        return self[:index].strip(), self[index + 1 :].strip()

    def split(self, separator: str) -> list[Source]:
        """Split at a single character wherever it occurs outside strings and braces."""
        parts, start = [], 0
        for index, character in outside_groups(self):
            if character == separator:
                parts.append(self[start:index])
                start = index + 1
        return [*parts, self[start:]]

    def error(self, message: str, index: int = 0) -> StrategyError:
        """An error that points at a character of this text. The caller adds the line number."""
        return StrategyError(message, 1, self.column(index))


def outside_strings(line: Source) -> Iterator[tuple[int, str]]:
    """Index and character of everything outside JSON strings. Raises StrategyError for an unclosed string."""
    if '"' not in line.text:
        yield from enumerate(line.text)
        return
    index = 0
    while index < len(line.text):
        if line.text[index] == '"':
            string = JSON_STRING.match(line.text, index)
            if not string:
                raise line.error("This quotation mark has no second one.", index)
            index = string.end()
            continue
        yield index, line.text[index]
        index += 1


def outside_groups(line: Source) -> Iterator[tuple[int, str]]:
    """Index and character of everything outside JSON strings and outside braces, which expand to several texts.

    Raises StrategyError for an unclosed string or an unpaired brace.
    """
    opened: list[int] = []
    for index, character in outside_strings(line):
        if character == "{":
            opened.append(index)
        elif character == "}":
            if not opened:
                raise unopened(line, index)
            opened.pop()
        elif not opened:
            yield index, character
    if opened:
        raise unclosed(line, opened[0])


def unopened(line: Source, index: int) -> StrategyError:
    return line.error("This '}' has no '{' before it.", index)


def unclosed(line: Source, index: int) -> StrategyError:
    return line.error("This '{' has no '}' after it.", index)
