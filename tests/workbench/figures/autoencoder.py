"""Training of the autoencoder on crops of drawings, most of them with a head."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn.functional import mse_loss

from figures.dataset import FIRST_SEED
from figures.draw import render
from figures.networks import SCALING
from figures.scene import make_scene

CROP, BATCH = 64, 8
RATE = 2e-3
SAVE_EVERY = 300  # seconds


def crops(seed: int, count: int = BATCH) -> torch.Tensor:
    """Crops of drawings, (count, 3, 64, 64), -1 to 1: two of each drawing, the first mostly with the head in it."""
    rng = random.Random(seed)
    parts = []
    for i in range((count + 1) // 2):
        scene = make_scene(FIRST_SEED + seed * BATCH + i)
        scale = rng.choice((1.0, 1.0, 1.0, 1.5))
        picture = render(scene, scale)
        for wants_head in (rng.random() < 0.75, False):
            corner = []
            for low, high, length in ((0, 2, picture.shape[1]), (1, 3, picture.shape[0])):
                middle = (scene.head[low] + scene.head[high]) / 2 * scale
                start = middle - CROP * rng.uniform(0.25, 0.75) if wants_head else rng.uniform(0, length - CROP)
                corner.append(int(min(max(start, 0), length - CROP)))
            x, y = corner
            parts.append(picture[y : y + CROP, x : x + CROP])
    pixels = torch.from_numpy(np.stack(parts[:count])).permute(0, 3, 1, 2)
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def loss(vae: AutoencoderKL, picture: torch.Tensor) -> tuple[torch.Tensor, float]:
    """What is minimised (differences of values and of edges, the latents' size), and the mean squared error alone."""
    latents = vae.encode(picture).latent_dist
    difference = vae.decode(latents.sample()).sample - picture
    square = mse_loss(difference, torch.zeros_like(difference))
    edges = difference.diff(dim=-1).abs().mean() + difference.diff(dim=-2).abs().mean()
    size = 0.5 * (latents.mean**2 + latents.var - 1 - latents.logvar).mean()
    return difference.abs().mean() + 2 * square + 0.5 * edges + 2e-4 * size, float(square.detach())


def train(vae: AutoencoderKL, total: int, checkpoint: Path, report: Callable[[str], None]) -> None:
    """Shows `total` crops to `vae`, resuming from `checkpoint`; its latents then have the deviation 1 / 0.18215."""
    vae.train().requires_grad_(True)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    average = {key: value.detach().clone() for key, value in vae.state_dict().items()}
    step, steps = 0, max(1, total // BATCH)
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=vae.device, weights_only=True)
        vae.load_state_dict(state["values"])
        optimizer.load_state_dict(state["optimizer"])
        average, step = state["average"], state["step"]
    saved = time.monotonic()
    while step < steps:
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 50) * (1 - step / steps) ** 0.7 + 2e-5
        torch.manual_seed(step)
        value, square = loss(vae, crops(step).to(vae.device))
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        step += 1
        with torch.no_grad():
            for key, current in vae.state_dict().items():
                average[key].lerp_(current, 1 - min(0.99, (1 + step) / (10 + step)))
        if step % 50 == 0:
            report(f"autoencoder: {step * BATCH} of {total} crops, {10 * math.log10(4 / square):.1f} dB")
        if step == steps or time.monotonic() - saved > SAVE_EVERY:
            torch.save(
                {"values": vae.state_dict(), "average": average, "step": step, "optimizer": optimizer.state_dict()},
                checkpoint,
            )
            saved = time.monotonic()
    vae.load_state_dict(average)
    vae.eval().requires_grad_(False)
    _normalise(vae)


@torch.no_grad()
def _normalise(vae: AutoencoderKL) -> None:
    """Shifts and scales what lies between encoder and decoder: each channel's mean is 0, the deviation 1 / 0.18215."""
    pictures = [crops(step).to(vae.device) for step in range(12)]
    latents = torch.cat([vae.encode(picture).latent_dist.mean for picture in pictures])
    mean = latents.mean((0, 2, 3))
    scale = 1 / SCALING / (latents - mean[:, None, None]).std()
    vae.quant_conv.weight[:4] *= scale
    vae.quant_conv.bias[:4] = (vae.quant_conv.bias[:4] - mean) * scale
    vae.quant_conv.bias[4:] += 2 * torch.log(scale)
    vae.post_quant_conv.bias += vae.post_quant_conv.weight[:, :, 0, 0] @ mean
    vae.post_quant_conv.weight /= scale
