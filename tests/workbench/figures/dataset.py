"""Latents and captions to train the UNet on: whole pictures, and windows of larger drawings.

A window shows a part of a drawing at up to 2.5 times the base size through a frame of the base size. Without windows,
a network this small takes "full body" for an order to draw a whole figure wherever it looks, and a second pass at
twice the size falls apart at the least denoising strength.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from figures import tokens
from figures.draw import render
from figures.networks import FACTOR, Model
from figures.scene import SIZES, Scene, make_scene

SCALES = (1.25, 1.5, 1.75, 2.0, 2.25, 2.5)  # every base size times these is a multiple of 8
FIRST_SEED = 1_000_000  # below it are the seeds of tests and of the study: the model never trained on those
CHUNK = 16


@dataclass
class Drawing:
    """Scaled latents (4, height, width) in half precision, where the head's middle is in them, and captions."""

    latents: torch.Tensor
    head: tuple[float, float]
    framed: torch.Tensor  # the caption's tokens
    unframed: torch.Tensor  # the same without the word for the framing


@dataclass
class Dataset:
    """Drawings by base size: `whole` at it, `larger` for windows."""

    whole: dict[tuple[int, int], list[Drawing]]
    larger: dict[tuple[int, int], list[Drawing]]


def build(model: Model, counts: tuple[int, int], file: Path, report: Callable[[str], None]) -> Dataset:
    """Draws and encodes `counts` whole and larger pictures, or reads them from `file` where that was done before."""
    if file.exists():
        stored: Dataset = torch.load(file, weights_only=False)
        return stored
    shares = (0.6, 0.2, 0.2)
    data = Dataset({}, {})
    seed = FIRST_SEED
    for size, share in zip(SIZES, shares, strict=True):
        for group, count, scales in ((data.whole, counts[0], (1.0,)), (data.larger, counts[1], SCALES)):
            group[size] = []
            for scale in scales:
                number = round(count * share / len(scales))
                scenes = [make_scene(seed + i, size) for i in range(number)]
                group[size].extend(_encode(model, scenes, scale))
                seed += number
                report(f"{size[0]}x{size[1]} at {scale:g}: {number} pictures encoded")
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save(data, file)
    return data


def _encode(model: Model, scenes: list[Scene], scale: float) -> Iterator[Drawing]:
    per_batch = max(1, round(CHUNK / scale**2))
    for start in range(0, len(scenes), per_batch):
        part = scenes[start : start + per_batch]
        latents = model.encode(np.stack([render(scene, scale) for scene in part])).cpu().half()
        framed = tokens.encode(scene.caption() for scene in part)
        unframed = tokens.encode(scene.caption(framed=False) for scene in part)
        for i, scene in enumerate(part):
            left, top, right, bottom = scene.head
            head = ((left + right) / 2 * scale / FACTOR, (top + bottom) / 2 * scale / FACTOR)
            yield Drawing(latents[i].clone(), head, framed[i].clone(), unframed[i].clone())


def window(drawing: Drawing, size: tuple[int, int], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """A part of `drawing` of the base `size`, six times in ten with the head's middle in it, and its caption's tokens.

    Half of the captions lose the word for the framing, which a part does not have.
    """
    width, height = size[0] // FACTOR, size[1] // FACTOR
    corner = []
    wants_head = rng.random() < 0.6
    for side, length, middle in zip((width, height), reversed(drawing.latents.shape[1:]), drawing.head, strict=True):
        start = middle - side * rng.uniform(0.15, 0.85) if wants_head else rng.uniform(0, length - side)
        corner.append(int(min(max(round(start), 0), length - side)))
    x, y = corner
    caption = drawing.framed if rng.random() < 0.5 else drawing.unframed
    return drawing.latents[:, y : y + height, x : x + width], caption
