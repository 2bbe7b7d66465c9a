"""Where pictures of one subject differ most: the place that a contact sheet shows at 1:1."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from hires_strategies.errors import StrategyError

Box = tuple[float, float, float, float]  # left, top, right, bottom as fractions of a picture's sides, 0 to 1
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)
Values = NDArray[np.floating[Any]]  # a number for every pixel, rows x columns

_SHARE = 0.4  # the part of a side that a crop shows, within the next two
_SMALLEST, _LARGEST = 192, 640  # pixels
_ANALYSED = 512  # longest side of the compared pictures, in pixels
_SHARPEST = 95  # per cent: what counts as full detail
_FLAT = 0.2  # weight of a difference where there is no detail; 1.2 at full detail
_SMALLEST_BOX = 0.02  # of a side


def crop_size(size: tuple[int, int]) -> tuple[int, int]:
    """Pixels of a crop out of a picture of `size` pixels."""
    width, height = (min(side, max(_SMALLEST, min(_LARGEST, round(side * _SHARE)))) for side in size)
    return width, height


def find_crop(images: Sequence[Image.Image], first_pass: Image.Image | None) -> Box:
    """The box of crop_size() (of the largest picture) in which the pictures differ most from their median.

    Pictures that are completely different from the others do not decide, and a flat sky in another blue means little:
    differences count more where there is fine detail, and most where the first pass lacks it, as what is blurred or
    fused there is what a second pass repairs. Pictures may have any sizes; equal ones give the middle.
    """
    width, height = largest(images)
    scale = min(1.0, _ANALYSED / max(width, height))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    stack = np.stack([np.asarray(_resized(image, size)) for image in images])
    median = np.partition(stack, len(stack) // 2, axis=0)[len(stack) // 2]
    each = np.stack([np.abs(picture.astype(np.int16) - median).mean(axis=2) for picture in stack])
    wild = len(stack) // 4
    difference = np.partition(each, len(stack) - 1 - wild, axis=0)[: len(stack) - wild].sum(axis=0)
    detail = _detail(Image.fromarray(median))
    difference *= _FLAT + _share(detail)
    if first_pass is not None:
        difference *= 1 + _share(detail - _detail(_resized(first_pass, size)))
    crop = crop_size((width, height))
    window = (max(1, round(crop[0] * scale)), max(1, round(crop[1] * scale)))
    left, top = _best_window(difference, window)
    return left / size[0], top / size[1], (left + window[0]) / size[0], (top + window[1]) / size[1]


def cut(image: Image.Image, box: Box, size: tuple[int, int]) -> Image.Image:
    """The part `box` of a picture, resized to `size` pixels unless it has that size already."""
    width, height = image.size
    left, top = round(box[0] * width), round(box[1] * height)
    if size[0] <= width and size[1] <= height:
        part = (box[2] - box[0]) * width, (box[3] - box[1]) * height
        if abs(part[0] - size[0]) < 2 and abs(part[1] - size[1]) < 2:  # 1:1 except for the rounding of the box
            left, top = min(left, width - size[0]), min(top, height - size[1])
            return image.crop((left, top, left + size[0], top + size[1]))
    exact = (box[0] * width, box[1] * height, box[2] * width, box[3] * height)
    return image.resize(size, Image.Resampling.LANCZOS, box=exact)


def box_pixels(box: Box, size: tuple[int, int]) -> tuple[int, int]:
    """Width and height of a box in a picture of `size` pixels."""
    return max(1, round((box[2] - box[0]) * size[0])), max(1, round((box[3] - box[1]) * size[1]))


def largest(images: Sequence[Image.Image]) -> tuple[int, int]:
    """The size of the picture with the most pixels."""
    return max((image.size for image in images), key=lambda size: size[0] * size[1])


def parse_box(text: str) -> Box | None:
    """A box as written by a user: left, top, right, bottom in per cent of the picture, for example "30 10 70 50".

    None for an empty text. Raises StrategyError for anything else.
    """
    if not text.strip():
        return None
    numbers = re.fullmatch(r"\s*" + r"[,;\s]+".join([r"([0-9]+(?:\.[0-9]+)?)\s*%?"] * 4) + r"\s*", text)
    left, top, right, bottom = (float(number) / 100 for number in numbers.groups()) if numbers else (0.0,) * 4
    if right > 1 or bottom > 1 or min(right - left, bottom - top) < _SMALLEST_BOX:
        raise StrategyError(
            "The crops' box has to be left, top, right and bottom in per cent of the picture (not as parts of 1), at "
            f"least {_SMALLEST_BOX:.0%} wide and high, '30 10 70 50' for example, found {text!r}."
        )
    return left, top, right, bottom


def _resized(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    image = image.convert("RGB")
    return image if image.size == size else image.resize(size, Image.Resampling.BICUBIC)


def _detail(image: Image.Image) -> Values:
    """How much fine detail there is around every pixel."""
    grey = image.convert("L")
    fine = np.abs(np.asarray(grey, np.float32) - np.asarray(grey.filter(ImageFilter.GaussianBlur(2)), np.float32))
    around = Image.fromarray(fine.clip(0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(6))
    return np.asarray(around, np.float32)


def _share(detail: Values) -> Values:
    """0 for none or less, 1 for as much as in the sharpest places."""
    share: Values = np.clip(detail / max(float(np.percentile(detail, _SHARPEST)), 1.0), 0, 1)
    return share


def _best_window(values: Values, window: tuple[int, int]) -> tuple[int, int]:
    """Left and top of the window with the largest sum, its middle counting most, so that differences are not cut off.

    Of equal windows, the one nearest to the picture's middle.
    """
    width, height = window
    half = max(1, width // 2), max(1, height // 2)
    inside = _sums(_sums(values.astype(np.float64), half), (width - half[0] + 1, height - half[1] + 1))
    rows, columns = inside.shape
    off_middle = np.hypot(np.arange(rows)[:, None] - (rows - 1) / 2, np.arange(columns)[None] - (columns - 1) / 2)
    largest = float(np.max(inside))
    candidates = np.where(inside >= largest - 1e-6 * max(1.0, largest), off_middle, np.inf)
    top, left = np.unravel_index(int(np.argmin(candidates)), candidates.shape)
    return int(left), int(top)


def _sums(values: Values, window: tuple[int, int]) -> Values:
    """The sum of every window with so many columns and rows that lies within the values."""
    width, height = window
    sums: Values = np.pad(values, ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    found: Values = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    return found
