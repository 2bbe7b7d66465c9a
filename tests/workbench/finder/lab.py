"""First passes, starts, single evaluations and second passes of the workbench's small model, in this process.

The same arithmetic as the host's (Euler, its schedules, noise and posterior from the seed), in single precision and in
batches of seeds, each with a schedule of its own: a study of many seeds in minutes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from figures import measures, networks
from figures.detector import find_heads
from figures.scene import make_scene
from parts import k_samplers
from PIL import Image
from scipy import stats
from torch import Tensor

SIDE = 128  # pixels of the first pass
FRAMING = "full body"
STEPS = 10
BATCH = 8
TIMES = k_samplers.Timesteps(networks.alphas().float())
LARGEST = float(TIMES.sigmas[-1])


def schedule(name: str, count: int) -> Tensor:
    """`count` falling sigmas and 0, by the host's formulas."""
    low, high = float(TIMES.sigmas[0]), LARGEST
    if name == "Exponential":
        return k_samplers.exponential(count, low, high)
    if name == "Karras":
        return k_samplers.karras(count, low, high)
    if name == "SGM Uniform":
        return TIMES.sgm_uniform(count)
    if name == "Beta":
        shares = stats.beta.ppf(1 - np.linspace(0, 1, count), 0.6, 0.6)
        return torch.tensor([*(low + shares * (high - low)), 0.0], dtype=torch.float32)
    return TIMES.uniform(count)


@functools.cache
def _starts(name: str) -> np.ndarray:
    """Start sigmas of the last STEPS steps of schedules of STEPS, STEPS + 1, ... steps."""
    return np.array([float(schedule(name, total)[total - STEPS]) for total in range(STEPS, 40 * STEPS)])


def total_of(sigma: float, name: str = "Automatic") -> int:
    """The length of the schedule whose last STEPS steps begin nearest to `sigma`."""
    distances: list[float] = np.abs(np.log(_starts(name) / sigma)).tolist()
    return STEPS + distances.index(min(distances))


def strength_of(sigma: float, name: str = "Automatic") -> float:
    return STEPS / total_of(sigma, name)


def tail(total: int, name: str = "Automatic") -> Tensor:
    """The sigmas of the last STEPS steps, and 0."""
    return schedule(name, total)[total - STEPS :]


def total_for(strength: float) -> int:
    """As the host reckons it."""
    return int(STEPS / min(strength, 0.999))


@dataclass
class Lab:
    """A model with its CFG scale."""

    model: networks.Model
    cfg: float = 4.0
    captions: dict[int, Tensor] = field(default_factory=dict)

    @classmethod
    def of(cls, weights: Path = networks.WEIGHTS, cfg: float = 4.0, autoencoder: float = 0.0) -> Lab:
        """`autoencoder`: how far its weights are moved, in their own deviation."""
        model = networks.load_model(weights)
        model.unet.to(memory_format=torch.channels_last)
        generator = torch.Generator().manual_seed(1)
        for weight in model.vae.parameters():
            if weight.dim() > 1:
                weight.data += autoencoder * weight.data.std() * torch.randn(weight.shape, generator=generator)
        return cls(model, cfg)

    def condition(self, seeds: Sequence[int]) -> Tensor:
        for seed in seeds:
            if seed not in self.captions:
                self.captions[seed] = self.model.condition([make_scene(seed, (SIDE, SIDE), FRAMING).caption()])[0]
        if -1 not in self.captions:
            self.captions[-1] = self.model.condition([""])[0]
        return torch.cat([torch.stack([self.captions[seed] for seed in seeds]),
                          self.captions[-1].expand(len(seeds), -1, -1)])  # fmt: skip

    @torch.no_grad()
    def denoise(self, seeds: Sequence[int], noisy: Tensor, sigmas: Tensor) -> Tensor:
        """The finished latents as the model predicts them, by one evaluation with CFG; a sigma for each seed."""
        wide = sigmas.view(-1, 1, 1, 1)
        seen = (noisy / (wide**2 + 1).sqrt()).contiguous(memory_format=torch.channels_last)
        times = TIMES.to_t(sigmas)
        told, untold = self.model.unet(
            torch.cat([seen, seen]), torch.cat([times, times]), self.condition(seeds)
        ).sample.chunk(2)
        return noisy - wide * (untold + self.cfg * (told - untold))

    def euler(self, seeds: Sequence[int], start: Tensor, sigmas: Sequence[Tensor], other: int = 0) -> Tensor:
        """`start` with noise at the first of the seeds' sigmas, drawn to the end; `other` is added to the seeds."""
        each = torch.stack(list(sigmas), 1)
        latents = start + noise([seed + other for seed in seeds], start) * each[0].view(-1, 1, 1, 1)
        for now, after in zip(each[:-1], each[1:]):
            slope = (latents - self.denoise(seeds, latents, now)) / now.view(-1, 1, 1, 1)
            latents = latents + slope * (after - now).view(-1, 1, 1, 1)
        return latents

    def first(self, seeds: Sequence[int]) -> tuple[Tensor, np.ndarray]:
        """Latents and pictures of first passes."""
        parts = [seeds[i : i + 2 * BATCH] for i in range(0, len(seeds), 2 * BATCH)]
        empty = torch.zeros(1, 4, SIDE // 8, SIDE // 8)
        latents = torch.cat(
            [self.euler(part, empty.expand(len(part), -1, -1, -1), [schedule("Automatic", STEPS)] * len(part))
             for part in parts]
        )  # fmt: skip
        return latents, self.model.decode(latents)

    def start(self, kind: str, side: int, seeds: Sequence[int], latents: Tensor, pictures: np.ndarray) -> Tensor:
        """What a stage of `side` pixels starts from: enlarged latents, or the encoded enlarged pictures."""
        if kind == "latent":
            return torch.nn.functional.interpolate(latents, size=(side // 8, side // 8), mode="bilinear")
        return torch.cat([self.encode(seed, picture, side) for seed, picture in zip(seeds, pictures)])

    @torch.no_grad()
    def encode(self, seed: int, picture: np.ndarray, side: int) -> Tensor:
        pixels = torch.from_numpy(resized(picture, side).astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
        posterior = self.model.vae.encode(pixels).latent_dist
        generator = torch.Generator().manual_seed(seed)
        torch.randn((4, SIDE // 8, SIDE // 8), generator=generator)  # where the first pass left the host's generator
        drawn = torch.randn(posterior.mean.shape, generator=generator)
        return (posterior.mean + posterior.std * drawn) * networks.SCALING

    def second(self, seeds: Sequence[int], start: Tensor, sigmas: Sequence[Tensor], other: int = 0) -> np.ndarray:
        """Pictures of second passes."""
        parts = [slice(i, i + BATCH) for i in range(0, len(seeds), BATCH)]
        return self.model.decode(torch.cat([self.euler(seeds[p], start[p], sigmas[p], other) for p in parts]))


def resized(picture: np.ndarray, side: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS))


def noise(seeds: Sequence[int], like: Tensor) -> Tensor:
    each = [torch.randn(like.shape[1:], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(each)


def measure(picture: np.ndarray, first: np.ndarray) -> dict[str, float]:
    """As in the study of the strategies, with short names: heads, keeper, layout, sharpness."""
    heads = find_heads(picture)
    size = (picture.shape[1], picture.shape[0])
    return {
        "heads": len(heads),
        "keeper": int(measures.is_keeper(heads)),
        "layout": round(measures.layout_kept(first, picture), 4),
        "sharp": round(measures.sharpness(picture, size) / measures.sharpness(first, size), 3),
    }
