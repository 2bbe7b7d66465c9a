"""A stand-in for SD 1.5: `python -m tests.live.checkpoints.sd15 WEBUI/models/Stable-diffusion` (78 MB)."""

from __future__ import annotations

from tests.live.checkpoints.autoencoder import Autoencoder
from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.text_encoders import clip
from tests.live.checkpoints.unet import UNet

CONTEXT = 768


def make(seed: int = 15) -> Weights:
    weights = Weights(seed)
    UNet(CONTEXT, attention=(False, False, True)).add_to(weights.under("model.diffusion_model."))
    Autoencoder(channels=4, scale=0.18215).add_to(weights.under("first_stage_model."))
    clip(weights.under("cond_stage_model.transformer.text_model."), CONTEXT)
    return weights


if __name__ == "__main__":
    write(make, "narrow-sd15.safetensors")
