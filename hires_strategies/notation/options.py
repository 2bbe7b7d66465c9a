"""The options of a stage, what stands between its square brackets: [20 steps; sampler DPM++ 2M; prompt "..."]."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_STEPS
from hires_strategies.strategy import Stage
from hires_strategies.vocabulary import Names
from hires_strategies.wording import found

from .literals import (
    NUMBER,
    format_name,
    format_number,
    format_string,
    read_name,
    read_number,
    read_string,
    refuse_special,
)
from .source import Located

Values = dict[str, "float | int | str"]
Places = dict[str, int]  # field of Stage -> column

_EXPECTED = (
    "Expected an option ('20 steps', 'sampler DPM++ 2M', 'scheduler Karras', 'cfg 5', 'prompt \"...\"' or "
    "'negative \"...\"'), "
)
_LONGEST_WHOLE = 9  # digits; int() refuses thousands of them


def parse_options(text: Located, names: Names) -> tuple[Values, Places]:
    """The fields of Stage that the options name, and the columns at which their values stand."""
    values: Values = {}
    places: Places = {}
    refuse_special(text, ",:@", "Options are separated by ';'.")
    for part in text.split_outside_strings(";"):
        option = part.strip()
        if not option:
            raise option.error(_EXPECTED + "found nothing.")
        key, value, column = _parse_option(option, names)
        if key in values:
            raise option.error(f"'{key}' stands here twice.")
        values[key], places[key] = value, column
    return values, places


def format_options(stage: Stage) -> str:
    """The options of a stage between brackets, with a space before them; nothing where it has none."""
    options = [text for text in option_texts(stage).values() if text]
    return f" [{'; '.join(options)}]" if options else ""


def option_texts(stage: Stage) -> dict[str, str]:
    """Every option as it is written, by its name; "" where the stage does not give it."""

    def text(name: str, value: Any, format_value: Callable[[Any], str]) -> str:
        return "" if value is None else f"{name} {format_value(value)}"

    return {
        "steps": "" if stage.steps is None else f"{stage.steps} steps",
        "sampler": text("sampler", stage.sampler, format_name),
        "scheduler": text("scheduler", stage.scheduler, format_name),
        "cfg": text("cfg", stage.cfg, format_number),
        "prompt": text("prompt", stage.prompt, format_string),
        "negative": text("negative", stage.negative, format_string),
    }


def _parse_option(option: Located, names: Names) -> tuple[str, float | int | str, int]:
    key = option.text.split(None, 1)[0]
    value = option[len(key) :].strip()
    if key == "cfg":
        if not NUMBER.fullmatch(value.text):
            raise value.error(f"Expected a number after 'cfg', {found(value.text)}.")
        return key, read_number(value.text), value.column(0)
    if key in ("prompt", "negative"):
        if not value.text.startswith('"') or not value.text.endswith('"'):
            raise value.error(f"Expected a text in quotation marks after '{key}', {found(value.text)}.")
        return key, read_string(value), value.column(0)
    if key in ("sampler", "scheduler"):
        if not value:
            raise value.error(f"Expected a name after '{key}', found nothing.")
        name = read_name(value)
        try:
            (names.check_sampler if key == "sampler" else names.check_scheduler)(name)
        except StrategyError as error:
            raise error.at(1, value.column(0)) from None
        return key, name, value.column(0)
    if value.text in ("steps", "step"):
        return "steps", _steps(option, key), option.column(0)
    hint = f" Did you mean '{value.text} steps'?" if key == "steps" and value.text.isdecimal() else ""
    raise option.error(f"{_EXPECTED}{found(option.text)}.{hint}")


def _steps(option: Located, text: str) -> int:
    if not re.fullmatch(r"-?\d+", text) or len(text) > _LONGEST_WHOLE:
        raise option.error(f"Steps have to be a whole number from 1 to {MAX_STEPS}, {found(text)}.")
    return int(text)
