"""The structure lock: a stage's predictions keep the coarse structure of what the stage started from.

At each step the model predicts the finished latents x0. While there is much noise it invents their coarse structure
anew: at high strengths several figures, or another picture. The lock draws that part of the prediction to the start's,

    x0' = x0 + strength w(sigma) (L(start) - L(x0)),    w(sigma) = sigma^2 / (sigma^2 + 1),

so that it fades as the fine structure emerges. L is a low pass. The idea is that of DiffuseHigh (Kim et al. 2024,
arXiv 2406.18459), which exchanges the coarse band of a wavelet transform.
"""

from __future__ import annotations

import math

import torch

from hires_strategies.planning.sizes import Upscale


def coarse_size(rows: int, columns: int, upscale: Upscale) -> tuple[int, int]:
    """Rows and columns to which L reduces a stage's `rows` x `columns` latents: what they were enlarged from.

    At most half of them, at least 1: where a stage enlarges little or nothing, L would change nothing otherwise, and
    the lock would hold every detail instead of the structure.
    """
    width, height = upscale.source
    kept = rows * height / upscale.height, columns * width / upscale.width
    return _at_most_half(kept[0], rows), _at_most_half(kept[1], columns)


def _at_most_half(kept: float, all_of_them: int) -> int:
    return max(min(round(kept), all_of_them // 2), 1)


def weight(sigma: float) -> float:
    """w(sigma), from 0 to 1; `sigma` is noise over signal, infinite for noise alone."""
    return 1.0 if math.isinf(sigma) else sigma**2 / (sigma**2 + 1)


def coarse(latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """L: latents (..., H, W) reduced to `size` (rows, columns) and enlarged again. Each H x W plane for itself, in
    float32; linear, and a constant stays what it is."""
    planes = latents.float().flatten(0, -3)[:, None]
    small = torch.nn.functional.interpolate(planes, size=size, mode="bilinear", antialias=True)
    low = torch.nn.functional.interpolate(small, size=latents.shape[-2:], mode="bicubic")
    return low.reshape(latents.shape)


def locked(x0: torch.Tensor, start: torch.Tensor, size: tuple[int, int], share: float) -> torch.Tensor:
    """The prediction `x0` with `share` (0 to 1: strength times weight) of its coarse part exchanged for the start's.

    Both are B x C x H x W or B x C x T x H x W; the result has the type and device of `x0`, which is left as it is.
    """
    difference = start.to(x0.device).float() - x0.float()
    return (x0.float() + share * coarse(difference, size)).to(x0.dtype)
