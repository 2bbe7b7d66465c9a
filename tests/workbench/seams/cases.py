"""The pictures that are compared, and their rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hires_strategies.planning.tiles import Tiles, tiles_of

TILE = 128  # pixels: what the model was trained on
FACTOR = 8  # pixels to a latent

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A picture of two tiles a side that overlap by exactly `overlap` pixels. `flat`: all of a tile counts the same."""

    overlap: int
    flat: bool = False

    @property
    def side(self) -> int:
        return 2 * TILE - self.overlap

    @property
    def tiles(self) -> Tiles:
        return tiles_of((self.side, self.side), TILE, self.overlap, FACTOR)


CASES = (Case(32), Case(0), Case(32, flat=True), Case(64), Case(16))


def read(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
