"""How a contact sheet is laid out and drawn: a head, cells in rows, notes below. Sizes in pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from .crops import WHOLE, Box
from .curve import Curve, Tones, curve_size, draw_curve
from .fonts import Lettering

Place = tuple[int, int, int, int]  # left, top, right, bottom

# Text heights in the width of a cell, at most and at least, and in that of all cells: a gallery shows the whole sheet
# in some 700 pixels, and the text in it has to be legible there. The height in pixels is within the last two.
_TEXT_PER_CELL, _LEAST_PER_CELL, _TEXT_PER_SHEET = 22, 8, 54
_SMALLEST_TEXT, _LARGEST_TEXT = 14, 96
_NARROWEST_COLUMN = 8  # times the text's height
_NARROWEST = 480  # of the head
_MARK = ("#ffffff", "#e00000")  # lines around the place of the crops, from the outside in
_MOST_LINES = 4  # of any text except a message
_FACTS = " \u00b7 "


@dataclass(frozen=True)
class Colours:
    """As Pillow takes them."""

    background: str = "#ffffff"
    ink: str = "#000000"
    faint: str = "#777777"


@dataclass(frozen=True)
class Cell:
    """A picture with its caption, or `message` in its place. `variants` are the tiles that it represents.

    `facts`: small print for one line, the most important first; what finds no room is left out.
    """

    picture: Image.Image | None
    caption: str = ""
    facts: tuple[str, ...] = ()
    message: str = ""
    variants: tuple[int, ...] = ()


@dataclass(frozen=True)
class Content:
    """What a sheet shows. `size` is every cell's picture; `row_labels` and `column_labels` are empty without a table.
    `first` stands before a table's labels, beside its first row. `thumbnail` is shown in the head, with `box` marked;
    `curves` under its texts, as many as find room.
    """

    title: str
    heading: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    size: tuple[int, int]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    first: Cell | None = None
    thumbnail: Image.Image | None = None
    box: Box = WHOLE
    notes: tuple[str, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True)
class _Text:
    """Lines in one lettering, ready to be drawn."""

    lettering: Lettering
    lines: tuple[str, ...]

    @property
    def height(self) -> int:
        return len(self.lines) * self.lettering.line_height

    @property
    def width(self) -> int:
        return round(max((self.lettering.width(line) for line in self.lines), default=0))

    def draw(self, canvas: ImageDraw.ImageDraw, x: int, y: int, colour: str) -> None:
        for number, line in enumerate(self.lines):
            self.lettering.draw(canvas, (x, y + number * self.lettering.line_height), line, colour)


class Drawing:
    """A sheet that is measured (`width`, `height`) but not yet drawn, with its pictures scaled by `scale`."""

    def __init__(self, content: Content, fonts: Sequence[str], scale: float = 1.0) -> None:
        self.content = content
        self.cell = max(1, round(content.size[0] * scale)), max(1, round(content.size[1] * scale))
        cells = max(len(row) for row in content.rows) + (content.first is not None)
        text = max(self.cell[0] // _TEXT_PER_CELL, cells * self.cell[0] // _TEXT_PER_SHEET)
        text = max(_SMALLEST_TEXT, min(_LARGEST_TEXT, text, self.cell[0] // _LEAST_PER_CELL))
        self.normal, self.small, self.large = (Lettering(fonts, round(text * by)) for by in (1, 0.88, 1.3))
        self.gap = text
        self._measure_cells()
        self._measure_head()
        heights = (self.head_height, self.gap, self.labels_height, *self.row_heights)
        self.height = 2 * self.gap + sum(heights) + sum(note.height for note in self.notes)

    def _measure_cells(self) -> None:
        width = self.column = max(self.cell[0], _NARROWEST_COLUMN * self.gap)
        labels = max(self.cell[0] // 2, _NARROWEST_COLUMN * self.gap)
        self.row_labels = [self._text(self.normal, label, labels) for label in self.content.row_labels]
        self.column_labels = [self._text(self.normal, label, width) for label in self.content.column_labels]
        self.labels_height = max((text.height + self.gap // 3 for text in self.column_labels), default=0)
        self.gutter = max((label.width + self.gap for label in self.row_labels), default=0)
        self.lead = width + self.gap if self.content.first else 0
        self.below = [[self._below(cell) for cell in row] for row in self.content.rows]
        self.below_first = self._below(self.content.first or Cell(None))
        heights = [max(caption.height + facts.height for caption, facts in row) for row in self.below]
        heights[0] = max(heights[0], sum(text.height for text in self.below_first))
        self.row_heights = [self.cell[1] + self.gap // 3 + height + self.gap for height in heights]

    def _below(self, cell: Cell) -> tuple[_Text, _Text]:
        """The caption of a cell and its small print: as many of the facts as one line takes."""
        facts = list(cell.facts)
        while len(facts) > 1 and self.small.width(_FACTS.join(facts)) > self.column:
            facts.pop()
        return self._text(self.normal, cell.caption, self.column), self._text(
            self.small, _FACTS.join(facts), self.column
        )

    def _measure_head(self) -> None:
        cells = max(len(row) for row in self.content.rows) * (self.column + self.gap) - self.gap
        room = max(self.lead + self.gutter + cells, _NARROWEST)
        self.width = room + 2 * self.gap
        self.notes = [self._text(self.small, note, room) for note in self.content.notes]
        self.thumbnail = self._thumbnail(room // 3)
        beside = self.thumbnail.width + self.gap if self.thumbnail else 0
        self.head = [self._text(self.large, self.content.title, room - beside)]
        self.head += [self._text(self.small, line, room - beside) for line in self.content.heading]
        text = sum(text.height for text in self.head)
        self.curve = curve_size(self.gap, self.small, room - beside)
        self.curves = self.content.curves[: max((room - beside + self.gap) // (self.curve[0] + self.gap), 1)]
        text += self.gap // 2 + self.curve[1] if self.curves else 0
        self.head_height = max(text, self.thumbnail.height if self.thumbnail else 0)

    @property
    def missing(self) -> str:
        """Characters that no font of this machine has."""
        return "".join(sorted(self.normal.missing | self.small.missing | self.large.missing))

    def draw(self, colours: Colours) -> tuple[Image.Image, dict[int, Place]]:
        """The sheet, and where each variant's picture is on it."""
        sheet = Image.new("RGB", (self.width, self.height), colours.background)
        canvas = ImageDraw.Draw(sheet)
        places: dict[int, Place] = {}
        y = self._draw_head(sheet, canvas, colours)
        for column, label in enumerate(self.column_labels):
            label.draw(canvas, self._x(column), y + self.labels_height - self.gap // 3 - label.height, colours.ink)
        y += self.labels_height
        for number, row in enumerate(self.content.rows):
            if self.row_labels:
                label = self.row_labels[number]
                label.draw(canvas, self.gap + self.lead, y + max(0, self.cell[1] - label.height) // 2, colours.ink)
            cells = [(self._x(column), cell, self.below[number][column]) for column, cell in enumerate(row)]
            if self.content.first and not number:
                cells.append((self.gap, self.content.first, self.below_first))
            for x, cell, (caption, facts) in cells:
                self._draw_cell(sheet, canvas, (x, y), cell, colours)
                places.update(dict.fromkeys(cell.variants, (x, y, x + self.cell[0], y + self.cell[1])))
                below = y + self.cell[1] + self.gap // 3
                caption.draw(canvas, x, below, colours.ink)
                facts.draw(canvas, x, below + caption.height, colours.faint)
            y += self.row_heights[number]
        for note in self.notes:
            note.draw(canvas, self.gap, y, colours.faint)
            y += note.height
        return sheet, places

    def _draw_head(self, sheet: Image.Image, canvas: ImageDraw.ImageDraw, colours: Colours) -> int:
        y = self.gap
        for number, text in enumerate(self.head):
            text.draw(canvas, self.gap, y, colours.faint if number else colours.ink)
            y += text.height
        tones = Tones(colours.background, colours.ink, colours.faint)
        for number, curve in enumerate(self.curves):
            place = self.gap + number * (self.curve[0] + self.gap), y + self.gap // 2
            sheet.paste(draw_curve(curve, self.curve, self.small, tones), place)
        if self.thumbnail:
            sheet.paste(self.thumbnail, (self.width - self.gap - self.thumbnail.width, self.gap))
        return self.gap + self.head_height + self.gap

    def _draw_cell(
        self, sheet: Image.Image, canvas: ImageDraw.ImageDraw, place: tuple[int, int], cell: Cell, colours: Colours
    ) -> None:
        x, y = place
        if cell.picture is not None:
            picture = cell.picture
            if picture.size != self.cell:
                picture = picture.resize(self.cell, Image.Resampling.LANCZOS)
            sheet.paste(picture, place)
            return
        canvas.rectangle((x, y, x + self.cell[0] - 1, y + self.cell[1] - 1), outline=colours.faint)
        room = self.cell[0] - 2 * self.gap, max(1, self.cell[1] // self.small.line_height - 1)
        message = _Text(self.small, tuple(self.small.wrap(cell.message, *room)))
        message.draw(canvas, x + self.gap, y + max(0, self.cell[1] - message.height) // 2, colours.faint)

    def _x(self, column: int) -> int:
        return self.gap + self.lead + self.gutter + column * (self.column + self.gap)

    def _text(self, lettering: Lettering, text: str, width: int) -> _Text:
        return _Text(lettering, tuple(lettering.wrap(text, width, _MOST_LINES)))

    def _thumbnail(self, widest: int) -> Image.Image | None:
        """The first pass, small, with the place of the crops marked."""
        if self.content.thumbnail is None:
            return None
        thumbnail = self.content.thumbnail.convert("RGB")
        thumbnail.thumbnail((widest, 10 * self.gap))
        width, height = thumbnail.size
        left, top, right, bottom = self.content.box
        outline = (round(left * width), round(top * height), round(right * width) - 1, round(bottom * height) - 1)
        canvas = ImageDraw.Draw(thumbnail)
        for inset, colour in enumerate(_MARK):
            x0, y0, x1, y1 = outline[0] + inset, outline[1] + inset, outline[2] - inset, outline[3] - inset
            if x0 < x1 and y0 < y1:
                canvas.rectangle((x0, y0, x1, y1), outline=colour)
        return thumbnail
