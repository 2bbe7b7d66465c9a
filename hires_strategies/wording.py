"""Values and texts as parts of a sentence, for errors and messages."""

from __future__ import annotations

from .lines import split_lines

_SHOWN = 80  # characters of the user's text that an error quotes
_SHOWN_OF_A_VALUE = 60


def shorten(text: str) -> str:
    """The beginning of a text that is too long for a sentence."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def found(text: str) -> str:
    """What an error says that it found: the text in quotation marks, or nothing."""
    if not text:
        return "found nothing"
    return f"found '{shorten(text)}'"


def short(value: object) -> str:
    """A value for the end of a sentence: at most 60 characters, whatever it is."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, or too many brackets
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= _SHOWN_OF_A_VALUE else text[: _SHOWN_OF_A_VALUE - 3] + "..."


def describe(error: BaseException) -> str:
    """An exception as the end of a sentence."""
    text = str(error).strip() or type(error).__name__
    first_line = split_lines(text)[0]
    return first_line if first_line.endswith((".", "!", "?")) else f"{first_line}."
