"""Training of the UNet and the text encoder on cached latents: eps-prediction, as in Stable Diffusion 1."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from figures import tokens
from figures.dataset import Dataset, window
from figures.networks import Model, alphas
from figures.scene import SIZES

BATCH = 16
WARM_UP = 100  # steps
AVERAGE_EVERY = 4  # steps
CAPTIONLESS = 0.1  # share of the pictures that are shown without a caption, for CFG
STRANGERS = 0.15  # share of the captions with unknown words in them, which the model is to pass over
WINDOWS = 0.25  # share of windows among the pictures below the step WINDOWS_BELOW
# At the noisiest steps, where a picture's composition arises, only whole pictures are shown, as the captions say.
WINDOWS_BELOW = 720
# A full-body head is 2x2 of 256 latents: the error around the head's middle counts more, where the step leaves no
# doubt about where the head is. Above that step it would teach the model to see heads where none is.
HEAD_WEIGHT = 4.0
HEAD_BELOW = 600
HEAD_REACH = 2.0  # latents to each side
MORE_FULL_BODY = 1 / 3  # share of the whole pictures that are of a full body in any case: those are the hardest
SAVE_EVERY = 300  # seconds


@dataclass
class Course:
    """How a training goes: pictures shown in all, or minutes by the clock instead; the highest learning rate; the seed.

    A course by the clock uses whatever a shared machine gives, but no two of them are alike.
    """

    images: int
    rate: float = 1.2e-3
    seed: int = 0
    minutes: float | None = None

    def done(self, step: int, seconds: float) -> float:
        """The share of the course behind us; 1 or more at its end."""
        return seconds / 60 / self.minutes if self.minutes else step * BATCH / self.images

    def rate_at(self, step: int, seconds: float = 0.0) -> float:
        """Rises over the first steps, then falls evenly to nothing."""
        return self.rate * min(1.0, (step + 1) / WARM_UP) * max(0.01, 1 - self.done(step, seconds))


class Trainer:
    """Everything that a checkpoint holds; every random number follows from the seed and the step."""

    def __init__(self, model: Model, data: Dataset, course: Course) -> None:
        self.model, self.data, self.course = model, data, course
        self.device = model.unet.device
        self.parts = (model.unet.train(), model.text.train())
        for part in self.parts:
            part.requires_grad_(True)
        self.parameters = [value for part in self.parts for value in part.parameters()]
        self.averages = [value.detach().clone() for value in self.parameters]
        self.optimizer = torch.optim.AdamW(
            self.parameters, lr=course.rate, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
        )
        self.step, self.seconds = 0, 0.0
        kept = alphas()
        signal = kept / (1 - kept)
        weight = signal.clamp(max=5.0) / signal  # min-SNR: the least noisy steps do not outweigh the others
        self.kept, self.weight = kept.float().to(self.device), (weight / weight.mean()).float().to(self.device)
        self.empty = tokens.encode([""])[0]
        mark = tokens.tokenizer().ids["full"]
        self.full_body = {
            size: [drawing for drawing in drawings if mark in drawing.framed] or drawings
            for size, drawings in data.whole.items()
        }

    def batch(self) -> tuple[torch.Tensor, ...]:
        """Latents, tokens, steps, noise and the weight of each latent's error, all of one base size."""
        rng = np.random.default_rng((self.course.seed, self.step))
        torch.manual_seed(int(rng.integers(2**62)))
        size = SIZES[rng.choice(3, p=(0.6, 0.2, 0.2))]
        steps = np.minimum((np.arange(BATCH) + rng.random(BATCH)) / BATCH * 1000, 999).astype(int)
        latents, captions, weights = [], [], []
        for step in steps:
            in_part = step < WINDOWS_BELOW and rng.random() < WINDOWS
            drawings = (self.data.larger if in_part else self.data.whole)[size]
            if not in_part and rng.random() < MORE_FULL_BODY:
                drawings = self.full_body[size]
            drawing = drawings[rng.integers(len(drawings))]
            picture, caption = window(drawing, size, rng) if in_part else (drawing.latents, drawing.framed)
            latents.append(picture)
            weights.append(head_weights(picture, drawing.head if step < HEAD_BELOW and not in_part else None))
            if rng.random() < STRANGERS:
                caption = tokens.with_strangers(caption, rng)
            captions.append(self.empty if rng.random() < CAPTIONLESS else caption)
        clean = torch.stack(latents).float()
        parts = (clean, torch.stack(captions), torch.from_numpy(steps), torch.randn_like(clean), torch.stack(weights))
        return tuple(part.to(self.device) for part in parts)

    def train_step(self) -> float:
        """One step; gives the error of the predicted noise, of which 1 is a guess of nothing."""
        clean, captions, steps, noise, counts = self.batch()
        kept = self.kept[steps][:, None, None, None]
        noisy = (kept.sqrt() * clean + (1 - kept).sqrt() * noise).contiguous(memory_format=torch.channels_last)
        condition = self.model.text(captions).last_hidden_state
        error = (self.model.unet(noisy, steps, condition).sample - noise) ** 2
        for group in self.optimizer.param_groups:
            group["lr"] = self.course.rate_at(self.step, self.seconds)
        self.optimizer.zero_grad()
        (error * counts * self.weight[steps][:, None, None, None]).mean().backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.step += 1
        if self.step % AVERAGE_EVERY == 0:
            keep = min(0.99, (1 + self.step / AVERAGE_EVERY) / (10 + self.step / AVERAGE_EVERY))
            with torch.no_grad():
                for average, value in zip(self.averages, self.parameters, strict=True):
                    average.lerp_(value, 1 - keep)
        return float(error.detach().mean())

    def save(self, checkpoint: Path, weights: Path) -> None:
        """Writes all that a resumed training needs to `checkpoint`, and the averaged networks to `weights`."""
        state: dict[str, Any] = {
            "step": self.step,
            "seconds": self.seconds,
            "values": [value.detach() for value in self.parameters],
            "averages": self.averages,
            "optimizer": self.optimizer.state_dict(),
        }
        beside = checkpoint.with_suffix(".new")
        torch.save(state, beside)
        beside.replace(checkpoint)
        self._set(self.averages)
        self.model.save(weights)
        self._set(state["values"])

    def resume(self, checkpoint: Path) -> None:
        state: dict[str, Any] = torch.load(checkpoint, map_location=self.device, weights_only=True)
        self._set(state["values"])
        for average, value in zip(self.averages, state["averages"], strict=True):
            average.copy_(value)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]

    @torch.no_grad()
    def _set(self, values: list[torch.Tensor]) -> None:
        kept = [value.detach().clone() for value in values]
        for parameter, value in zip(self.parameters, kept, strict=True):
            parameter.copy_(value)

    def run(self, checkpoint: Path, weights: Path, report: Callable[[str], None]) -> None:
        """Trains to the end of the course, with a checkpoint every five minutes."""
        begun = saved = time.monotonic()
        first, before, errors = self.step, self.seconds, []
        while self.course.done(self.step, self.seconds) < 1:
            errors.append(self.train_step())
            self.seconds = before + time.monotonic() - begun
            if self.step % 100 == 0:
                done, seconds = self.course.done(self.step, self.seconds), self.seconds - before
                left = seconds / max(1e-9, done - self.course.done(first, before)) * (1 - done)
                report(
                    f"{self.step * BATCH} images, {done:.0%}, error {np.mean(errors[-100:]):.4f}, "
                    f"{(self.step - first) * BATCH / seconds:.1f} images a second, {left / 60:.0f} minutes left"
                )
            if time.monotonic() - saved > SAVE_EVERY:
                self.save(checkpoint, weights)
                saved = time.monotonic()
        self.save(checkpoint, weights)


def head_weights(picture: torch.Tensor, head: tuple[float, float] | None) -> torch.Tensor:
    """How much the error of each latent of `picture` counts, (1, height, width): more around `head`, if given."""
    weights = torch.ones(1, *picture.shape[1:])
    if head:
        x, y = (max(0, round(middle - HEAD_REACH)) for middle in head)
        weights[:, y : y + int(2 * HEAD_REACH), x : x + int(2 * HEAD_REACH)] = HEAD_WEIGHT
    return weights
