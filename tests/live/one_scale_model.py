"""python tests/live/one_scale_model.py FILE.pth: an ESRGAN of scale 1 with random weights, for test_upscalers.py.

Put it, as one-ESRGAN-x1.pth, where the WebUI under test finds ESRGAN models (--esrgan-models-path FOLDER).
"""

from __future__ import annotations

import sys

import torch

FEATURES, GROWTH = 16, 32  # the latter is fixed in ESRGAN


def state_dict() -> dict[str, torch.Tensor]:
    """By the names of the first ESRGAN's layers; no upsampling layer stands between the trunk and the last two."""
    torch.manual_seed(0)
    layers = {"model.0": (3, FEATURES), "model.1.sub.1": (FEATURES, FEATURES)}
    for block in (1, 2, 3):
        for layer in range(1, 6):
            out = GROWTH if layer < 5 else FEATURES
            layers[f"model.1.sub.0.RDB{block}.conv{layer}.0"] = (FEATURES + (layer - 1) * GROWTH, out)
    layers |= {"model.2": (FEATURES, FEATURES), "model.4": (FEATURES, 3)}
    weights = {}
    for name, (inputs, outputs) in layers.items():
        weights[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3) * (2 / (9 * inputs)) ** 0.5
        weights[f"{name}.bias"] = torch.zeros(outputs)
    return weights


if __name__ == "__main__":
    torch.save(state_dict(), sys.argv[1], _use_new_zipfile_serialization=False)  # A1111 knows no newer zip file
