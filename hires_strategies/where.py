"""Where a stage is sampled, its picture being the plain upscale everywhere else.

`[where fused]`, `[where 10 20 64 64]`, `[where painted 16x12 00ff...]`. A painted place is written out cell by cell, so
that a picture can be made again from its text alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from .worded import Worded

FUSED = "fused"  # where the picture itself shows that it is needed
PAINTED = "painted"
MOST_CELLS = 64  # to a side
ALLOWED = (
    "'fused', a box '10 20 64 64' (left, top, width and height in pixels of what the stage starts from) or cells "
    "'painted 8x2 0ff0' (four to a hex digit, at least one of them painted)"
)
_NUMBER = r"(0|[1-9][0-9]{0,6})"
PATTERN = rf"^({FUSED}|{_NUMBER}( {_NUMBER}){{3}}|{PAINTED} [1-9][0-9]?x[1-9][0-9]? [0-9a-f]+)$"
_BOX = re.compile(rf"{_NUMBER} {_NUMBER} {_NUMBER} {_NUMBER}")
_CELLS = re.compile(rf"{PAINTED} ([0-9]+)\s?x\s?([0-9]+) ([0-9a-fA-F]+)")

# Left, top, right and bottom of a rectangle.
Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True)
class Box:
    """A box in pixels of what a stage starts from; `width` and `height` are above 0."""

    left: int
    top: int
    width: int
    height: int

    @property
    def text(self) -> str:
        return f"{self.left} {self.top} {self.width} {self.height}"

    def rectangles(self, size: tuple[int, int]) -> list[Rectangle]:
        """In parts of the sides of a picture of `size` pixels; beyond 1 where it is outside."""
        right, bottom = self.left + self.width, self.top + self.height
        return [(self.left / size[0], self.top / size[1], right / size[0], bottom / size[1])]


@dataclass(frozen=True)
class Painted:
    """Cells of a grid that is laid over what a stage starts from, row by row: those that are True are sampled."""

    columns: int
    rows: int
    cells: tuple[bool, ...]

    @property
    def text(self) -> str:
        digits = -(-len(self.cells) // 4)
        bits = "".join("01"[cell] for cell in self.cells).ljust(4 * digits, "0")
        return f"{PAINTED} {self.columns}x{self.rows} {int(bits, 2):0{digits}x}"

    def rectangles(self, size: tuple[int, int]) -> list[Rectangle]:
        """In parts of the sides of a picture, one for each run of cells in a row."""
        found = []
        for row in range(self.rows):
            cells = enumerate(self.cells[row * self.columns : (row + 1) * self.columns])
            for painted, run in groupby(cells, key=lambda cell: cell[1]):
                columns = [column for column, _ in run]
                if painted:
                    left, right = columns[0] / self.columns, (columns[-1] + 1) / self.columns
                    found.append((left, row / self.rows, right, (row + 1) / self.rows))
        return found


def read_where(text: str) -> Box | Painted | None:
    """The place that a text names; None for `fused`, which the picture will say. Raises ValueError for other texts."""
    text = " ".join(text.split())
    if text == FUSED:
        return None
    if found := _BOX.fullmatch(text):
        box = Box(*(int(number) for number in found.groups()))
        if not box.width or not box.height:
            raise ValueError(text)
        return box
    found = _CELLS.fullmatch(text)
    if not found:
        raise ValueError(text)
    return _painted(int(found[1]), int(found[2]), found[3])


def _painted(columns: int, rows: int, digits: str) -> Painted:
    count = columns * rows
    fits = min(columns, rows) >= 1 and max(columns, rows) <= MOST_CELLS and len(digits) == -(-count // 4)
    bits = f"{int(digits, 16):0{4 * len(digits)}b}" if fits else ""
    if "1" not in bits[:count] or "1" in bits[count:]:
        raise ValueError(digits)
    return Painted(columns, rows, tuple(bit == "1" for bit in bits[:count]))


@dataclass(frozen=True)
class Where(Worded):
    """The kind of a stage's value that asks this; the value is the canonical text."""

    allowed: str = ALLOWED
    pattern: str = PATTERN
    without: str = "everywhere"

    def canonical(self, text: str) -> str:
        place = read_where(text)
        return FUSED if place is None else place.text
