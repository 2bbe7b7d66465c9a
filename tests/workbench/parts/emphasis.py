"""Weights in prompts: `(a)` counts 1.1 times, `[a]` 1/1.1, `(a:1.3)` 1.3; a backslash makes a bracket plain."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\\[()\[\]\\]|\\|\(|\[|:\s*([+-]?[.\d]+)\s*\)|\)|]|[^\\()\[\]:]+|:")
ROUND, SQUARE = 1.1, 1 / 1.1


def parse(text: str) -> list[list]:
    """[[text, weight], ...]; neighbours of one weight are joined."""
    parts: list[list] = []
    opened: dict[str, list[int]] = {"(": [], "[": []}

    def multiply(start: int, by: float) -> None:
        for part in parts[start:]:
            part[1] *= by

    for match in _TOKEN.finditer(text):
        token = match.group(0)
        if token in opened:
            opened[token].append(len(parts))
        elif match.group(1) is not None and opened["("]:
            multiply(opened["("].pop(), float(match.group(1)))
        elif token == ")" and opened["("]:
            multiply(opened["("].pop(), ROUND)
        elif token == "]" and opened["["]:
            multiply(opened["["].pop(), SQUARE)
        else:
            parts.append([token[1:] if len(token) > 1 and token[0] == "\\" else token, 1.0])
    for bracket, by in (("(", ROUND), ("[", SQUARE)):
        for start in opened[bracket]:
            multiply(start, by)
    return _joined(parts or [["", 1.0]])


def _joined(parts: list[list]) -> list[list]:
    joined = [parts[0]]
    for text, weight in parts[1:]:
        if weight == joined[-1][1]:
            joined[-1][0] += text
        else:
            joined.append([text, weight])
    return joined
