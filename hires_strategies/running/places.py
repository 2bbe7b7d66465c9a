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
    area = np.zeros((node.height, node.width), np.uint8)
    for left, top, right, bottom in node.places:
        area[top:bottom, left:right] = _SAMPLED
    narrowest = min(min(right - left, bottom - top) for left, top, right, bottom in node.places)
    radius = min(_EDGE, narrowest // _OF_A_SIDE) // 4
    if not radius:
        return Image.fromarray(area)
    # Two blurs take in what lies up to two radii away: as much is taken off the border before.
    mask = Image.fromarray(_shrunk(_shrunk(area, 2 * radius, 0), 2 * radius, 1))
    return mask.filter(ImageFilter.BoxBlur(radius)).filter(ImageFilter.BoxBlur(radius))


def _shrunk(area: NDArray[np.uint8], by: int, axis: int) -> NDArray[np.uint8]:
    """The least value within `by` pixels along an axis; what lies outside the picture counts as what is at its edge."""
    padding = [(0, 0), (0, 0)]
    padding[axis] = (by, by)
    least, reach, window = np.pad(area, padding, mode="edge"), 1, 2 * by + 1
    while reach < window:
        step = min(reach, window - reach)
        length = least.shape[axis] - step
        first, second = (least.take(np.arange(start, start + length), axis) for start in (0, step))
        least, reach = np.minimum(first, second), reach + step
    return least


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
