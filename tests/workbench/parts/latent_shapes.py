"""Latents of other shapes for the workbench's model, exactly: the trained weights see them in their own form.

What comes out is the same picture with other noise, so that stages can be held against Hires. fix bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

TRAINED = 4  # channels, of one latent for 8 x 8 pixels


@dataclass(frozen=True)
class Shape:
    """`channels` and `factor` (pixels a side of a latent) as the host sees them; `has_frames`: B,C,T,h,w, T being 1.

    `multiple`: what the model's sides have to be multiples of, in pixels. `is_inpainting`: it is given five more
    channels, a mask and the latents of what is to stay.
    """

    channels: int = TRAINED
    factor: int = 8
    has_frames: bool = False
    multiple: int = 1
    is_inpainting: bool = False

    def from_trained(self, latents: Tensor) -> Tensor:
        """Latents B,4,h,w of the weights in this shape."""
        if self.factor > 8:
            latents = torch.nn.functional.pixel_unshuffle(latents, self.factor // 8)
        elif self.channels > TRAINED:
            latents = torch.einsum("oc,bchw->bohw", _mixture(self.channels).to(latents), latents)
        return latents.unsqueeze(2) if self.has_frames else latents

    def to_trained(self, latents: Tensor) -> Tensor:
        """The way back."""
        self._check(latents)
        if self.has_frames:
            latents = latents.squeeze(2)
        if self.factor > 8:
            return torch.nn.functional.pixel_shuffle(latents, self.factor // 8)
        if self.channels > TRAINED:
            return torch.einsum("oc,bohw->bchw", _mixture(self.channels).to(latents), latents)
        return latents

    def predicted(self, noise: Tensor, seen: Tensor, share: Tensor) -> Tensor:
        """The weights' predicted noise B,4,h,w in this shape. Channels that hold nothing of a picture (all that is in
        `seen` and not in its four) are noise alone: `share` times it, B numbers from 0 to 1."""
        predicted = self.from_trained(noise)
        if self.factor > 8 or self.channels == TRAINED:
            return predicted
        rest = seen - self.from_trained(self.to_trained(seen))
        return predicted + rest / share.reshape(-1, *[1] * (seen.ndim - 1))

    def _check(self, latents: Tensor) -> None:
        """Raise RuntimeError for latents of another form, as a model's own layers do."""
        dimensions, unit = (5 if self.has_frames else 4), max(self.multiple // self.factor, 1)
        if latents.ndim != dimensions or latents.shape[1] != self.channels:
            raise RuntimeError(f"Latents of {self.channels} channels, {dimensions}-D, expected; found {latents.shape}")
        if any(side % unit for side in latents.shape[-2:]):
            raise RuntimeError(f"Latents of {tuple(latents.shape[-2:])} cannot be cut into patches of {unit} x {unit}")


@lru_cache
def _mixture(channels: int) -> Tensor:
    """channels x 4: the first columns of a fixed rotation."""
    generator = torch.Generator().manual_seed(16)
    rotation, _ = torch.linalg.qr(torch.randn(channels, channels, generator=generator, dtype=torch.float64))
    return rotation[:, :TRAINED].float()
