"""A stand-in for SDXL: `python -m tests.live.checkpoints.sdxl WEBUI/models/Stable-diffusion` (350 MB)."""

from __future__ import annotations

from tests.live.checkpoints.autoencoder import Autoencoder
from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.text_encoders import clip, open_clip
from tests.live.checkpoints.unet import UNet

FIRST, SECOND = 768, 1280  # the widths of the two text encoders
SIZES = 6 * 256  # of the vector: original size, crop, target size


def make(seed: int = 21) -> Weights:
    weights = Weights(seed)
    unet = UNet(FIRST + SECOND, attention=(False, True, True), linear=True, vector=SECOND + SIZES)
    unet.add_to(weights.under("model.diffusion_model."))
    Autoencoder(channels=4, scale=0.13025).add_to(weights.under("first_stage_model."))
    clip(weights.under("conditioner.embedders.0.transformer.text_model."), FIRST)
    open_clip(weights.under("conditioner.embedders.1.model."), SECOND)
    return weights


if __name__ == "__main__":
    write(make, "narrow-sdxl.safetensors")
