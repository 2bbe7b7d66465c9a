"""Writes layouts/FAMILY.json, the names and shapes of a narrow model's weights, as a Forge Neo's own classes make them.

Run in the folder of a Neo that `narrow_neo.py` has changed, with its Python, as `PYTHONPATH=CHECKOUT python
CHECKOUT/tests/live/checkpoints/record_layouts.py --cpu`. Recorded on Neo 2.26 (5692d2d1): that of February 2026 makes
the weights of its layers as it loads them, so that its classes do not tell their shapes; it loads these, too.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

# ruff: noqa: E402
sys.path[:0] = [os.getcwd(), "modules_forge/packages"]
from backend.nn.anima import Anima
from backend.nn.flux import IntegratedFluxTransformer2DModel
from backend.nn.llm.llama import Qwen3_06B, Qwen3_4B
from backend.nn.lumina import NextDiT
from backend.nn.wan_vae import WanVAE
from backend.operations import using_forge_operations
from huggingface_guess.detection import detect_unet_config

from tests.live.checkpoints.narrow_neo import DIFFUSERS, LARGE, SMALL, WIDTH, Z_WIDTH

FOLDER = Path(__file__).parent / "layouts"
# What each family is recognised by.
ANIMA = {"blocks.0.mlp.layer1.weight": (1,), "llm_adapter.blocks.0.cross_attn.q_proj.weight": (1,),
         "x_embedder.proj.1.weight": (WIDTH, (16 + 1) * 4)}  # fmt: skip
Z_IMAGE = {"cap_embedder.1.weight": (Z_WIDTH, LARGE["hidden_size"]), "noise_refiner.0.attention.k_norm.weight": (1,),
           "cap_pad_token": (1,), "layers.0.x": (1,), "layers.1.x": (1,)}  # fmt: skip
KLEIN = {"double_blocks.0.img_attn.norm.key_norm.scale": (1,), "double_stream_modulation_img.lin.weight": (1,),
         "single_blocks.0.x": (1,), "img_in.weight": (WIDTH, 128),
         "txt_in.weight": (WIDTH, 3 * LARGE["hidden_size"])}  # fmt: skip


def config(signs: dict[str, tuple[int, ...]]) -> dict[str, Any]:
    prefix = "model.diffusion_model."
    found = detect_unet_config({prefix + name: torch.zeros(shape) for name, shape in signs.items()}, prefix)
    return {name: value for name, value in found.items() if name not in ("image_model", "nunchaku", "allow_fp16")}


def shapes(model: torch.nn.Module) -> dict[str, list[int]]:
    return {name: list(values.shape) for name, values in model.state_dict().items()}


def wan_vae() -> torch.nn.Module:
    return WanVAE.from_config(WanVAE.load_config(f"{DIFFUSERS}/circlestone-labs/Anima/vae"))


def main() -> None:
    anima, encoder = shapes(Anima(**config(ANIMA))), shapes(Qwen3_06B(SMALL))
    adapter = {name: shape for name, shape in encoder.items() if name.startswith("llm_adapter.")}
    qwen = {name: shape for name, shape in encoder.items() if name not in adapter}
    large = shapes(Qwen3_4B(LARGE))
    families = {
        "anima": {"transformer": anima | adapter, "text": qwen, "vae": shapes(wan_vae())},
        "z_image": {"transformer": shapes(NextDiT(**config(Z_IMAGE))), "text": large},
        "klein": {"transformer": shapes(IntegratedFluxTransformer2DModel(**config(KLEIN))), "text": large},
    }
    FOLDER.mkdir(exist_ok=True)
    for name, parts in families.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(parts, separators=(",", ":")) + "\n", encoding="utf-8")
        print(name, {part: len(tensors) for part, tensors in parts.items()})


if __name__ == "__main__":
    with using_forge_operations():
        main()
