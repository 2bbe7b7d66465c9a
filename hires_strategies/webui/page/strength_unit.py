"""A row's strength said the other way: a denoising strength as the start sigma that it means here, and back; or as one
that is to be found, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hires_strategies.auto import WORD, read_auto
from hires_strategies.editing import row_edits
from hires_strategies.errors import StrategyError
from hires_strategies.json_text import object_in
from hires_strategies.lines import lines_of
from hires_strategies.notation.literals import format_number
from hires_strategies.notation.text import SIGMA
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.planning.report import start_of, strength_of
from hires_strategies.planning.start import written
from hires_strategies.webui.host.sigmas import Schedules

from .preview import plan_of
from .values import Values


def with_other_unit(text: str, line: int, index: int, values: Values) -> str:
    """The text with a stage's strength said the other way; unchanged if that is unknown, or the stage has none.

    `values` of the page say what the stage starts from: the same strength means another sigma with other settings.
    """
    rows, lines = list(row_edits.rows_of(text, line)), lines_of(text)
    if not index < len(rows) or rows[index].raw:
        return text
    row = rows[index]
    to_sigma = not (row.sigma or row.sweep.startswith(f"{SIGMA} "))
    try:
        numbers = _numbers(plan_of(lines[line], values), index, to_sigma)
    except StrategyError:
        return text
    if not numbers or None in numbers:
        return text
    shown = ",".join(format_number(number) for number in numbers if number is not None)
    given: dict[str, Any] = {"denoising": 0, "sigma": 0, "sweep": "", "at_zero": False}
    if row.sweep and read_auto(row.sweep) is None:
        given["sweep"] = f"{SIGMA} {shown}" if to_sigma else shown
    else:
        given["sigma" if to_sigma else "denoising"] = numbers[0]
    rows[index] = replace(row, **given)
    return row_edits.with_rows(text, line, rows)


def with_auto(text: str, line: int, index: int, before: str, values: Values) -> tuple[str, str]:
    """The text with a stage's strength to be found; if it is, with the number: the one that is remembered, else that of
    `before`, else 0.5. Unchanged for a stage that has none.

    `before`: the strengths that were there before this tool was used, as JSON, which the page keeps. Returned anew.
    """
    strength, kept, place = row_edits.strength_of(text, line, index), _kept(before), f"{line}.{index}"
    if not strength:
        return text, before
    if not row_edits.has_auto(strength):
        kept[place] = strength
        return row_edits.with_strength(text, line, index, WORD), json.dumps(kept)
    known = row_edits.with_strength(text, line, index, strength.replace("!", ""))
    for number in (_found(known, line, index, values), kept.pop(place, ""), "0.5"):
        try:
            changed = row_edits.with_strength(text, line, index, number)
        except StrategyError:
            continue
        if not row_edits.has_auto(number):
            return changed, json.dumps(kept)
    return text, before


def _found(text: str, line: int, index: int, values: Values) -> str:
    """What was found for a stage, as the notation writes it; "" if something of it was not."""
    try:
        numbers = _numbers(plan_of(lines_of(text)[line], values), index, False)
    except StrategyError:
        return ""
    if None in numbers:
        return ""
    shown = ",".join(format_number(number) for number in numbers if number is not None)
    return f"{{{shown}}}" if len(numbers) > 1 else shown


def _kept(before: str) -> dict[str, str]:
    return {str(key): str(value) for key, value in (object_in(before) or {}).items()}


def _numbers(plan: Plan, index: int, to_sigma: bool) -> list[float | None]:
    """Start sigmas or strengths of a stage in all variants, each once."""
    nodes = [plan.path(variant.node)[index] for variant in plan.variants]
    return list(dict.fromkeys(_sigma(plan, node) if to_sigma else _strength(plan, node) for node in nodes))


def _sigma(plan: Plan, node: Node) -> float | None:
    sigma = start_of(node, plan.first_pass, Schedules().start)
    return None if sigma is None or node.upscale is None else written(sigma)


def _strength(plan: Plan, node: Node) -> float | None:
    return strength_of(node, plan.first_pass, Schedules().start)
