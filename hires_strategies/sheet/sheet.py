"""The contact sheet: the variants of one run side by side, with captions that say only what differs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps

from hires_strategies.strategy import Strategy

from .captions import Captions, Table, make_captions
from .crops import WHOLE, Box, box_pixels, crop_size, cut, find_crop, largest
from .curve import Curve
from .drawing import Cell, Colours, Content, Drawing, Place

LONGEST_SIDE = 16_383  # pixels: WebP's limit, and about what browsers show
_SMALLEST_SCALE = 1 / 64  # of a cell; a sheet that is too large even then is resized as a whole
_SAME_SHAPE = 0.02  # rounding may change width to height by this much
_SLOWER = 1.3  # times as long: less than that is chance
_WIDTH_TO_HEIGHT = 2.2  # ideal, for all pictures together


@dataclass(frozen=True)
class Tile:
    """One variant. `image` is None if there is no result; `error`, if set, says why.

    `start_sigma`, `seconds` (of its whole path) and `cost` (in first passes) are shown under it where they differ, None
    if unknown.
    `same_as` is the index of the first tile with the same picture: this one then gets no place of its own. `found` are
    the indices of stages whose strength nobody gave: it was found.
    """

    strategy: Strategy
    image: Image.Image | None
    start_sigma: float | None = None
    seconds: float | None = None
    cost: float | None = None
    same_as: int | None = None
    error: str | None = None
    found: tuple[int, ...] = ()


@dataclass(frozen=True)
class Look:
    """How a sheet should look. `crops`: "differences" for 1:1 crops or "whole"; `box` for crops of a chosen place.

    `fonts` are files, the preferred one first; `most_pixels` limits the whole sheet. `start` is the name of what all
    strategies went on from.
    """

    fonts: tuple[str, ...]
    crops: str = "differences"
    box: Box | None = None
    most_pixels: int = 200_000_000
    colours: Colours = dataclasses.field(default_factory=Colours)
    start: str = "First pass"


@dataclass(frozen=True)
class Sheet:
    """`notes` are sentences for the user; `places` says, for every tile, where its picture is (pixels)."""

    image: Image.Image
    notes: tuple[str, ...]
    places: tuple[Place | None, ...]


def make_sheet(
    tiles: Sequence[Tile],
    look: Look,
    heading: Sequence[str] = (),
    first_pass: Image.Image | None = None,
    curves: Sequence[Curve] = (),
) -> Sheet:
    """The sheet of `tiles` in their order. `heading`: lines for its head, such as the prompt and the seed. `curves`:
    how strengths were found.

    Raises ValueError if no tile has a picture, OSError if there is no font.
    """
    images = [tile.image for tile in tiles if tile.image is not None and tile.same_as is None]
    if not images:
        raise ValueError("There is no picture to put on a sheet.")
    whole, notes, facts = largest(images), [], _facts(tiles)
    if len({image.size for image in images}) > 1:
        notes.append(f"The pictures have different sizes; smaller ones are enlarged to {whole[0]}x{whole[1]}.")
        tiles = [
            dataclasses.replace(tile, image=_padded(tile.image, whole, look)) if tile.image else tile for tile in tiles
        ]
        images = [_padded(image, whole, look) for image in images]
    part = _Part(WHOLE, whole)
    if look.crops != "whole":
        box = look.box or find_crop(images, first_pass)
        part = _Part(box, box_pixels(box, whole) if look.box else crop_size(whole))
    captions = make_captions(
        [tile.strategy for tile in tiles], [tile.same_as for tile in tiles], [tile.found for tile in tiles]
    )
    table = _wide(captions.table, part.size) if captions.table else None
    cells = [_cell(tile, n, captions, part, facts[n]) for n, tile in enumerate(tiles)]
    first = None
    if first_pass is not None:
        first = Cell(part.of(first_pass), look.start, (f"{first_pass.width}\u00d7{first_pass.height}, enlarged",))
    content = Content(
        title=captions.title or f"{len(images)} strategies",
        heading=tuple(heading),
        rows=_table(cells, table) if table else _flow(tiles, cells, captions, part, first),
        size=part.size,
        row_labels=table.rows if table else (),
        column_labels=table.columns if table else (),
        first=first if table else None,
        thumbnail=None if part.box == WHOLE else first_pass or images[0],
        box=part.box,
        curves=tuple(curves),
    )
    return _drawn(content, look, notes, tiles)


@dataclass(frozen=True)
class _Part:
    """The part of the pictures that cells show: a box, drawn at a size in pixels."""

    box: Box
    size: tuple[int, int]

    def of(self, image: Image.Image) -> Image.Image:
        return cut(image.convert("RGB"), self.box, self.size)


def _padded(image: Image.Image, size: tuple[int, int], look: Look) -> Image.Image:
    """A picture whose shape differs from `size`, padded with bands so that it is not stretched.

    A stage that crops keeps the middle, so its picture ends up in the right place.
    """
    if abs(image.width * size[1] / (image.height * size[0]) - 1) < _SAME_SHAPE:
        return image
    return ImageOps.pad(image.convert("RGB"), size, Image.Resampling.LANCZOS, color=look.colours.faint)


def _wide(table: Table, size: tuple[int, int]) -> Table:
    """The table, turned if its rows and columns fit a wide sheet better that way."""
    turned = table.turned()
    return min((table, turned), key=lambda each: _unevenness(len(each.rows), len(each.columns), size))


def _table(cells: Sequence[Cell], table: Table) -> tuple[tuple[Cell, ...], ...]:
    return tuple(tuple(cells[n] for n in row) for row in table.cells)


def _flow(
    tiles: Sequence[Tile], cells: Sequence[Cell], captions: Captions, part: _Part, first: Cell | None
) -> tuple[tuple[Cell, ...], ...]:
    """The cells in the order written, in rows that make the sheet wide; the first pass begins."""
    own = [
        dataclasses.replace(cell, caption=captions.each[n])
        for n, (cell, tile) in enumerate(zip(cells, tiles, strict=True))
        if tile.same_as is None
    ]
    if first is not None:
        own.insert(0, first)
    columns = _columns(len(own), part.size)
    return tuple(tuple(own[start : start + columns]) for start in range(0, len(own), columns))


def _cell(tile: Tile, index: int, captions: Captions, part: _Part, facts: tuple[str, ...]) -> Cell:
    """The cell of a tile, without a caption."""
    if tile.same_as is not None:
        return Cell(None, message=f"The same picture as {captions.each[tile.same_as]}")
    if tile.image is None:
        return Cell(None, message=tile.error or "Nothing came out.", variants=(index,))
    return Cell(part.of(tile.image), facts=(tile.error,) if tile.error else facts, variants=(index,))


def _facts(tiles: Sequence[Tile]) -> list[tuple[str, ...]]:
    """For each tile what is told under its picture: size, cost, seconds and start sigma, if they are not all alike."""
    shown = [tile for tile in tiles if tile.image is not None and tile.same_as is None]
    seconds = [tile.seconds for tile in shown if tile.seconds]
    slower = bool(seconds) and max(seconds) > _SLOWER * min(seconds)

    def of(tile: Tile) -> dict[str, str]:
        return {
            "size": f"{tile.image.width}\u00d7{tile.image.height}" if tile.image else "",
            "cost": "" if tile.cost is None else _first_passes(tile.cost),
            "seconds": f"{tile.seconds:.1f} s" if slower and tile.seconds is not None else "",
            "start sigma": "" if tile.start_sigma is None else f"start sigma {tile.start_sigma:.2f}",
        }

    told = [of(tile) for tile in shown]
    differ = [name for name in of(tiles[0]) if len({each[name] for each in told}) > 1]
    return [tuple(text for name in differ if (text := of(tile)[name])) for tile in tiles]


def _first_passes(cost: float) -> str:
    count = _one_decimal(cost)
    return f"{count} first pass" if count == "1" else f"{count} first passes"


def _columns(count: int, size: tuple[int, int]) -> int:
    """How many cells of `size` to put in a row for a wide sheet with few empty places."""

    def badness(columns: int) -> float:
        rows = math.ceil(count / columns)
        empty = rows * columns - count
        return _unevenness(rows, columns, size) + empty / count

    return min(range(1, count + 1), key=badness)


def _unevenness(rows: int, columns: int, size: tuple[int, int]) -> float:
    """How far rows and columns of pictures are from a sheet's ideal shape."""
    return abs(math.log(columns * size[0] / (rows * size[1]) / _WIDTH_TO_HEIGHT))


