"""Other extensions' work in the middle of a generation, without a trace in the random numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from modules import devices

Generators = tuple[torch.Tensor, "torch.Tensor | None"]  # states of torch's, of the CPU and of the device


def _cuda() -> list[torch.device]:
    return [devices.device] if torch.cuda.is_available() and devices.device.type == "cuda" else []


def generators() -> Generators:
    """The states of torch's generators now."""
    return torch.get_rng_state(), next((torch.cuda.get_rng_state(each) for each in _cuda()), None)


def put_back(states: Generators) -> None:
    """Set torch's generators to such states."""
    cpu, cuda = states
    torch.set_rng_state(cpu)
    if cuda is not None:
        torch.cuda.set_rng_state(cuda, devices.device)


@contextmanager
def undisturbed_generators() -> Iterator[None]:
    """Torch's, numpy's and Python's global generators are afterwards what they were before."""
    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=_cuda()):
            yield
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
