"""Torch's global generators, from which encoding draws, and some upscalers when they load; the noise of a pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from modules import devices, rng

from .processing import Processing


def used_gpus() -> list[torch.device]:
    """The CUDA device that the host computes on, which has a generator of its own; empty without one."""
    return [devices.device] if torch.cuda.is_available() and devices.device.type == "cuda" else []


def states() -> dict[str, torch.Tensor]:
    """The generators' states now, by kind of device."""
    found = {"cpu": torch.get_rng_state()}
    for gpu in used_gpus():
        found["cuda"] = torch.cuda.get_rng_state(gpu)
    return found


def restore(states: Mapping[str, torch.Tensor]) -> None:
    """Set the generators to such states."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], devices.device)


def rewind(seed: int) -> None:
    """Reseed it and draw once, as the host's ImageRNG.first does for a batch's last image, which has this seed.

    That is where sampling leaves it, in the first pass and in every second pass.
    """
    torch.manual_seed(seed)  # the host does not, if its random numbers are not torch's
    rng.randn(seed, (1,), rng.create_generator(seed))  # for a batch's last image; Forge uses another seed


def noise_for(q: Processing, shape: Any) -> torch.Tensor:
    """A pass's noise, B x `shape`, from a new ImageRNG on `q`: from seed and size alone, as the host makes it."""
    q.rng = rng.ImageRNG(
        shape,
        q.seeds,
        subseeds=q.subseeds,
        subseed_strength=q.subseed_strength,
        seed_resize_from_h=q.seed_resize_from_h,
        seed_resize_from_w=q.seed_resize_from_w,
    )
    noise: torch.Tensor = q.rng.next()
    return noise
