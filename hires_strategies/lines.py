"""Where the lines of a text end: the one rule for the notation, the page, presets and messages."""

from __future__ import annotations

import re

# As in a text box and in a text file. Not str.splitlines(), which also splits at characters that are not line breaks in
# the notation: form feeds, U+0085, U+2028 and others may occur in a prompt.
_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def split_lines(text: str) -> list[str]:
    """All lines of a text, including empty ones: at least one."""
    return _LINE_BREAK.split(text)


def lines_of(text: str) -> list[str]:
    """The lines of a text that are not blank, unchanged."""
    return [line for line in split_lines(text) if line.strip()]
