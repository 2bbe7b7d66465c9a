"""A stage that is sampled in tiles: where they lie, and how much of each counts.

At each step the model predicts every tile by itself; the prediction of the whole is the mean of theirs, weighted by a
Gaussian around each one's middle, so that no border shows. That is Mixture of Diffusers (Jimenez 2023,
arXiv 2302.02412).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

DEVIATION = 0.3  # of the weights, in half sides of a tile
AUTOENCODER_SIDE = 64  # of a tile of the autoencoder, in latents: 512 pixels with most models
PART = 4  # without a number, tiles overlap by this part of a side


@dataclass(frozen=True)
class Tiles:
    """The tiles of a stage, in latents: all have `width` x `height` of them, and their left and upper edges are each
    of `lefts` with each of `tops`, or of these only the ones in `only`. Where they do not cover the picture, `within`
    are its columns and rows, and `everywhere` is the number of tiles that would."""

    width: int
    height: int
    lefts: tuple[int, ...]
    tops: tuple[int, ...]
    only: tuple[tuple[int, int], ...] | None = None
    within: tuple[int, int] | None = None
    everywhere: int = 0

    @property
    def whole(self) -> tuple[int, int]:
        """Columns and rows of the picture that they are parts of."""
        return self.within or (self.lefts[-1] + self.width, self.tops[-1] + self.height)

    def __len__(self) -> int:
        return len(self.lefts) * len(self.tops) if self.only is None else len(self.only)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Left and upper edge of each, row by row."""
        every = ((left, top) for top in self.tops for left in self.lefts)
        return every if self.only is None else iter(self.only)


def tiles_of(size: tuple[int, int], side: int, overlap: int | None, factor: int) -> Tiles:
    """The tiles of `side` x `side` pixels for a picture of `size` pixels, as few as overlap by at least `overlap`.

    `factor` is the number of pixels to a latent; a tile has whole latents, and is no larger than the picture. The tiles
    are spread evenly. `overlap` is at most half a side; without one it is a quarter of it.
    """
    columns, rows = size[0] // factor, size[1] // factor
    width, height = min(side // factor, columns), min(side // factor, rows)
    lefts = edges(0, columns, width, shared(width, overlap, factor))
    return Tiles(width, height, lefts, edges(0, rows, height, shared(height, overlap, factor)))


def shared(part: int, overlap: int | None, factor: int) -> int:
    """The latents by which two tiles overlap at least that have `part` of them along a side; `overlap` is in pixels."""
    return part // PART if overlap is None else min(-(-overlap // factor), part // 2)


def edges(first: int, last: int, part: int, shared: int) -> tuple[int, ...]:
    """Where the parts begin that cover what lies between two latents of a side, as few as share so many."""
    length = last - first
    count = 1 if part >= length else math.ceil((length - shared) / (part - shared))
    return tuple(first + round(index * (length - part) / max(count - 1, 1)) for index in range(count))


def weights(length: int) -> list[float]:
    """How much each of `length` latents of a tile counts along a side: a Gaussian around its middle."""
    places = ((2 * index + 1) / length - 1 for index in range(length))
    return [math.exp(-(place**2) / (2 * DEVIATION**2)) for place in places]
