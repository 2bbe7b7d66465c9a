"""A stand-in for Anima: flow matching, latents with a time axis (1 x 16 x 1 x height / 8 x width / 8), in one file.

`python -m tests.live.checkpoints.anima WEBUI/models/Stable-diffusion` (56 MB), for a Forge Neo.
"""

from __future__ import annotations

from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.layouts import TEXT, VAE, alias, fill


def make(seed: int = 41) -> Weights:
    weights = Weights(seed)
    fill(weights.under("model.diffusion_model."), "anima", "transformer")
    fill(weights.under(f"{TEXT[0]}qwen3_06b.transformer."), "anima", "text")
    fill(weights.under(VAE[0]), "anima", "vae")
    alias(weights, TEXT)
    alias(weights, VAE)
    return weights


if __name__ == "__main__":
    write(make, "narrow-anima.safetensors")
