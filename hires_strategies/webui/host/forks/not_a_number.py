"""A model or an autoencoder whose results are not numbers (NaN): half precision does that, or a broken file.

A1111 looks for it where it decodes (devices.test_for_nans) and ends with an error. Forge and its kin do not: their
picture is black, and so is every stage after it.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from modules import shared

from hires_strategies.errors import StageFailed

_ADVICE = "Where half precision is the cause, the WebUI has options for more: --no-half, --no-half-vae, --vae-in-fp32"


def require_numbers(samples: Iterable[torch.Tensor], maker: str) -> None:
    """Raises StageFailed if none of a batch's samples has a number in it; not if the user has turned the host's own
    check off. To be asked of whole batches: one image's trouble is no reason to lose the others."""
    samples = list(samples)
    if not samples or getattr(shared.cmd_opts, "disable_nan_check", False):
        return
    if all(bool(torch.isnan(sample).all()) for sample in samples):
        raise StageFailed(f"{maker} gave no numbers (NaN), which would be a black picture. {_ADVICE}")
