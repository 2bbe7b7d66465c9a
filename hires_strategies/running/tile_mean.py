"""What a model predicts for a whole, from what it predicts for overlapping tiles of it.

Mixture of Diffusers (Jimenez 2023, arXiv 2302.02412): at each step the weighted mean of all tiles, where they overlap.
The paper takes it of predicted noise. Noise, picture and velocity are the same up to factors that all tiles share, so
the mean of any of them is that of the others.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn.functional import interpolate

from hires_strategies.planning.tiles import Tiles, weights

from .out_of_memory import is_out_of_memory

PIXELS = 8  # to a latent, in a picture that does not fit the latents


@dataclass(frozen=True)
class Tile:
    """A part of a whole of `columns` x `rows` latents, in latents. `number` counts from 0."""

    number: int
    left: int
    top: int
    width: int
    height: int
    columns: int
    rows: int

    def of(self, whole: torch.Tensor, times: int = 1) -> torch.Tensor:
        """The part that the tile covers of a tensor ..., rows x times, columns x times."""
        left, top = self.left * times, self.top * times
        return whole[..., top : top + self.height * times, left : left + self.width * times]

    def of_picture(self, picture: torch.Tensor) -> torch.Tensor:
        """The part that the tile covers of a picture or a mask B,C,H,W, which is made larger or smaller if its sides
        are no whole number of times as long as those of the latents."""
        height, width = picture.shape[-2:]
        times = width // self.columns
        if times and (width, height) == (self.columns * times, self.rows * times):
            return self.of(picture, times)
        size = (self.rows * PIXELS, self.columns * PIXELS)
        return self.of(interpolate(picture.float(), size=size, mode="nearest-exact").to(picture.dtype), PIXELS)


# Predictions for some tiles, one after the other along the batch: len(tiles) x B, C, ..., height, width.
Predict = Callable[[list[Tile]], torch.Tensor]


class TileMean:
    """The tiles of one sampling. `at_once`: the most that the model sees in one run; fewer, for the rest of the
    sampling, once so many did not fit into memory. `release` then frees what can be freed."""

    def __init__(self, tiles: Tiles, at_once: int, release: Callable[[], None]) -> None:
        self.at_once = at_once
        self._release = release
        self.width, self.height = tiles.whole
        self.tiles = [
            Tile(number, left, top, tiles.width, tiles.height, self.width, self.height)
            for number, (left, top) in enumerate(tiles)
        ]
        across, down = torch.tensor(weights(tiles.width)), torch.tensor(weights(tiles.height))
        self._weights = torch.outer(down, across)
        self._sums = torch.zeros(self.height, self.width)
        for tile in self.tiles:
            tile.of(self._sums).add_(self._weights)
        self._sums[self._sums == 0] = 1  # where no tile lies nothing is predicted

    def covers(self, x: torch.Tensor) -> bool:
        """Whether x, B,C,...,height,width, is what the tiles are parts of."""
        return tuple(x.shape[-2:]) == (self.height, self.width)

    def of(self, x: torch.Tensor, predict: Predict, most: int) -> torch.Tensor:
        """The mean for x, in its dtype, and 0 where no tile lies; no more than `most` tiles at once.

        Raises what `predict` raises, for memory only if a single tile does not fit.
        """
        if len(self.tiles) == 1 and (self.tiles[0].width, self.tiles[0].height) == (self.width, self.height):
            return predict(self.tiles)
        mean: torch.Tensor | None = None
        self._weights, self._sums = self._weights.to(x.device), self._sums.to(x.device)
        waiting = list(self.tiles)
        while waiting:
            some = waiting[: min(self.at_once, most)]
            made = self._predicted(some, predict)
            if made is None:
                continue
            if mean is None:
                mean = torch.zeros(*x.shape[:1], *made.shape[1:-2], *x.shape[-2:], device=x.device)
            for tile, part in zip(some, torch.split(made, len(x)), strict=True):
                tile.of(mean).add_(part.float() * self._weights)
            del waiting[: len(some)], made
        assert mean is not None
        return mean.div_(self._sums).to(x.dtype)

    def _predicted(self, some: list[Tile], predict: Predict) -> torch.Tensor | None:
        """None if so many did not fit; from now on there are half as many."""
        try:
            return predict(some)
        except Exception as error:
            if len(some) == 1 or not is_out_of_memory(error):
                raise
        # Only out here is the error gone, and with its traceback what held the memory.
        self.at_once = len(some) // 2
        gc.collect()
        self._release()
        return None


def cut(value: Any, some: list[Tile], x: torch.Tensor) -> Any:
    """What a model is given beside x, B,C,...,height,width, for some of its tiles: dicts, lists and tuples of tensors.

    What has x's height and width is cut. What has none is the same for each tile, and there once for each.
    """
    if isinstance(value, torch.Tensor):
        if value.ndim > 3 and value.shape[-2:] == x.shape[-2:]:
            return torch.cat([tile.of(value) for tile in some])
        return value if len(some) == 1 or not value.ndim else torch.cat([value] * len(some))
    if isinstance(value, dict):
        return {key: cut(each, some, x) for key, each in value.items()}
    if type(value) in (list, tuple):
        return type(value)([cut(each, some, x) for each in value])
    return value


def by_rows(value: Any, rows: int) -> bool:
    """Whether all tensors in it have one part for each of the batch's rows: several tiles are then a larger batch."""
    if isinstance(value, torch.Tensor):
        return not value.ndim or len(value) == rows
    if isinstance(value, dict):
        return all(by_rows(each, rows) for each in value.values())
    return type(value) not in (list, tuple) or all(by_rows(each, rows) for each in value)
