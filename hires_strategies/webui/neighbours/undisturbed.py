"""Other extensions' work in the middle of a generation, without a trace in the random numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from modules import devices


@contextmanager
def undisturbed_generators() -> Iterator[None]:
    """Torch's, numpy's and Python's global generators are afterwards what they were before."""
    cuda = [devices.device] if torch.cuda.is_available() and devices.device.type == "cuda" else []
    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=cuda):
            yield
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
