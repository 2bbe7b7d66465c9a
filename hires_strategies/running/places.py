"""A stage that is sampled only in places: what is sampled, and how its picture becomes the plain upscale elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hires_strategies.planning.places import FEATHER
from hires_strategies.planning.plan import Node, Place

_EDGE = 32  # pixels within which a place's sampling fades in, from its border inwards
_OF_A_SIDE = 8  # and at most this part of the place's shorter side
_SAMPLED = 255


def put_together(image: Image.Image, plain: Image.Image, mask: Image.Image) -> Image.Image:
    """The sampled `image` where the mask says, and `plain`, its plain upscale, bit for bit where the mask is 0."""
    return Image.composite(image.convert("RGB"), plain.convert("RGB"), mask)


def mask_of(node: Node) -> Image.Image:
    """How much of each pixel of a stage's picture is what was sampled, 0 to 255: nothing outside its places, and all of
    it inside, with a smooth edge between that lies within."""
    frame = _frame(node)
    area = np.zeros((frame[3] - frame[1], frame[2] - frame[0]), np.uint8)
    for left, top, right, bottom in node.places:
        area[top - frame[1] : bottom - frame[1], left - frame[0] : right - frame[0]] = _SAMPLED
    narrowest = min(min(right - left, bottom - top) for left, top, right, bottom in node.places)
    radius = min(_EDGE, narrowest // _OF_A_SIDE) // 4
    if radius:
        # Two blurs take in what lies up to two radii away: as much is taken off the border before.
        area = _shrunk(_shrunk(area, 2 * radius, 0), 2 * radius, 1)
    mask = Image.new("L", (node.width, node.height))
    mask.paste(_blurred(Image.fromarray(area), radius), frame[:2])
    return mask


def _frame(node: Node) -> Place:
    """The part of the picture that all places lie in, with a pixel around them: outside it nothing is sampled."""
    lefts, tops, rights, bottoms = zip(*node.places, strict=True)
    right, bottom = min(max(rights) + 1, node.width), min(max(bottoms) + 1, node.height)
    return max(min(lefts) - 1, 0), max(min(tops) - 1, 0), right, bottom


def _blurred(area: Image.Image, radius: int) -> Image.Image:
    return area.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius)) if radius else area


def _shrunk(area: NDArray[np.uint8], by: int, axis: int) -> NDArray[np.uint8]:
    """The least value within `by` pixels along an axis; what lies outside the picture counts as what is at its edge."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (by, by)
    least, reach, window = np.pad(area, padding, mode="edge"), 1, 2 * by + 1
    while reach < window:
        step = min(reach, window - reach)
        length = least.shape[axis] - step
        first, second = (_part(least, start, length, axis) for start in (0, step))
        least, reach = np.minimum(first, second), reach + step
    return least


def _part(area: NDArray[np.uint8], start: int, length: int, axis: int) -> NDArray[np.uint8]:
    """A view, not a copy."""
    return area[start : start + length] if axis == 0 else area[:, start : start + length]


def weights_of(node: Node) -> NDArray[np.float32]:
    """How much of the model's prediction counts for each latent of a stage (rows x columns, 0 to 1): all of it in the
    stage's places, and what it starts from elsewhere, with a smooth edge between that lies around them, where the
    finished picture is the plain upscale."""
    assert node.upscale is not None
    factor = node.upscale.factor
    rows, columns = node.height // factor, node.width // factor
    weights = np.zeros((rows, columns), np.float32)
    for place in node.places:
        for away in range(FEATHER):
            left, top, right, bottom = _around(place, factor, away)
            part = weights[max(top, 0) : bottom, max(left, 0) : right]
            np.maximum(part, np.float32(_faded(away / FEATHER)), out=part)
    return weights


def _around(place: Place, factor: int, away: int) -> Place:
    left, top, right, bottom = place
    return left // factor - away, top // factor - away, -(-right // factor) + away, -(-bottom // factor) + away


def _faded(part: float) -> float:
    """From 1 to 0 without a corner."""
    return 1 - part * part * (3 - 2 * part)
