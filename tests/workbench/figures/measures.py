"""What is measured on pictures, and how sure a measured share or mean is."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image
from scipy import ndimage

from figures.detector import Head

GRID = 16  # a layout is judged on so many fields along the shorter side
COLOR_GRID = 8  # and colors on so many, which no detail reaches


def is_keeper(heads: Sequence[Head]) -> bool:
    """One figure, and its face is whole."""
    return len(heads) == 1 and heads[0].face


def sharpness(picture: np.ndarray, size: tuple[int, int]) -> float:
    """Mean absolute Laplacian of the brightness (0 to 255) when shown at `size` (width, height); blur lowers it."""
    shown = Image.fromarray(picture).convert("L").resize(size, Image.Resampling.LANCZOS)
    return float(np.abs(ndimage.laplace(np.asarray(shown, float))).mean())


def layout_kept(before: np.ndarray, after: np.ndarray) -> float:
    """Correlation of two pictures of one aspect ratio shrunk to about 16 fields a side: 1 is the same layout."""
    scale = GRID / min(before.shape[:2])
    size = (round(before.shape[1] * scale), round(before.shape[0] * scale))
    small = [np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BOX), float) for each in (before, after)]
    return float(np.corrcoef(small[0].ravel(), small[1].ravel())[0, 1])


def color_moved(before: np.ndarray, after: np.ndarray) -> float:
    """How far the colors moved: the mean distance (of 255) of the means over 8 fields along the shorter side."""
    scale = COLOR_GRID / min(before.shape[:2])
    size = (round(before.shape[1] * scale), round(before.shape[0] * scale))
    small = [np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BOX), float) for each in (before, after)]
    return float(np.abs(small[0] - small[1]).mean())


def share(flags: Sequence[bool]) -> tuple[float, float, float]:
    """A share and the ends of its 95 % interval (Wilson 1927)."""
    count, hits, z = len(flags), sum(flags), 1.96
    if not count:
        return math.nan, 0.0, 1.0
    middle = (hits + z * z / 2) / (count + z * z)
    spread = z / (count + z * z) * math.sqrt(hits * (count - hits) / count + z * z / 4)
    return hits / count, max(0.0, middle - spread), min(1.0, middle + spread)


def mean(values: Sequence[float]) -> tuple[float, float, float]:
    """A mean and the ends of its 95 % interval (1.96 standard errors)."""
    middle = float(np.mean(values))
    error = 1.96 * float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.inf
    return middle, middle - error, middle + error
