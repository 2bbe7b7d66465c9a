"""Other extensions' work in the middle of a generation, without a trace in the random numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from hires_strategies.webui.host.generator import used_gpus


@contextmanager
def undisturbed_generators() -> Iterator[None]:
    """Torch's, numpy's and Python's global generators are afterwards what they were before."""
    numpys, pythons = np.random.get_state(), random.getstate()
    try:
        with torch.random.fork_rng(devices=used_gpus()):
            yield
    finally:
        np.random.set_state(numpys)
        random.setstate(pythons)
