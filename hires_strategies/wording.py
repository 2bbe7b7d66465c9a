"""Values and texts as parts of a sentence, for errors and messages."""

from __future__ import annotations

from .lines import split_lines

_SHOWN = 80  # characters of the user's text quoted in an error
_SHOWN_OF_A_VALUE = 60


def shorten(text: str) -> str:
    """The beginning of a text that is too long for a sentence."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def found(text: str) -> str:
    """What an error reports as found: the text in quotation marks, or "nothing"."""
    if not text:
        return "found nothing"
    return f"found '{shorten(text)}'"


def short(value: object) -> str:
    """A value to end a sentence with: at most 60 characters, whatever it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number with thousands of digits, or too deeply nested
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _SHOWN_OF_A_VALUE else text[: _SHOWN_OF_A_VALUE - 3] + "..."


def describe(error: BaseException) -> str:
    """An exception, to end a sentence with."""
    text = str(error).strip() or type(error).__name__
    first_line = split_lines(text)[0]
    return first_line if first_line.endswith((".", "!", "?")) else f"{first_line}."