def _drawn(content: Content, look: Look, notes: list[str], tiles: Sequence[Tile]) -> Sheet:
    """The sheet, scaled down if it would exceed the limits, with notes about anything that is not as intended."""
    drawing, scale = Drawing(content, look.fonts), 1.0
    if drawing.missing:
        notes.append("No font on this machine has all of these characters: set 'Font for image grids' to one that has.")
    content = dataclasses.replace(content, notes=tuple(notes))
    drawing = Drawing(content, look.fonts)
    full = drawing.width, drawing.height
    while _excess(drawing, look) > 1 and scale > _SMALLEST_SCALE:
        notes = [*content.notes, f"Scaled down: {full[0]}x{full[1]} pixels would be more than the limit."]
        scale /= max(_excess(drawing, look), 1.02)
        drawing = Drawing(dataclasses.replace(content, notes=tuple(notes)), look.fonts, scale)
    image, places = drawing.draw(look.colours)
    shrunken = max(1.0, _excess(drawing, look))  # the text alone is too large
    if shrunken > 1:
        image = image.resize((max(1, int(image.width / shrunken)), max(1, int(image.height / shrunken))))
        places = {n: _shrunken(place, shrunken) for n, place in places.items()}
    own = [n if tile.same_as is None else tile.same_as for n, tile in enumerate(tiles)]
    return Sheet(image, tuple(notes), tuple(places.get(n) for n in own))


def _excess(drawing: Drawing, look: Look) -> float:
    """By what factor the sides of a sheet are too long; at most 1 if within the limits."""
    area = math.sqrt(drawing.width * drawing.height / look.most_pixels)
    return max(area, max(drawing.width, drawing.height) / LONGEST_SIDE)


def _shrunken(place: Place, by: float) -> Place:
    left, top, right, bottom = (int(side / by) for side in place)
    return left, top, right, bottom


def _one_decimal(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
