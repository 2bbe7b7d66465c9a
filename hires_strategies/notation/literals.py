"""Names, numbers and quoted texts of the notation: how they are read and how they are written."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal

from hires_strategies.wording import found

from .braces import plain
from .source import JSON_STRING, Source, outside_groups

NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)")  # matches in one way only, so long digits stay fast
_SPECIAL = set('{}>,:@[];"')


def read_name(text: Source) -> str:
    """A name as written, or the content of the quotation marks around it."""
    if JSON_STRING.fullmatch(text.text):
        return read_string(text)
    if '"' in text.text:
        message = f"Quotation marks stand around a whole name, {found(text.text)}."
        raise text.error(message, text.text.index('"'))
    return " ".join(text.text.split())


def read_string(text: Source) -> str:
    """The content of a JSON string. Line breaks in it are written as escapes; a tab may be literal."""
    try:
        return str(json.loads(text.text, strict=False))
    except ValueError as error:
        where = getattr(error, "pos", 0)
        raise text.error(
            f"In quotation marks, write '\\\\' for a backslash and '\\\"' for a quotation mark; "
            f"{found(text.text[where : where + 10])}.",
            where,
        ) from None


def read_number(text: Source) -> float | int:
    """The number in a text that NUMBER matches. Raises StrategyError for one that no float can hold."""
    if math.isinf(float(text.text)):
        raise text.error(f"No number is that long, {found(text.text)}.")
    return number(text.text)


def number(text: str) -> float | int:
    """A whole number as an int, so that 'x2' and 'x2.0' are the same."""
    value = float(text)
    return int(value) if value.is_integer() else value


def refuse_special(text: Source, signs: str, hint: str) -> None:
    """Raise for a sign that is allowed only inside quotation marks. `hint` is for a comma between two things."""
    for index, character in outside_groups(text):
        if character not in signs:
            continue
        decimal = re.search(r"(?<![\d,.])\d+,\d+(?![\d,.])", text.text[max(index - 20, 0) : index + 20])
        if character == "," and decimal:
            message = f"A decimal number is written with a point: '{decimal[0].replace(',', '.')}'."
        elif character == ",":
            message = f"{hint} A name that holds ',' is written in quotation marks."
        else:
            message = f"A name that holds '{character}' is written in quotation marks."
        raise text.error(f"Unexpected '{character}'. {message}", index)


def format_name(name: str) -> str:
    """The name itself, or a JSON string if it would not read back."""
    plain_name = not _SPECIAL & set(name) and " ".join(name.split()) == name
    return name if plain_name else format_string(name)


def format_string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def format_number(number: float) -> str:
    """The shortest decimal that reads back as the same number: 0.6, 2, 0.00001."""
    return plain(Decimal(repr(number)))
