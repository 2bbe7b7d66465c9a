"""What the drawings have in common: paints and shapes on a canvas of skia."""

from __future__ import annotations

from collections.abc import Sequence

import skia

from figures.palette import OUTLINE, Colour

Point = tuple[float, float]


def paint(colour: Colour) -> skia.Paint:
    """Fills a shape evenly."""
    return skia.Paint(AntiAlias=True, Color=skia.Color(*(int(value) for value in colour)))


def stroke(colour: Colour, width: float) -> skia.Paint:
    """Draws a line with round ends."""
    brush = paint(colour)
    brush.setStyle(skia.Paint.kStroke_Style)
    brush.setStrokeWidth(width)
    brush.setStrokeCap(skia.Paint.kRound_Cap)
    brush.setStrokeJoin(skia.Paint.kRound_Join)
    return brush


def gradient(top: float, bottom: float, upper: Colour, lower: Colour) -> skia.Paint:
    """Fills a shape from `upper` at the height `top` to `lower` at `bottom`."""
    colours = [skia.Color(*(int(value) for value in colour)) for colour in (upper, lower)]
    return skia.Paint(Shader=skia.GradientShader.MakeLinear(points=[(0, top), (0, bottom)], colors=colours))


class Pen:
    """Draws in units of `unit` pixels from the point `origin`, with outlines of `line` units."""

    def __init__(self, canvas: skia.Canvas, origin: Point, unit: float, line: float) -> None:
        self.canvas, self.origin, self.unit, self.line = canvas, origin, unit, line * unit

    def at(self, x: float, y: float) -> Point:
        return self.origin[0] + x * self.unit, self.origin[1] + y * self.unit

    def polygon(self, points: Sequence[Point]) -> skia.Path:
        path = skia.Path()
        path.moveTo(*self.at(*points[0]))
        for point in points[1:]:
            path.lineTo(*self.at(*point))
        path.close()
        return path

    def oval(self, left: float, top: float, right: float, bottom: float) -> skia.Path:
        path = skia.Path()
        path.addOval(skia.Rect(*self.at(left, top), *self.at(right, bottom)))
        return path

    def curve(self, start: Point, pull: Point, end: Point) -> skia.Path:
        path = skia.Path()
        path.moveTo(*self.at(*start))
        path.quadTo(*self.at(*pull), *self.at(*end))
        return path

    def fill(self, path: skia.Path, colour: Colour) -> None:
        self.canvas.drawPath(path, paint(colour))

    def trace(self, path: skia.Path, colour: Colour, width: float = 1.0) -> None:
        """Draws the line alone, `width` times as wide as an outline."""
        self.canvas.drawPath(path, stroke(colour, self.line * width))

    def shape(self, path: skia.Path, colour: Colour) -> None:
        """A filled shape with an outline."""
        self.fill(path, colour)
        self.trace(path, OUTLINE)

    def limb(self, start: Point, end: Point, width: float, colour: Colour) -> None:
        """A straight piece with round ends and an outline."""
        ends = (*self.at(*start), *self.at(*end))
        self.canvas.drawLine(*ends, stroke(OUTLINE, width * self.unit + 1.6 * self.line))
        self.canvas.drawLine(*ends, stroke(colour, width * self.unit))
