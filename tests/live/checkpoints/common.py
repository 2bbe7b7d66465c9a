"""Weights of seeded random numbers, named and shaped as the real families' checkpoints are, and nothing of a WebUI.

A stand-in draws blotches that depend on seed, prompt, size, sampler and schedule; it knows no subjects. It is as narrow
as a test can bear: `narrow_hosts.py` tells a host the widths of these files. They are written where the command line
says, a WebUI's models/Stable-diffusion/ usually, and never into the repository.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import save_file

AFTER_SILU = 1 / math.sqrt(0.356)  # the gain that undoes SiLU after a norm: E[silu(n)^2] is 0.356 for n of N(0, 1)
WORDS = 49408  # of CLIP's vocabulary
POSITIONS = 77


class Weights:
    """Named tensors, drawn in the order in which they are asked for, so that one seed gives one file."""

    def __init__(self, seed: int, prefix: str = "") -> None:
        self.tensors: dict[str, torch.Tensor] = {}
        self.generator = torch.Generator().manual_seed(seed)
        self.prefix = prefix

    def under(self, prefix: str) -> Weights:
        """The same weights, seen from a part of the model whose names begin with `prefix`."""
        part = Weights(0, self.prefix + prefix)
        part.tensors, part.generator = self.tensors, self.generator
        return part

    def set(self, name: str, values: torch.Tensor) -> None:
        self.tensors[self.prefix + name] = values.half().contiguous()

    def normal(self, name: str, shape: tuple[int, ...], deviation: float) -> None:
        self.set(name, torch.randn(shape, generator=self.generator) * deviation)

    def linear(self, name: str, inputs: int, outputs: int, gain: float = 1.0, bias: bool = True) -> None:
        """A layer that keeps a variance of 1 at `gain` 1."""
        self.normal(f"{name}.weight", (outputs, inputs), gain / math.sqrt(inputs))
        if bias:
            self.set(f"{name}.bias", torch.zeros(outputs))

    def convolution(self, name: str, inputs: int, outputs: int, side: int = 3, gain: float = 1.0) -> None:
        self.normal(f"{name}.weight", (outputs, inputs, side, side), gain / math.sqrt(inputs * side * side))
        self.set(f"{name}.bias", torch.zeros(outputs))

    def norm(self, name: str, width: int, bias: bool = True) -> None:
        self.set(f"{name}.weight", torch.ones(width))
        if bias:
            self.set(f"{name}.bias", torch.zeros(width))


def write(make: Callable[[], Weights], name: str) -> None:
    """The command line of a family: writes its file into the folder that is given."""
    parser = argparse.ArgumentParser(description=f"Writes {name}, a stand-in checkpoint, into FOLDER.")
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    path = parser.parse_args().folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = make()
    save_file(weights.tensors, path)
    numbers = sum(each.numel() for each in weights.tensors.values())
    print(f"{path}: {numbers / 1e6:.1f} million numbers, {path.stat().st_size / 1e6:.0f} MB")
