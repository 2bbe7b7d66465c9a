"""Text -> token ids for the small text encoder: words of a fixed list, in place of CLIP's byte pairs."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

START, END, UNKNOWN = 0, 1, 2
CHUNK = 75  # words between a chunk's start and end, as in CLIP's 77
_WORD = re.compile(r"\w+|[^\w\s]")


class Tokenizer:
    """Lower-cased words and single punctuation marks -> ids.

    With a vocabulary (one word a line; the first three are <start>, <end>, <unknown>) a word's id is its line number.
    Without one, words are hashed into the ids from 3 on: equal words have equal ids, which is all random weights need.
    """

    def __init__(self, size: int, vocabulary: Path | None = None) -> None:
        self.size = size
        words = vocabulary.read_text(encoding="utf-8").split("\n") if vocabulary else []
        self.ids = {word: number for number, word in enumerate(words) if word}

    def words(self, text: str) -> list[int]:
        """The ids of a text's words, without start and end."""
        return [self._id(word) for word in _WORD.findall(text.lower())]

    def _id(self, word: str) -> int:
        if self.ids:
            return self.ids.get(word, UNKNOWN)
        return 3 + zlib.crc32(word.encode("utf-8")) % (self.size - 3)


def chunks(ids: list[int]) -> list[list[int]]:
    """Rows of 77 ids: <start>, up to 75 words, then <end> to the end; at least one row."""
    starts = range(0, max(len(ids), 1), CHUNK)
    parts = [ids[start : start + CHUNK] for start in starts]
    return [[START, *part, *[END] * (CHUNK + 1 - len(part))] for part in parts]
