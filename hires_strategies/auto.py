"""The word in place of a denoising strength that is to be found: 'auto'.

'auto!' looks anew even if a value is remembered, and 'auto-0.1' or 'auto+0.1' is so much beside what is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

WORD = "auto"
EXAMPLES = f"'{WORD}', '{WORD}!' or '{WORD}-0.1'"
PATTERN = rf"^{WORD}!?\s*([+-]\s*(\d(\.\d+)?|\.\d+))?$"  # for a JSON schema
_WRITTEN = re.compile(rf"{WORD}(!?)\s*(?:([+-])\s*(\d(?:\.\d+)?|\.\d+))?")
_LEAST = 0.01  # a strength below it changes nothing that anybody sees
_DIGITS = 10


@dataclass(frozen=True)
class Auto:
    """`beside`: what is added to the strength that is found, above -1 and below 1. `anew`: remembered or not."""

    beside: float = 0
    anew: bool = False

    @property
    def text(self) -> str:
        sign = f"{self.beside:+.{_DIGITS}g}" if self.beside else ""
        return f"{WORD}{'!' if self.anew else ''}{sign}"

    def strength(self, found: float) -> float:
        """The strength of a stage for which `found` was found: from 0.01 to 1."""
        if not self.beside:
            return found
        return min(max(round(found + self.beside, _DIGITS), _LEAST), 1)


def read_auto(text: str) -> Auto | None:
    """What a text says; None if it is not of this kind."""
    written = _WRITTEN.fullmatch(text)
    if not written:
        return None
    beside = float(f"{written[2]}{written[3]}") if written[3] else 0.0
    return Auto(beside + 0, bool(written[1])) if abs(beside) < 1 else None
