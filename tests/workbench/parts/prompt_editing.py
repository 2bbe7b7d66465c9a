"""Prompt editing: `[a:b:0.5]` becomes b halfway, `[b:3]` appears after step 3, `[a::3]` goes, `[a|b]` alternates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Union

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$")
Part = Union[str, "Switch", "Alternate"]


@dataclass
class Switch:
    """`before` until the step written as `when`, then `after`."""

    before: list[Part]
    after: list[Part]
    when: str


@dataclass
class Alternate:
    """The options in turn, one a step."""

    options: list[list[Part]] = field(default_factory=list)


def schedule(prompt: str, base_steps: int, hires_steps: int | None, old: bool) -> list[list]:
    """[[last step, text], ...] of one prompt, ascending; the last step counts from 1.

    In a second pass of `hires_steps`, 0.5 has already switched and 1.5 switches halfway; whole numbers count the first
    pass's `base_steps` as well. `old` is the rule of WebUIs before 1.6.
    """
    second = hires_steps is not None and not old
    steps = hires_steps if second and hires_steps is not None else base_steps
    offset = (base_steps, 1.0) if second else (0, 0.0)

    def step_of(when: str) -> int:
        value = float(when)
        if old:
            value = value * steps if value < 1 else value
        else:
            value = (value - offset[1]) * steps if "." in when else value - offset[0]
        return min(steps, int(value))

    parts = _parse(prompt)
    ends = sorted({steps, *(end for end in _ends(parts, step_of, steps) if end >= 1)})
    return [[end, _text(parts, end, step_of)] for end in ends]


def _parse(prompt: str) -> list[Part]:
    parts, position = [], 0
    while position < len(prompt):
        found, position = _sequence(prompt, position, "")
        parts += found
        if position < len(prompt):  # a bracket that closes nothing is text
            parts.append(prompt[position])
            position += 1
    return parts


def _sequence(text: str, start: int, stops: str) -> tuple[list[Part], int]:
    """Parts from `start` up to the first of `stops` outside of brackets."""
    parts: list[Part] = []
    position = start
    while position < len(text) and text[position] not in stops:
        if text[position] == "\\":
            parts.append(text[position : position + 2])
            position += 2
            continue
        read = {"[": _edit, "(": _group}.get(text[position])
        closed = read(text, position) if read else None
        found, position = closed or ([text[position]], position + 1)
        parts += found
    return parts, position


def _group(text: str, start: int) -> tuple[list[Part], int] | None:
    """A whole `( ... )`, inside which colons and bars separate nothing."""
    inner, end = _sequence(text, start + 1, ")]")
    return (["(", *inner, ")"], end + 1) if text[end : end + 1] == ")" else None


def _edit(text: str, start: int) -> tuple[list[Part], int] | None:
    """A whole `[...]` with the position after it; None for one that never closes. One that only weakens stays text."""
    fields: list[list[Part]] = []
    texts: list[str] = []
    separators = ""
    position = start + 1
    while True:
        parts, end = _sequence(text, position, ":|]")
        if end >= len(text):
            return None
        fields.append(parts)
        texts.append(text[position:end])
        position = end + 1
        if text[end] == "]":
            break
        separators += text[end]
    if separators and set(separators) == {"|"}:
        return [Alternate(fields)], position
    number = _NUMBER.match(texts[-1])
    if number and separators in (":", "::"):
        return [Switch(fields[0] if separators == "::" else [], fields[-2], number.group(1))], position
    between = [*separators, "]"]
    return ["[", *(part for parts, mark in zip(fields, between) for part in [*parts, mark])], position


def _ends(parts, step_of, steps):
    for part in parts:
        if isinstance(part, Switch):
            yield step_of(part.when)
            yield from _ends([*part.before, *part.after], step_of, steps)
        elif isinstance(part, Alternate):
            yield from range(1, steps + 1)
            for option in part.options:
                yield from _ends(option, step_of, steps)


def _text(parts, step, step_of) -> str:
    return "".join(_part_text(part, step, step_of) for part in parts)


def _part_text(part, step, step_of) -> str:
    if isinstance(part, Switch):
        return _text(part.before if step <= step_of(part.when) else part.after, step, step_of)
    if isinstance(part, Alternate):
        return _text(part.options[(step - 1) % len(part.options)], step, step_of)
    return part
