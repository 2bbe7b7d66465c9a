"""python tests/live/control_model.py CHECKPOINT.safetensors FILE.safetensors [SEED]: a ControlNet for that checkpoint.

Its encoder is the checkpoint's own, and what joins it to the UNet, zero before training, is small and random: a control
that changes pictures and means nothing. Put it where the WebUI under test finds control models (models/ControlNet).
With a UNet smaller than SD 1's, the extension needs tests/live/faults to build a control model of that shape.
"""

from __future__ import annotations

import sys

import torch
from safetensors.torch import load_file, save_file

UNET = "model.diffusion_model."
ENCODER = ("time_embed.", "label_emb.", "input_blocks.", "middle_block.")
HINT_CHANNELS = (3, 16, 16, 32, 32, 96, 96, 256)  # ControlNet's input_hint_block, every second layer an activation
STRENGTH = 0.02


def state_dict(checkpoint: dict[str, torch.Tensor], seed: int = 0) -> dict[str, torch.Tensor]:
    """The weights by the names of ControlNet's own files (lllyasviel/ControlNet, cldm/cldm.py)."""
    torch.manual_seed(seed)
    weights = {
        name.removeprefix(UNET): weight.float()
        for name, weight in checkpoint.items()
        if name.startswith(tuple(UNET + part for part in ENCODER))
    }
    width = len(weights["input_blocks.0.0.weight"])
    channels = [*HINT_CHANNELS, width]
    for layer, (inputs, outputs) in enumerate(zip(channels, channels[1:])):
        weights[f"input_hint_block.{2 * layer}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        weights[f"input_hint_block.{2 * layer}.bias"] = torch.zeros(outputs)
    blocks = 1 + max(int(name.split(".")[1]) for name in weights if name.startswith("input_blocks."))
    joints = {f"zero_convs.{block}.0": _width(weights, f"input_blocks.{block}.") for block in range(blocks)}
    for name, wide in {**joints, "middle_block_out.0": _width(weights, "middle_block.")}.items():
        weights[f"{name}.weight"] = torch.randn(wide, wide, 1, 1) * STRENGTH
        weights[f"{name}.bias"] = torch.randn(wide) * STRENGTH
    return {name: weight.contiguous() for name, weight in weights.items()}


def _width(weights: dict[str, torch.Tensor], block: str) -> int:
    """The channels that come out of a block: as many as its first convolution's output."""
    convolution = next(
        name for name in (f"{block}0.out_layers.3.weight", f"{block}0.op.weight", f"{block}0.weight") if name in weights
    )
    return len(weights[convolution])


if __name__ == "__main__":
    save_file(state_dict(load_file(sys.argv[1]), *map(int, sys.argv[3:])), sys.argv[2])
