"""The small drawing that shows why a denoising strength was found: how much of the layout changes, by start sigma."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageColor, ImageDraw

from hires_strategies.finding.curve import change_at, place_of

from .fonts import Lettering

_FOUND = "#e8590c"  # legible on white and on black
_TITLE, _TITLE_OF = "Layout that changes, by start sigma", "{}: layout that changes"
_ALL, _NONE = "all", "none"
_TICKS = (0.1, 0.3, 1, 3, 10, 30, 100)
_FINER = 4  # lines are drawn so many times as large and reduced
_WIDTH, _HEIGHT = 21, 4.5  # of the curve itself with what stands beside it, in text heights
_BEYOND = 1.3  # times the last sigma: where noise alone is drawn
_LINES = 3  # of text: title, strengths, sigmas


@dataclass(frozen=True)
class Curve:
    """What was looked at for one stage: start sigmas, ascending (infinite for noise alone), with the change of the
    layout there, 0 to 1. `found` is the sigma that was found, `starts` those of the variants, each with its strength as
    the notation writes it. `name`: which stage, for several curves on one sheet.
    """

    points: tuple[tuple[float, float], ...]
    found: float
    starts: tuple[tuple[float, str], ...] = ()
    name: str = ""


@dataclass(frozen=True)
class Tones:
    """Colours of a sheet, as Pillow takes them."""

    background: str
    ink: str
    faint: str

    def mixed(self, share: float, colour: str) -> tuple[int, ...]:
        """So much of a colour on the background."""
        over, under = (ImageColor.getrgb(each)[:3] for each in (colour, self.background))
        return tuple(round(share * one + (1 - share) * other) for one, other in zip(over, under, strict=True))


def curve_size(text: int, lettering: Lettering, widest: int) -> tuple[int, int]:
    """Width and height in pixels of a drawing on a sheet whose text is `text` pixels high."""
    return min(round(_WIDTH * text), widest), round(_HEIGHT * text) + _LINES * lettering.line_height


def draw_curve(curve: Curve, size: tuple[int, int], lettering: Lettering, tones: Tones) -> Image.Image:
    """The drawing at that size in pixels."""
    frame = _Frame(curve, size, lettering)
    image = Image.new("RGB", size, tones.background)
    image.paste(_lines(curve, frame, tones), (frame.left, frame.top))
    canvas = ImageDraw.Draw(image)
    for line in lettering.wrap(_TITLE_OF.format(curve.name) if curve.name else _TITLE, size[0], 1):
        lettering.draw(canvas, (0, 0), line, tones.faint)
    lettering.draw(canvas, (0, frame.top - lettering.line_height // 3), _ALL, tones.faint)
    lettering.draw(canvas, (0, frame.bottom - lettering.line_height * 2 // 3), _NONE, tones.faint)
    _label(canvas, frame, lettering, [(tick, f"{tick:g}", tones.faint) for tick in frame.ticks], frame.bottom)
    starts = sorted(curve.starts, key=lambda start: start[0] != curve.found)
    shown = [(sigma, text, _FOUND if sigma == curve.found else tones.ink) for sigma, text in starts]
    _label(canvas, frame, lettering, shown, frame.top - lettering.line_height)
    return image


class _Frame:
    """Where on a drawing the curve itself is, and where on it a sigma is."""

    def __init__(self, curve: Curve, size: tuple[int, int], lettering: Lettering) -> None:
        line = lettering.line_height
        beside = math.ceil(max(lettering.width(_ALL), lettering.width(_NONE))) + line // 3
        self.left, self.right = beside, max(size[0] - line // 2, beside + 1)
        self.top, self.bottom = 2 * line, max(size[1] - line, 2 * line + 1)
        sigmas = [sigma for sigma, _ in curve.points if math.isfinite(sigma)] + [curve.found]
        self.first, self.last = place_of(min(sigmas)), place_of(max(sigmas) * _BEYOND)
        self.ticks = [tick for tick in _TICKS if self.first - 0.01 <= place_of(tick) <= self.last]

    @property
    def size(self) -> tuple[int, int]:
        return self.right - self.left, self.bottom - self.top

    def across(self, sigma: float) -> float:
        """0 at the left, 1 at the right."""
        return min(max((place_of(sigma) - self.first) / (self.last - self.first), 0.0), 1.0)


def _lines(curve: Curve, frame: _Frame, tones: Tones) -> Image.Image:
    """Everything but the texts: the curve, what was looked at, and where the variants start."""
    width, height = (side * _FINER for side in frame.size)
    dot = max(2 * _FINER, height // 22)
    image = Image.new("RGB", (width, height), tones.background)
    canvas = ImageDraw.Draw(image)

    def at(sigma: float, change: float) -> tuple[float, float]:
        return dot + frame.across(sigma) * (width - 2 * dot), dot + (1 - change) * (height - 2 * dot)

    inner = sorted({sigma for sigma, _ in curve.points} | {curve.found, *(sigma for sigma, _ in curve.starts)})
    path = [at(sigma, change_at(curve.points, sigma)) for sigma in inner]
    floor = height - dot
    canvas.polygon([(path[0][0], floor), *path, (path[-1][0], floor)], fill=tones.mixed(0.16, tones.faint))
    for change in (0.0, 0.5, 1.0):
        y = at(1, change)[1]
        canvas.line((0, y, width, y), fill=tones.mixed(0.35, tones.faint), width=_FINER // (1 if change == 0 else 2))
    for sigma, _ in sorted(curve.starts, key=lambda start: start[0] == curve.found):
        colour = _FOUND if sigma == curve.found else tones.ink
        x, y = at(sigma, change_at(curve.points, sigma))
        canvas.line((x, 0, x, floor), fill=tones.mixed(0.55, colour), width=_FINER)
    canvas.line(path, fill=tones.mixed(0.85, tones.ink), width=2 * _FINER, joint="curve")
    for sigma, change in curve.points:
        _dot(canvas, at(sigma, change), dot * 3 // 4, (tones.background, tones.mixed(0.85, tones.ink)))
    for sigma, _ in curve.starts:
        colour = _FOUND if sigma == curve.found else tones.ink
        _dot(canvas, at(sigma, change_at(curve.points, sigma)), dot, (colour, tones.background))
    return image.resize(frame.size, Image.Resampling.LANCZOS)


def _dot(canvas: ImageDraw.ImageDraw, place: tuple[float, float], radius: int, colours: Sequence[object]) -> None:
    x, y = place
    box = (x - radius, y - radius, x + radius, y + radius)
    canvas.ellipse(box, fill=colours[0], outline=colours[1], width=_FINER)  # type: ignore[arg-type]


def _label(
    canvas: ImageDraw.ImageDraw, frame: _Frame, lettering: Lettering, texts: Sequence[tuple[float, str, str]], y: int
) -> None:
    """Texts below or above sigmas. The first stands where it belongs, others are moved aside where they would touch
    it; what then finds no room is left out."""
    space, taken = lettering.size / 2, (math.inf, -math.inf)  # from the left end of all texts to their right end
    for sigma, text, colour in _outwards(texts):
        wide = lettering.width(text)
        middle = frame.left + frame.across(sigma) * frame.size[0]
        left = min(max(middle - wide / 2, frame.left), frame.right - wide)
        if taken[0] < math.inf:
            on_the_left = sigma < texts[0][0]
            left = min(left, taken[0] - space - wide) if on_the_left else max(left, taken[1] + space)
        if frame.left <= left and left + wide <= frame.right and abs(left + wide / 2 - middle) < 1.5 * wide:
            lettering.draw(canvas, (round(left), y), text, colour)
            taken = min(taken[0], left), max(taken[1], left + wide)


def _outwards(texts: Sequence[tuple[float, str, str]]) -> list[tuple[float, str, str]]:
    """The first, then those beside it, the nearest first."""
    return sorted(texts, key=lambda each: abs(place_of(each[0]) - place_of(texts[0][0])))
