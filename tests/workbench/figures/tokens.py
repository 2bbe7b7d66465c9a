"""Captions as numbers, with the words that the workbench's text encoder knows."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from parts.tokens import END, START, UNKNOWN, Tokenizer, chunks

VOCABULARY = Path(__file__).resolve().parent.parent / "weights" / "text_encoder" / "vocabulary.txt"
LENGTH = 77  # as in Stable Diffusion 1: a start mark, up to 75 words, and end marks to the end


@lru_cache
def tokenizer() -> Tokenizer:
    """Knows the words of the vocabulary that lies with the weights."""
    return Tokenizer(len(VOCABULARY.read_text(encoding="utf-8").split()), VOCABULARY)


def encode(texts: Iterable[str]) -> torch.Tensor:
    """Numbers of the words of each text, (texts, 77) int64; words beyond the 75th are cut off."""
    rows = [chunks(tokenizer().words(text))[0] for text in texts]
    return torch.tensor(rows, dtype=torch.long).reshape(-1, LENGTH)


def with_strangers(row: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """The caption `row` (77,) with one to six unknown words, and a comma, before one of its tags."""
    words = row[1 : int((row == END).nonzero()[0])].tolist()
    comma = tokenizer().ids[","]
    places = [0] + [i + 1 for i, word in enumerate(words) if word == comma]
    place = places[rng.integers(len(places))]
    words[place:place] = [UNKNOWN] * int(rng.integers(1, 7)) + [comma]
    return torch.tensor([START, *words, *[END] * LENGTH][:LENGTH])
