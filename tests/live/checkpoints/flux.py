"""A stand-in for Flux (dev): 16 channels, flow matching, a distilled CFG scale, text encoders and VAE in the one file.

`python -m tests.live.checkpoints.flux WEBUI/models/Stable-diffusion` (130 MB).
"""

from __future__ import annotations

from tests.live.checkpoints.autoencoder import Autoencoder
from tests.live.checkpoints.common import Weights, write
from tests.live.checkpoints.text_encoders import T5_WIDTH, clip, t5

CHANNELS = 16
PATCH = 2 * 2 * CHANNELS
WIDTH = 128  # one head, whose rotary positions take 16 + 56 + 56
POOLED = 768
TIMESTEP = 256


def make(seed: int = 31) -> Weights:
    weights = Weights(seed)
    part = weights.under("model.diffusion_model.")
    part.linear("img_in", PATCH, WIDTH)
    part.linear("txt_in", T5_WIDTH, WIDTH)
    for name, inputs in (("time_in", TIMESTEP), ("guidance_in", TIMESTEP), ("vector_in", POOLED)):
        part.linear(f"{name}.in_layer", inputs, WIDTH)
        part.linear(f"{name}.out_layer", WIDTH, WIDTH)
    for stream in ("img", "txt"):
        _stream(part.under(f"double_blocks.0.{stream}_"))
    _single(part.under("single_blocks.0."))
    part.linear("final_layer.adaLN_modulation.1", WIDTH, 2 * WIDTH)
    part.linear("final_layer.linear", WIDTH, PATCH, gain=0.7)
    Autoencoder(CHANNELS, scale=0.3611, quantised=False).add_to(weights.under("vae."))
    clip(weights.under("text_encoders.clip_l.transformer.text_model."), POOLED)
    t5(weights.under("text_encoders.t5xxl.transformer."))
    return weights


def _stream(weights: Weights) -> None:
    weights.linear("mod.lin", WIDTH, 6 * WIDTH)
    weights.linear("attn.qkv", WIDTH, 3 * WIDTH)
    weights.norm("attn.norm.query_norm", WIDTH, bias=False)
    weights.norm("attn.norm.key_norm", WIDTH, bias=False)
    _rename_scale(weights, "attn.norm.")
    weights.linear("attn.proj", WIDTH, WIDTH)
    weights.linear("mlp.0", WIDTH, 4 * WIDTH)
    weights.linear("mlp.2", 4 * WIDTH, WIDTH)


def _single(weights: Weights) -> None:
    weights.linear("linear1", WIDTH, 3 * WIDTH + 4 * WIDTH)
    weights.linear("linear2", WIDTH + 4 * WIDTH, WIDTH)
    weights.norm("norm.query_norm", WIDTH, bias=False)
    weights.norm("norm.key_norm", WIDTH, bias=False)
    _rename_scale(weights, "norm.")
    weights.linear("modulation.lin", WIDTH, 3 * WIDTH)


def _rename_scale(weights: Weights, norm: str) -> None:
    """Flux calls the weight of its query and key norms a scale."""
    for each in ("query_norm", "key_norm"):
        name = f"{weights.prefix}{norm}{each}"
        weights.tensors[f"{name}.scale"] = weights.tensors.pop(f"{name}.weight")


if __name__ == "__main__":
    write(make, "narrow-flux.safetensors")
