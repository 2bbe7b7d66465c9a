"""Torch's global generator, from which encoding draws, and some upscalers when they load."""

from __future__ import annotations

import torch
from modules import rng


def rewind(seed: int) -> None:
    """Reseed it and draw once, as the host's ImageRNG.first does for a batch's last image, which has this seed.

    That is where sampling leaves it, in the first pass and in every second pass.
    """
    torch.manual_seed(seed)  # the host does not, if its random numbers are not torch's
    rng.randn(seed, (1,), rng.create_generator(seed))  # for a batch's last image; Forge uses another seed
