"""Captions as numbers: the words of the drawings, one number each; every other word is passed over.

The vocabulary lies with the weights that it belongs to. Needs nothing but torch.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import torch

VOCABULARY = Path(__file__).resolve().parent.parent / "weights" / "text_encoder" / "vocab.json"
LENGTH = 77  # as in Stable Diffusion 1: a start mark, up to 75 words, and end marks to the end
START, END = "<start>", "<end>"
_WORD = re.compile(r"[a-z]+|[0-9]|[^\sa-z0-9]")


@lru_cache
def vocabulary() -> dict[str, int]:
    """The number of every word, of the comma, and of the two marks."""
    known: dict[str, int] = json.loads(VOCABULARY.read_text(encoding="utf-8"))
    return known


def words(text: str) -> list[str]:
    """The words of `text` that the model knows, in order: '1girl, tall' gives '1', 'girl', ','."""
    known = vocabulary()
    return [word for word in _WORD.findall(text.lower()) if word in known]


def encode(texts: Iterable[str]) -> torch.Tensor:
    """Numbers of the words of each text, (texts, 77) int64; words beyond the 75th are cut off."""
    known = vocabulary()
    rows = []
    for text in texts:
        numbers = [known[word] for word in words(text)][:LENGTH - 2]
        rows.append([known[START], *numbers] + [known[END]] * (LENGTH - 1 - len(numbers)))
    return torch.tensor(rows, dtype=torch.long).reshape(-1, LENGTH)
