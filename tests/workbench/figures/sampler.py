"""Euler's method on Stable Diffusion 1's sigmas: enough to look at a model while it is trained."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from figures.networks import FACTOR, Model, alphas

CFG_SCALE = 4.0


@dataclass(frozen=True)
class Prompts:
    """Captions with a seed each, and the steps of a pass."""

    captions: list[str]
    seeds: list[int]
    steps: int = 20

    def noise(self, height: int, width: int) -> torch.Tensor:
        """(seeds, 4, height, width), each from its own seed."""
        each = [torch.randn((4, height, width), generator=torch.Generator().manual_seed(seed)) for seed in self.seeds]
        return torch.stack(each)


def all_sigmas() -> np.ndarray:
    """Noise against signal at the 1000 steps, rising."""
    kept = alphas().numpy()
    return np.sqrt((1 - kept) / kept)


def schedule(steps: int) -> np.ndarray:
    """`steps` sigmas falling from the highest to the lowest, evenly over the 1000 steps, and 0."""
    sigmas = all_sigmas()
    times = np.linspace(999, 0, steps)
    return np.append(np.exp(np.interp(times, np.arange(1000), np.log(sigmas))), 0.0)


def first_pass(model: Model, prompts: Prompts, size: tuple[int, int]) -> torch.Tensor:
    """Latents (seeds, 4, height / 8, width / 8) drawn from noise alone; `size` is width and height in pixels."""
    sigmas = schedule(prompts.steps)
    noise = prompts.noise(size[1] // FACTOR, size[0] // FACTOR)
    return _euler(model, noise * float(np.hypot(sigmas[0], 1)), sigmas, prompts)


def second_pass(model: Model, latents: torch.Tensor, prompts: Prompts, strength: float) -> torch.Tensor:
    """Adds noise to `latents` and takes it away again: `steps` steps of a schedule that is steps / strength long."""
    if not 0 < strength <= 1:
        raise ValueError(f"A denoising strength lies above 0 and up to 1, not at {strength}.")
    sigmas = schedule(int(prompts.steps / min(strength, 0.999)))[-prompts.steps - 1 :]
    return _euler(model, latents + prompts.noise(*latents.shape[2:]) * float(sigmas[0]), sigmas, prompts)


@torch.no_grad()
def _euler(model: Model, noisy: torch.Tensor, sigmas: np.ndarray, prompts: Prompts) -> torch.Tensor:
    known = all_sigmas()
    condition = torch.cat([model.condition(prompts.captions), model.condition([""] * len(prompts.captions))])
    for sigma, after in zip(sigmas[:-1], sigmas[1:], strict=True):
        time = float(np.interp(np.log(sigma), np.log(known), np.arange(1000)))
        seen = (noisy / float(np.hypot(sigma, 1))).float()
        told, untold = model.unet(torch.cat([seen, seen]), time, condition).sample.chunk(2)
        noisy = noisy + (untold + CFG_SCALE * (told - untold)) * float(after - sigma)
    return noisy
