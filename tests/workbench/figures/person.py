"""The figure, drawn from behind to front in units of the head's width with the crown at (0, 0)."""

from __future__ import annotations

import skia

from figures.palette import CLOTHES, HAIR, SKIN, Colour, shade
from figures.pen import Pen
from figures.scene import Scene

STOCKINGS: Colour = (70, 60, 90)
TROUSERS: Colour = (60, 70, 120)
SHOES: Colour = (90, 45, 35)
# which arms are up: left, right
RAISED = {"standing": (False, False), "arms up": (True, True), "waving": (False, True)}


def draw_person(canvas: skia.Canvas, scene: Scene) -> None:
    unit = scene.head_width
    pen = Pen(canvas, scene.crown, unit, max(0.045, 0.35 / unit))
    if scene.girl:
        left, top = pen.at(-0.62, -0.05)
        back = skia.Path()
        back.addRoundRect(skia.Rect(left, top, left + 1.24 * unit, top + 1.8 * unit), 0.5 * unit, 0.5 * unit)
        pen.shape(back, HAIR[scene.hair])
    _body(pen, scene)
    pen.shape(pen.oval(-0.5, 0, 0.5, 1.05), SKIN)
    _face(pen, scene.mouth)
    _fringe(pen, HAIR[scene.hair])


def _body(pen: Pen, scene: Scene) -> None:
    clothes = CLOTHES[scene.clothes]
    legs, width = (STOCKINGS, 0.24) if scene.girl else (TROUSERS, 0.3)
    for side in (-1, 1):
        pen.limb((side * 0.2, 3.0), (side * 0.24, 5.0), width, legs)
        pen.shape(pen.oval(side * 0.28 - 0.22, 4.98, side * 0.28 + 0.22, 5.3), SHOES)
    for side, raised in zip((-1, 1), RAISED[scene.pose], strict=True):
        x, y = (side * 1.05, 0.55) if raised else (side * 0.78, 2.6)
        pen.limb((side * 0.42, 1.42), (x, y), 0.24, shade(clothes, 0.88))
        pen.shape(pen.oval(x - 0.15, y - 0.15, x + 0.15, y + 0.15), SKIN)
    pen.shape(pen.oval(-0.14, 0.85, 0.14, 1.4), SKIN)
    if scene.girl:
        pen.shape(
            pen.polygon([(-0.45, 1.22), (0.45, 1.22), (0.38, 2.1), (0.85, 3.45), (-0.85, 3.45), (-0.38, 2.1)]), clothes
        )
        pen.trace(pen.polygon([(-0.38, 2.1), (0.38, 2.1)]), shade(clothes, 0.6), 2.2)
    else:
        pen.shape(pen.polygon([(-0.5, 1.22), (0.5, 1.22), (0.45, 2.95), (-0.45, 2.95)]), clothes)
        pen.shape(pen.polygon([(-0.45, 2.8), (0.45, 2.8), (0.42, 3.2), (-0.42, 3.2)]), TROUSERS)


def _face(pen: Pen, mouth: str) -> None:
    for side in (-0.2, 0.2):
        pen.fill(pen.oval(side - 0.125, 0.42, side + 0.125, 0.74), (255, 255, 255))
        pen.fill(pen.oval(side - 0.10, 0.45, side + 0.10, 0.74), (40, 60, 110))
        pen.fill(pen.oval(side - 0.055, 0.53, side + 0.055, 0.68), (15, 10, 25))
        pen.fill(pen.oval(side - 0.06, 0.48, side + 0.01, 0.56), (255, 255, 255))
        pen.trace(pen.curve((side - 0.14, 0.46), (side, 0.36), (side + 0.14, 0.46)), (35, 25, 40), 1.3)
    if mouth == "smile":
        pen.trace(pen.curve((-0.14, 0.84), (0, 0.96), (0.14, 0.84)), (170, 50, 50), 1.2)
    else:
        pen.fill(pen.oval(-0.11, 0.8, 0.11, 0.97), (200, 60, 65))


def _fringe(pen: Pen, hair: Colour) -> None:
    path = skia.Path()
    path.moveTo(*pen.at(-0.58, 0.62))
    path.cubicTo(*pen.at(-0.7, -0.3), *pen.at(0.7, -0.3), *pen.at(0.58, 0.62))
    for point in ((0.42, 0.32), (0.2, 0.36), (0.05, 0.24), (-0.15, 0.36), (-0.4, 0.32)):
        path.lineTo(*pen.at(*point))
    path.close()
    pen.shape(path, hair)
