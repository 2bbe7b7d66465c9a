"""A stand-in for Z-Image: 16 channels, flow matching, a shift that the host sets before it samples, in one file.

`python -m tests.live.checkpoints.z_image WEBUI/models/Stable-diffusion` (38 MB), for a Forge Neo.
"""

from __future__ import annotations

from tests.live.checkpoints.autoencoder import Autoencoder
from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.layouts import TEXT, VAE, fill


def make(seed: int = 51) -> Weights:
    weights = Weights(seed)
    fill(weights.under("model.diffusion_model."), "z_image", "transformer")
    fill(weights.under(f"{TEXT[0]}qwen3_4b.transformer."), "z_image", "text")
    Autoencoder(16, scale=0.3611, quantised=False).add_to(weights.under(VAE[0]))
    return weights


if __name__ == "__main__":
    write(make, "narrow-z-image.safetensors")
