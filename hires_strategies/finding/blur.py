"""How much noise a latent upscale needs at least, so that its blur is drawn over."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from hires_strategies.errors import StrategyError


def blur_floor(upscaled: Any, detailed: Any, source: tuple[int, int]) -> float:
    """The noise over signal that is as strong as what `upscaled` lacks of details, 0 or more.

    `upscaled` are latents after a latent upscale, `detailed` the encoded picture that was enlarged to their size,
    B,C,H,W or B,C,T,H,W both; `source` the rows and columns of the latents before. It is the root of the mean power
    that `detailed` has more than `upscaled` at the frequencies that the latents before could not hold: with less
    noise than that, the model takes the blur for the picture.

    Raises StrategyError if either is not finite.
    """
    height, width = upscaled.shape[-2:]
    rows, columns = _cycles(height), _cycles(width)
    finer = (rows[:, None] > source[0] / 2) | (columns[None, :] > source[1] / 2)
    if not finer.any():
        return 0.0
    lacking = float(_power(detailed)[finer].mean() - _power(upscaled)[finer].mean())
    if not math.isfinite(lacking):
        raise StrategyError("The enlarged latents hold something that is not a number.")
    return math.sqrt(max(0.0, lacking))


def _cycles(length: int) -> Tensor:
    """Cycles along a side of `length` latents, in the order of the FFT."""
    cycles: Tensor = (torch.fft.fftfreq(length) * length).abs()
    return cycles


def _power(latents: Any) -> Tensor:
    """H,W: the mean power of each frequency; white noise of deviation 1 has 1 everywhere.

    Under a Hann window, whose mean square is made 1: the picture's edges are no details, and its middle counts most.
    """
    planes = latents.float().cpu().reshape(-1, *latents.shape[-2:])
    rows, columns = (torch.hann_window(length + 2, periodic=False)[1:-1] for length in planes.shape[-2:])
    window = rows[:, None] * columns[None, :]
    seen = (planes - planes.mean((1, 2), keepdim=True)) * window / (window**2).mean().sqrt()
    power: Tensor = (torch.fft.fft2(seen, norm="ortho").abs() ** 2).mean(0)
    return power
