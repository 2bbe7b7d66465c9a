"""Maps that may say where a first pass needs repair: a score for every field, higher where more is wrong.

Each is made of what is known before a second pass, except "second pass", which shows how far any could come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from hires_strategies.sheet import crops

FIELD = 8  # pixels of the first pass: one latent
_EVEN = 1.0  # of 255: differences below this are none


@dataclass(frozen=True)
class Seen:
    """What a map may look at: pictures (height, width, 3) uint8, the later ones twice as large as the first.

    `through` went through the autoencoder, `predicted` is how far the model moves each latent in one evaluation,
    (height / 4, width / 4), and `second` is the finished second pass.
    """

    first: np.ndarray
    through: np.ndarray
    predicted: np.ndarray
    second: np.ndarray


def _brightness(picture: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).convert("L"), float)


def fields(pixels: np.ndarray, side: int = FIELD) -> np.ndarray:
    """Means over squares of `side` pixels."""
    height, width = pixels.shape[0] // side, pixels.shape[1] // side
    means: np.ndarray = pixels[: height * side, : width * side].reshape(height, side, width, side).mean((1, 3))
    return means


def _around(values: np.ndarray) -> np.ndarray:
    """A field with its eight neighbours, for a face is larger than a field."""
    smooth: np.ndarray = ndimage.uniform_filter(values, 3, mode="nearest")
    return smooth


def _fine(seen: Seen) -> np.ndarray:
    return fields(np.abs(ndimage.laplace(_brightness(seen.first))))


def _coarse(seen: Seen) -> np.ndarray:
    """Contrast over some pixels, which blur leaves."""
    grey = _brightness(seen.first)
    return fields(np.abs(ndimage.gaussian_filter(grey, 2) - ndimage.gaussian_filter(grey, 5)))


def blur(seen: Seen) -> np.ndarray:
    """Least fine contrast: the picture's sharpness, field by field."""
    return -_around(_fine(seen))


def detail(seen: Seen) -> np.ndarray:
    """The opposite, as a control: most fine contrast, the busiest places."""
    return _around(_fine(seen))


def soft_edges(seen: Seen) -> np.ndarray:
    """Coarse contrast for each fine one: something is there, and its edges are soft."""
    ratio: np.ndarray = (_around(_coarse(seen)) + _EVEN) / (_around(_fine(seen)) + _EVEN)
    return ratio


def fused(seen: Seen) -> np.ndarray:
    """Coarse contrast less the fine one, as shares of the picture's strongest: much is there, and little shows."""
    coarse, fine = _around(_coarse(seen)), _around(_fine(seen))
    return coarse / max(float(np.percentile(coarse, 95)), _EVEN) - fine / max(float(np.percentile(fine, 95)), _EVEN)


def _gain(seen: Seen, after: np.ndarray) -> np.ndarray:
    """The contact sheet's measure: the detail that the first pass lacks against a later picture."""
    size = (after.shape[1], after.shape[0])
    before = Image.fromarray(seen.first).resize(size, Image.Resampling.BICUBIC)
    lacking = crops._detail(Image.fromarray(after)) - crops._detail(before)
    return fields(np.asarray(crops._share(lacking)), 2 * FIELD)


def through_autoencoder(seen: Seen) -> np.ndarray:
    """Detail that the autoencoder adds to the enlarged picture by itself."""
    return _gain(seen, seen.through)


def prediction(seen: Seen) -> np.ndarray:
    """How far one evaluation of the model moves the enlarged latents at the noise of a strength of 0.3."""
    return _around(fields(seen.predicted, 2))


def second_pass(seen: Seen) -> np.ndarray:
    """Detail that the whole second pass adds: what the map is to save."""
    return _gain(seen, seen.second)


def middle(seen: Seen) -> np.ndarray:
    """Near to the picture's middle, whatever it shows: a control."""
    height, width = seen.first.shape[0] // FIELD, seen.first.shape[1] // FIELD
    rows, columns = np.mgrid[:height, :width]
    distance: np.ndarray = -np.hypot(rows - (height - 1) / 2, columns - (width - 1) / 2)
    return distance


CANDIDATES: Mapping[str, Callable[[Seen], np.ndarray]] = {
    "blur": blur,
    "soft edges": soft_edges,
    "fused": fused,
    "autoencoder": through_autoencoder,
    "prediction": prediction,
}
CONTROLS: Mapping[str, Callable[[Seen], np.ndarray]] = {
    "detail": detail,
    "middle": middle,
    "second pass": second_pass,
}
