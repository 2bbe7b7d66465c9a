"""The demo's pictures side by side, each with what the detector finds in it, and the first pass beside the best one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from figures.detector import find_heads
from modules import paths_internal
from PIL import Image

from hires_strategies.sheet.drawing import Cell, Colours, Content, Drawing

CELL = (256, 256)
COLUMNS = 3
_BEFORE, _AFTER = 0, 2  # of the pictures, for the two that stand beside each other
_MARGIN = 12  # pixels around a head, in the second pass


@dataclass(frozen=True)
class Shown:
    """A picture, what it is in a word, and its strategy ("" for the first pass)."""

    image: Image.Image
    label: str
    strategy: str

    @property
    def caption(self) -> str:
        made = f": {self.strategy}" if self.strategy else ""
        width, height = self.image.size
        return f"{self.label}{made}. {width}\N{MULTIPLICATION SIGN}{height}, {found(self.image)}"


def found(image: Image.Image) -> str:
    """What the detector finds: one figure or several, and of one alone whether its face is whole.

    It takes a hand for a head at times, so several are not counted.
    """
    heads = find_heads(np.asarray(image.convert("RGB")))
    if len(heads) == 1:
        return f"one figure, its face {'whole' if heads[0].face else 'broken'}"
    return "several figures" if heads else "no face that could be found"


def draw(pictures: Sequence[Shown], heading: tuple[str, ...]) -> list[tuple[str, Image.Image]]:
    """File names and pictures: the sheet of all, whole and equally large, and the first one beside the third."""
    title = f"One first pass, {len(pictures) - 1} strategies"
    cells = [Cell(_fitted(each.image), each.caption) for each in pictures]
    rows = tuple(tuple(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS))
    before, after = pictures[_BEFORE], pictures[_AFTER]
    return [
        ("sheet.jpg", _drawn(title, heading, rows)),
        ("before-after.jpg", _drawn(f"Before, and after {after.strategy}", (), (_before_after(before, after),))),
    ]


def _before_after(before: Shown, after: Shown) -> tuple[Cell, ...]:
    """Both whole, then both heads, at the place where the second one has its head."""
    heads = find_heads(np.asarray(after.image.convert("RGB")))
    left, top, right, bottom = heads[0].box if heads else (96, 64, 160, 128)
    x, y = (left + right) // 2, (top + bottom) // 2
    half = max(right - left, bottom - top) // 2 + _MARGIN
    face = (max(0, x - half), max(0, y - half), min(CELL[0], x + half), min(CELL[1], y + half))
    pictures = [_fitted(each.image) for each in (before, after)]
    crops = [_fitted(each.crop(face)) for each in pictures]
    return tuple(
        Cell(picture, text)
        for picture, text in zip(
            (pictures[0], crops[0], pictures[1], crops[1]),
            ("First pass", "its face", f"After {after.strategy}", "its face"),
            strict=True,
        )
    )


def _fitted(image: Image.Image) -> Image.Image:
    return image.convert("RGB").resize(CELL, Image.Resampling.LANCZOS)


def _drawn(title: str, heading: tuple[str, ...], rows: tuple[tuple[Cell, ...], ...]) -> Image.Image:
    content = Content(title=title, heading=heading, rows=rows, size=CELL)
    return Drawing(content, (paths_internal.roboto_ttf_file,)).draw(Colours())[0]
