"""Sampling algorithms on sigmas, in the notation of Karras et al. 2022 (https://arxiv.org/abs/2206.00364).

All take `denoise(x, sigma) -> x0` (sigma one number), latents `x` that already hold their noise, and decreasing
`sigmas` that end in 0. `noise()` gives the next seeded noise of x's shape; `step(i)` is called after each step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Run:
    """What a sampler works with besides the latents."""

    denoise: Callable[[Tensor, Tensor], Tensor]
    noise: Callable[[], Tensor]
    step: Callable[[int], None]
    eta: float = 1.0
    s_noise: float = 1.0


def euler(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """Euler's method on the probability flow ODE (Karras et al., algorithm 2 without churn)."""
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        slope = (x - run.denoise(x, sigma)) / sigma
        run.step(i)
        x = x + slope * (after - sigma)
    return x


def heun(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """Heun's method: the mean of the slopes at both ends; plain Euler for the last step (algorithm 1)."""
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        slope = (x - run.denoise(x, sigma)) / sigma
        run.step(i)
        ahead = x + slope * (after - sigma)
        if after == 0:
            x = ahead
            continue
        slope_ahead = (ahead - run.denoise(ahead, after)) / after
        x = x + (slope + slope_ahead) / 2 * (after - sigma)
    return x


def euler_ancestral(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """Euler's method that steps below the next sigma and puts fresh noise back."""
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        denoised = run.denoise(x, sigma)
        run.step(i)
        down, up = ancestral_step(sigma, after, run.eta)
        x = x + (x - denoised) / sigma * (down - sigma)
        if after > 0:
            x = x + run.noise() * run.s_noise * up
    return x


def dpmpp_2m(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """DPM-Solver++(2M), Lu et al. 2022, https://arxiv.org/abs/2211.01095: the previous x0 extrapolates this one."""
    previous: Tensor | None = None
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        denoised = run.denoise(x, sigma)
        run.step(i)
        guess = denoised
        if previous is not None and after > 0:
            ratio = (sigmas[i - 1].log() - sigma.log()) / (sigma.log() - after.log())
            guess = denoised + (denoised - previous) / (2 * ratio)
        x = after / sigma * x + (1 - after / sigma) * guess
        previous = denoised
    return x


def dpmpp_sde(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """DPM-Solver++ with noise, single step: a midpoint in log sigma, so two evaluations a step but for the last."""
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        denoised = run.denoise(x, sigma)
        run.step(i)
        if after == 0:
            x = denoised
            continue
        middle = (sigma * after).sqrt()
        down, up = ancestral_step(sigma, middle, run.eta)
        ahead = down / sigma * x + (1 - down / sigma) * denoised + run.noise() * run.s_noise * up
        denoised_ahead = run.denoise(ahead, middle)
        down, up = ancestral_step(sigma, after, run.eta)
        x = down / sigma * x + (1 - down / sigma) * denoised_ahead + run.noise() * run.s_noise * up
    return x


def dpmpp_2m_sde(run: Run, x: Tensor, sigmas: Tensor) -> Tensor:
    """DPM-Solver++(2M) with noise (midpoint form). As the host's, it fails where its only step ends at sigma 0."""
    previous: Tensor | None = None
    width_before = torch.tensor(0.0)
    for i, (sigma, after) in enumerate(zip(sigmas[:-1], sigmas[1:])):
        denoised = run.denoise(x, sigma)
        run.step(i)
        if after == 0:
            x = denoised
        else:
            width = sigma.log() - after.log()
            towards = 1 - (-width * (1 + run.eta)).exp()
            x = after / sigma * (-width * run.eta).exp() * x + towards * denoised
            if previous is not None:
                x = x + 0.5 * towards * (width / width_before) * (denoised - previous)
            x = x + run.noise() * after * (1 - (-2 * width * run.eta).exp()).sqrt() * run.s_noise
        previous, width_before = denoised, width
    return x


def ancestral_step(sigma: Tensor, after: Tensor, eta: float) -> tuple[Tensor, Tensor]:
    """(sigma to step down to, noise to put back) so that both together give `after`."""
    up = torch.minimum(after, eta * (after**2 * (sigma**2 - after**2) / sigma**2).sqrt())
    return (after**2 - up**2).sqrt(), up


def karras(n: int, sigma_min: float, sigma_max: float, rho: float = 7.0) -> Tensor:
    """n sigmas evenly spaced in sigma^(1/rho) and a 0 (Karras et al., equation 5)."""
    low, high = sigma_min ** (1 / rho), sigma_max ** (1 / rho)
    return _end((high + torch.linspace(0, 1, n) * (low - high)) ** rho)


def exponential(n: int, sigma_min: float, sigma_max: float) -> Tensor:
    """n sigmas evenly spaced in log sigma and a 0."""
    low, high = torch.tensor(sigma_min).log(), torch.tensor(sigma_max).log()
    return _end(torch.linspace(float(high), float(low), n).exp())


class Timesteps:
    """The sigmas of a model's discrete schedule, and log-linear steps between them."""

    def __init__(self, alphas_cumprod: Tensor) -> None:
        self.sigmas = ((1 - alphas_cumprod) / alphas_cumprod) ** 0.5
        self.log_sigmas = self.sigmas.log()

    def uniform(self, n: int) -> Tensor:
        """n sigmas at evenly spaced timesteps and a 0: the default schedule."""
        return _end(self.to_sigma(self._evenly(n)))

    def sgm_uniform(self, n: int) -> Tensor:
        """As uniform, without the last timestep."""
        return _end(self.to_sigma(self._evenly(n + 1)[:-1]))

    def _evenly(self, n: int) -> Tensor:
        return torch.linspace(len(self.sigmas) - 1, 0, n, device=self.sigmas.device)

    def to_sigma(self, t: Tensor) -> Tensor:
        """Sigma at (fractional) timesteps."""
        low, part = t.floor().long(), t.frac()
        return ((1 - part) * self.log_sigmas[low] + part * self.log_sigmas[t.ceil().long()]).exp()

    def to_t(self, sigma: Tensor) -> Tensor:
        """The (fractional) timestep of sigmas, kept within the schedule."""
        log = sigma.log()
        high = torch.searchsorted(self.log_sigmas, log).clamp(1, len(self.sigmas) - 1)
        low = high - 1
        part = (log - self.log_sigmas[low]) / (self.log_sigmas[high] - self.log_sigmas[low])
        return (low + part.clamp(0, 1)).view(sigma.shape)


def _end(sigmas: Tensor) -> Tensor:
    return torch.cat([sigmas, sigmas.new_zeros(1)])
