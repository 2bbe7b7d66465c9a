"""Weights for the names and shapes in layouts/FAMILY.json, which `record_layouts.py` took from a host's own classes."""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch

from tests.live.checkpoints.common import Weights

# Forge Neo of February 2026 looks for text encoder and VAE of some families under the one, Neo 2.26 under the other.
TEXT = ("text_encoders.", "cond_stage_model.")
VAE = ("vae.", "first_stage_model.")
WORD = 0.5  # the standard deviation of a token's embedding
GAINS = {"decoder.head.2.weight": 0.7}  # what is drawn is -1 to 1, with few values beyond


def fill(weights: Weights, family: str, part: str) -> None:
    """Layers that keep a variance of 1, norms that do nothing, biases of 0."""
    shapes = json.loads((Path(__file__).parent / "layouts" / f"{family}.json").read_text(encoding="utf-8"))[part]
    for name, shape in shapes.items():
        if name.endswith(".bias"):
            weights.set(name, torch.zeros(shape))
        elif name.endswith(".gamma") or len(shape) == 1:
            weights.set(name, torch.ones(shape))
        elif "embed_tokens" in name or name == "llm_adapter.embed.weight":
            weights.normal(name, tuple(shape), WORD)
        else:
            weights.normal(name, tuple(shape), GAINS.get(name, 1.0) / math.sqrt(math.prod(shape[1:])))


def alias(weights: Weights, prefixes: tuple[str, str]) -> None:
    """The same tensors under a second prefix."""
    first, second = prefixes
    for name in [each for each in weights.tensors if each.startswith(first)]:
        weights.tensors[second + name.removeprefix(first)] = weights.tensors[name].clone()
