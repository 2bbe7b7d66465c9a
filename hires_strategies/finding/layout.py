"""How much of a layout is left in what a model predicts."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

FIELDS = 8  # along the shorter side: finer ones see details, which may change


def kept(prediction: Tensor, start: Tensor) -> Tensor:
    """How much of the layout of `start` is in `prediction`, for each of B pictures: a correlation, 1 for all of it.

    Both are latents of one shape, B,C,H,W or B,C,T,H,W. Their means over about 8 fields along the shorter side are
    correlated, over all channels together. Computed in float32; what is not a number stays so. A picture without any
    layout, one value everywhere, gives 0.
    """
    seen, wanted = _fields(prediction), _fields(start)
    both = seen.norm(dim=1) * wanted.norm(dim=1)
    found: Tensor = (seen * wanted).sum(1) / both.clamp_min(torch.finfo(torch.float32).tiny)
    return found


def _fields(latents: Tensor) -> Tensor:
    """B rows of means over fields, with a mean of 0."""
    height, width = latents.shape[-2:]
    scale = min(1.0, FIELDS / min(height, width))
    planes = latents.float().reshape(latents.shape[0], -1, height, width)
    rows = adaptive_avg_pool2d(planes, (max(1, round(height * scale)), max(1, round(width * scale)))).flatten(1)
    centred: Tensor = rows - rows.mean(1, keepdim=True)
    return centred
