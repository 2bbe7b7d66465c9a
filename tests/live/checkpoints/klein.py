"""A stand-in for Flux 2 Klein: flow matching, 128 channels, latents of a sixteenth of a picture's sides, in one file.

`python -m tests.live.checkpoints.klein WEBUI/models/Stable-diffusion` (35 MB), for a Forge Neo.
"""

from __future__ import annotations

import torch

from tests.live.checkpoints.autoencoder import Autoencoder
from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.layouts import TEXT, VAE, fill

CHANNELS = 32  # of the autoencoder, four of whose pixels are one of the latents
LATENT = 4 * CHANNELS


def make(seed: int = 61) -> Weights:
    weights = Weights(seed)
    fill(weights.under("model.diffusion_model."), "klein", "transformer")
    fill(weights.under(f"{TEXT[0]}qwen3_4b.transformer."), "klein", "text")
    vae = weights.under(VAE[0])
    Autoencoder(CHANNELS, scale=1.0).add_to(vae)
    vae.set("bn.running_mean", torch.zeros(LATENT))
    vae.set("bn.running_var", torch.ones(LATENT))
    for name in [each for each in weights.tensors if each.endswith(("query_norm.weight", "key_norm.weight"))]:
        weights.tensors[name.removesuffix("weight") + "scale"] = weights.tensors.pop(name)  # as in the real file
    return weights


if __name__ == "__main__":
    write(make, "narrow-klein.safetensors")
