"""Finds heads by the colour of skin, eyes in them by darkness, and the colours of hair and clothes around them.

It needs no scale: a head counts from about eleven pixels of width on. `tests/figures` measures it against the truth of
drawings, as drawn and after the autoencoder.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from figures import palette

LEAST_AREA = 30  # pixels of skin
LEAST_SHARE = 0.25  # of the largest head's skin; hands have less
DARK = 140  # mean of red, green and blue below which a pixel may be of an eye
LIKENESS = 90.0  # largest distance of a colour from the one that it is taken for, in steps of 0 to 255


@dataclass(frozen=True)
class Head:
    """`box`: left, top, right, bottom of the skin in pixels. `face`: two eyes side by side were found in it.

    `hair` and `clothes` are words of `palette`, or None where the colour is like none of them or out of the picture.
    """

    box: tuple[int, int, int, int]
    face: bool
    hair: str | None
    clothes: str | None


def find_heads(picture: np.ndarray) -> list[Head]:
    """Heads in `picture`, (height, width, 3) uint8, the largest first."""
    if picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"A picture has three colours a pixel; this has the shape {picture.shape}.")
    colours = picture.astype(float)
    labels, count = ndimage.label(_is_skin(colours), np.ones((3, 3)))
    areas = ndimage.sum_labels(np.ones_like(labels), labels, np.arange(1, count + 1)) if count else np.zeros(0)
    boxes = ndimage.find_objects(labels)
    heads = []
    for index in np.argsort(-areas):
        where = boxes[index]
        if areas[index] < max(LEAST_AREA, LEAST_SHARE * float(np.max(areas))):
            break
        skin = labels[where] == index + 1
        height, width = skin.shape
        if not 0.45 < width / height < 2.2 or areas[index] < 0.3 * width * height:
            continue
        red, green, blue = np.median(colours[where][skin], axis=0)
        if not (31 < red - green < 46 and 48 < red - blue < 88):  # walls are paler, lit windows and the sun yellower
            continue
        box = (where[1].start, where[0].start, where[1].stop, where[0].stop)
        heads.append(Head(box, _has_eyes(colours[where].mean(-1), skin), *_colours(colours, box)))
    return heads


def _is_skin(colours: np.ndarray) -> np.ndarray:
    red, green, blue = np.moveaxis(colours, -1, 0)
    likely = (red > 205) & (green > 165) & (green < 240) & (blue > 130) & (blue < 215)
    return likely & (red - blue > 48) & (red - green > 24)


def _inside(skin: np.ndarray) -> np.ndarray:
    """Pixels with skin both on their left and on their right."""
    before = np.maximum.accumulate(skin, 1)
    after = np.flip(np.maximum.accumulate(np.flip(skin, 1), 1), 1)
    return before & after


def _has_eyes(brightness: np.ndarray, skin: np.ndarray) -> bool:
    """Two dark spots of like size, level, apart, about the middle, and not in the lowest part."""
    height, width = skin.shape
    dark = (brightness < DARK) & _inside(skin)
    dark[int(0.78 * height) :] = False
    labels, count = ndimage.label(dark)
    spots = []
    for index in range(1, count + 1):
        ys, xs = np.nonzero(labels == index)
        if len(ys) >= max(3, 0.012 * width * height):
            spots.append((xs.mean(), ys.mean(), len(ys)))
    for i, (x, y, area) in enumerate(spots):
        for x2, y2, area2 in spots[i + 1 :]:
            level = abs(y - y2) < 0.14 * height
            apart = 0.22 * width < abs(x - x2) < 0.7 * width
            alike = max(area, area2) < 2 * min(area, area2)
            if level and apart and alike and abs((x + x2 + 1 - width) / 2) < 0.15 * width:
                return True
    return False


def _colours(colours: np.ndarray, box: tuple[int, int, int, int]) -> tuple[str | None, str | None]:
    """Hair from just above the skin, clothes from below the neck."""
    left, top, right, bottom = box
    width, middle = right - left, (left + right) / 2
    hair = _patch(colours, (middle - 0.3 * width, top - 0.3 * width, middle + 0.3 * width, top - 0.05 * width))
    chest = _patch(colours, (middle - 0.22 * width, bottom + 0.4 * width, middle + 0.22 * width, bottom + 0.9 * width))
    return _nearest(hair, palette.HAIR), _nearest(chest, palette.CLOTHES)


def _patch(colours: np.ndarray, box: tuple[float, float, float, float]) -> np.ndarray:
    height, width = colours.shape[:2]
    left, top, right, bottom = (round(value) for value in box)
    part = colours[max(0, top) : min(height, max(bottom, top + 1)), max(0, left) : min(width, right)]
    return part.reshape(-1, 3)


def _nearest(patch: np.ndarray, named: dict[str, palette.Colour]) -> str | None:
    if len(patch) < 3:
        return None
    middle = np.median(patch, axis=0)
    distance, name = min((float(np.linalg.norm(middle - colour)), name) for name, colour in named.items())
    return name if distance < LIKENESS else None
