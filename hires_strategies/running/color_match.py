"""The colors of a stage's picture exchanged for those of the picture that it started from; the detail stays.

Each sampling, and each round through the autoencoder, shifts colors a little, and a chain adds that up. The color
correction of StableSR (Wang et al. 2023, arXiv 2305.07015, section 3.3) splits both pictures by a wavelet transform
"with holes" (a trous): blurred five times by a 3 x 3 binomial kernel whose taps stand 1, 2, 4, 8 and 16 pixels apart.
The last blur is the picture's low band, its colors, and what the blurs took away is its detail.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling, fromarray

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sizes import Upscale

_RADII = (1, 2, 4, 8, 16)
Plane = NDArray[np.float32]  # H x W


def color_matched(image: Image, before: Image, node: Node) -> Image:
    """A stage's picture with the low band of what the stage started from (8-bit RGB, both of any size)."""
    assert node.upscale is not None
    reference = enlarged(before, node.upscale, image.size)
    own, theirs = np.asarray(image.convert("RGB")), np.asarray(reference.convert("RGB"))
    made = np.empty_like(own)
    for channel in range(3):  # one at a time: a picture of 8000 x 8000 needs a quarter of a gigabyte for each
        plane = own[..., channel].astype(np.float32)
        # The blurs are linear: one of the difference is the difference of both.
        plane += low_band(theirs[..., channel] - plane)
        made[..., channel] = np.clip(np.rint(plane), 0, 255)
    return fromarray(made)


def enlarged(before: Image, upscale: Upscale, size: tuple[int, int]) -> Image:
    """What a stage started from at the stage's own `size`, by Lanczos: the part that the stage's crop left."""
    box = [
        *_kept(upscale.width, upscale.crop_width, size[0], before.width),
        *_kept(upscale.height, upscale.crop_height, size[1], before.height),
    ]
    return before.resize(size, Resampling.LANCZOS, box=(box[0], box[2], box[1], box[3]))


def _kept(whole: int, cropped: int, kept: int, before: int) -> tuple[float, float]:
    """Where the kept pixels of a side begin and end in the picture before the upscale to `whole` pixels."""
    first = max(min((whole - cropped) // 2, whole - kept), 0)
    return first * before / whole, min((first + kept) / whole, 1) * before


def low_band(plane: Plane) -> Plane:
    """The plane after the five blurs; its edges count as going on for ever."""
    for radius in _RADII:
        for axis in (0, 1):
            plane = _blurred(plane, radius, axis)
    return plane


def _blurred(plane: Plane, radius: int, axis: int) -> Plane:
    """(1, 2, 1) / 4 with taps `radius` apart along an axis; along both it is the 3 x 3 binomial kernel."""
    length = plane.shape[axis]
    places = np.arange(length)
    before, after = np.maximum(places - radius, 0), np.minimum(places + radius, length - 1)
    blurred: Plane = plane.take(before, axis)
    blurred += plane.take(after, axis)
    blurred *= np.float32(0.25)
    blurred += np.float32(0.5) * plane
    return blurred
