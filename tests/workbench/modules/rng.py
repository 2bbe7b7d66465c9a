"""Seeded noise. `randn` seeds torch's global generator as a side effect, which a later VAE encode draws from."""

from __future__ import annotations

from typing import Any

import torch

from modules import devices, rng_philox, shared

_nv_rng: Any = None


def randn(seed, shape, generator=None):
    """Noise of a seed; leaves torch's global generator seeded with it (not with RNG source NV)."""
    manual_seed(seed)
    if shared.opts.randn_source == "NV":
        return torch.asarray((generator or _nv_rng).randn(shape), device=devices.device)
    return torch.randn(shape, device=devices.device, generator=generator)


def randn_without_seed(shape, generator=None):
    """The next noise of a generator, or of the global one."""
    if shared.opts.randn_source == "NV":
        return torch.asarray((generator or _nv_rng).randn(shape), device=devices.device)
    return torch.randn(shape, device=devices.device, generator=generator)


def manual_seed(seed):
    """Seed the global generator: torch's, or the one of RNG source NV, which leaves torch's alone."""
    global _nv_rng
    if shared.opts.randn_source == "NV":
        _nv_rng = rng_philox.Generator(seed)
    else:
        torch.manual_seed(seed)


def create_generator(seed):
    """A generator of its own for one image."""
    if shared.opts.randn_source == "NV":
        return rng_philox.Generator(seed)
    return torch.Generator(devices.device).manual_seed(int(seed))


def slerp(val, low, high):
    """Spherical interpolation along dimension 1; linear where both point the same way."""
    low_unit, high_unit = (x / torch.norm(x, dim=1, keepdim=True) for x in (low, high))
    cosine = (low_unit * high_unit).sum(1)
    if cosine.mean() > 0.9995:
        return low * val + high * (1 - val)
    angle = torch.acos(cosine)
    share_low, share_high = (torch.sin(part * angle) / torch.sin(angle) for part in (1.0 - val, val))
    return share_low.unsqueeze(1) * low + share_high.unsqueeze(1) * high


class ImageRNG:
    """The noise of a batch: first each seed's own (with variation seed and seed resize), then ancestral noise."""

    def __init__(self, shape, seeds, subseeds=None, subseed_strength=0.0, seed_resize_from_h=0, seed_resize_from_w=0):
        self.shape = tuple(map(int, shape))
        self.seeds = seeds
        self.subseeds = subseeds
        self.subseed_strength = subseed_strength
        self.seed_resize_from_h = seed_resize_from_h
        self.seed_resize_from_w = seed_resize_from_w
        self.generators = [create_generator(seed) for seed in seeds]
        self.is_first = True

    def first(self):
        """B,C,h,w: the noise that the images start from."""
        resized = self.seed_resize_from_h > 0 and self.seed_resize_from_w > 0
        side = (int(self.seed_resize_from_h) // 8, int(self.seed_resize_from_w) // 8)
        shape = (self.shape[0], *side) if resized else self.shape
        noises = [self._first_of(i, seed, shape) for i, seed in enumerate(self.seeds)]
        if delta := shared.opts.eta_noise_seed_delta or 0:
            self.generators = [create_generator(seed + delta) for seed in self.seeds]
        return torch.stack(noises).to(shared.device)

    def next(self):
        """The next noise of every image."""
        if self.is_first:
            self.is_first = False
            return self.first()
        return torch.stack([randn_without_seed(self.shape, generator) for generator in self.generators])

    def _first_of(self, i: int, seed: int, shape: tuple[int, ...]) -> torch.Tensor:
        variation = None
        if self.subseeds is not None and self.subseed_strength != 0:
            variation = randn(self.subseeds[i] if i < len(self.subseeds) else 0, shape)
        noise = randn(seed, shape, generator=self.generators[i] if shape == self.shape else None)
        if variation is not None:
            noise = slerp(self.subseed_strength, noise, variation)
        if shape != self.shape:
            noise = _centred(noise, randn(seed, self.shape, generator=self.generators[i]))
        return noise


def _centred(noise: torch.Tensor, canvas: torch.Tensor) -> torch.Tensor:
    """`noise` put in the middle of `canvas`, cut off where it is larger."""
    for dim in (1, 2):
        spare = canvas.shape[dim] - noise.shape[dim]
        if spare < 0:
            noise = noise.narrow(dim, -(spare // 2), canvas.shape[dim])
    y, x = ((canvas.shape[dim] - noise.shape[dim]) // 2 for dim in (1, 2))
    canvas[:, y : y + noise.shape[1], x : x + noise.shape[2]] = noise
    return canvas
