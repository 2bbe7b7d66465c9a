"""Draws a scene: vectors, so any scale shows the same picture with more detail."""

from __future__ import annotations

import numpy as np
import skia

from figures.palette import LIGHT, SKIES, Colour, shade
from figures.pen import gradient, paint
from figures.person import draw_person
from figures.scene import Scene


def render(scene: Scene, scale: float = 1.0) -> np.ndarray:
    """The picture of `scene` at `scale` times its base size: (height, width, 3), red green blue, uint8."""
    width, height = (round(side * scale) for side in scene.size)
    if min(width, height) < 1:
        raise ValueError(f"A scale of {scale} leaves nothing of a picture of {scene.size[0]}x{scene.size[1]}.")
    pixels = np.zeros((height, width, 4), np.uint8)
    with skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType) as canvas:
        canvas.scale(width / scene.size[0], height / scene.size[1])
        _landscape(canvas, scene)
        draw_person(canvas, scene)
    return pixels[..., :3].copy()


def _landscape(canvas: skia.Canvas, scene: Scene) -> None:
    width, height = scene.size
    top, bottom, far, near = SKIES[scene.time]
    x, y, radius = scene.sun
    canvas.drawRect(skia.Rect(0, 0, width, height), gradient(0, scene.horizon, top, bottom))
    canvas.drawCircle(x, y, radius, paint((255, 250, 210) if scene.time == "night" else (255, 235, 90)))
    if scene.place == "mountains":
        for x, size in scene.props:
            _mountain(canvas, scene, x, size)
    canvas.drawRect(skia.Rect(0, scene.horizon, width, height), gradient(scene.horizon, height, far, near))
    if scene.place == "trees":
        for x, size in scene.props:
            _tree(canvas, scene, x, size)
    elif scene.place == "house":
        for x, size in scene.props[:2]:
            _house(canvas, scene, x, size)


def _triangle(canvas: skia.Canvas, base: tuple[float, float], height: float, half: float, colour: Colour) -> None:
    """Stands on the point `base`, half as wide as twice `half`."""
    path = skia.Path()
    path.moveTo(base[0] - half, base[1])
    path.lineTo(base[0], base[1] - height)
    path.lineTo(base[0] + half, base[1])
    path.close()
    canvas.drawPath(path, paint(colour))


def _mountain(canvas: skia.Canvas, scene: Scene, x: float, size: float) -> None:
    light, height = LIGHT[scene.time], scene.size[1]
    rise, half = height * 0.24 * size, height * 0.28 * size
    _triangle(canvas, (x, scene.horizon + 1), rise + 1, half, shade((120, 130, 165), light * (1.15 - 0.2 * size)))
    _triangle(canvas, (x, scene.horizon - rise * 0.72), rise * 0.28, half * 0.28, shade((250, 250, 255), light))


def _tree(canvas: skia.Canvas, scene: Scene, x: float, size: float) -> None:
    light, unit = LIGHT[scene.time], scene.size[1] * size
    foot = scene.horizon + 0.05 * unit
    canvas.drawRect(
        skia.Rect(x - 0.018 * unit, foot - 0.15 * unit, x + 0.018 * unit, foot), paint(shade((110, 75, 45), light))
    )
    canvas.drawCircle(x, foot - 0.285 * unit, 0.08 * unit, paint(shade((40, 135, 60), light * 1.2)))
    canvas.drawCircle(x, foot - 0.186 * unit, 0.108 * unit, paint(shade((40, 135, 60), light)))


def _house(canvas: skia.Canvas, scene: Scene, x: float, size: float) -> None:
    light = LIGHT[scene.time]
    foot = scene.horizon + scene.size[1] * 0.05 * size
    half, rise = scene.size[1] * 0.14 * size, scene.size[1] * 0.17 * size
    canvas.drawRect(skia.Rect(x - half, foot - rise, x + half, foot), paint(shade((235, 220, 195), light)))
    _triangle(canvas, (x, foot - rise), rise * 0.8, half * 1.2, shade((165, 65, 50), light))
    canvas.drawRect(
        skia.Rect(x - half * 0.2, foot - rise * 0.6, x + half * 0.2, foot), paint(shade((110, 65, 40), light))
    )
    window = (255, 225, 120) if scene.time == "night" else shade((120, 180, 225), light)
    for side in (-0.62, 0.62):
        canvas.drawRect(
            skia.Rect(x + half * (side - 0.18), foot - rise * 0.72, x + half * (side + 0.18), foot - rise * 0.32),
            paint(window),
        )
