"""The workbench's model as a flow-matching model, exactly: the same weights, another way to say how much noise.

Such a model sees x_t = (1 - t) x0 + t n with t from 0 to 1 (Lipman et al. 2023, https://arxiv.org/abs/2210.02747; Liu
et al. 2023, https://arxiv.org/abs/2209.03003). Divided by 1 - t that is x0 + sigma n with sigma = t / (1 - t), which is
what the model was trained on. Above its own largest sigma, 14.6 (t = 0.936), it sees what it knows of that one.
"""

from __future__ import annotations

from typing import Any

import torch

from parts import k_samplers
from parts.diffusion import DiffusionModel

STEPS = 1000


class FlowModel(DiffusionModel):
    """With the two verbs by which A1111 tells such a model (SD 3) from others."""

    def __init__(self, variation: int, clip_skip: Any, shape: Any, shift: float) -> None:
        super().__init__(variation, clip_skip, shape)
        self.predictor = Predictor(shift)

    def create_denoiser(self) -> Any:
        self.predictor.to(self.unet.device)
        return FlowDenoiser(self)

    def add_noise_to_latent(self, x: torch.Tensor, noise: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
        return x * (1 - amount) + noise * amount


class Predictor:
    """The schedule that `shift` makes of evenly spaced times (Esser et al. 2024, section 5.3.2)."""

    def __init__(self, shift: float) -> None:
        self.shift, self.device = 1.0, torch.device("cpu")
        self.set_parameters(shift=shift)

    def to(self, device: torch.device) -> None:
        self.device = device
        self.set_parameters()

    def set_parameters(self, *, shift: float | None = None) -> None:
        self.shift = shift or self.shift
        times = torch.arange(1, STEPS + 1, device=self.device) / STEPS
        sigmas = self.shift * times / (1 + (self.shift - 1) * times)
        self.schedule = k_samplers.Timesteps(1 / (sigmas**2 + 1))


class FlowDenoiser(torch.nn.Module):
    """x0 over t, with the schedule that the predictor has at the moment."""

    def __init__(self, model: FlowModel) -> None:
        super().__init__()
        self.inner_model = model
        self.predictor = model.predictor
        self.trained = k_samplers.Timesteps(torch.as_tensor(model.alphas_cumprod))

    @property
    def sigmas(self) -> torch.Tensor:
        return self.predictor.schedule.sigmas

    def get_sigmas(self, n: int) -> torch.Tensor:
        return self.predictor.schedule.uniform(n)

    def sigma_to_t(self, sigma: torch.Tensor) -> torch.Tensor:
        return self.predictor.schedule.to_t(sigma)

    def t_to_sigma(self, t: torch.Tensor) -> torch.Tensor:
        return self.predictor.schedule.to_sigma(t)

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, cond: dict[str, Any]) -> torch.Tensor:
        largest = self.trained.sigmas[-1]
        t = sigma.clamp(max=largest / (1 + largest))
        wide = t.reshape(-1, *[1] * (x.ndim - 1))
        seen = x / (wide**2 + (1 - wide) ** 2) ** 0.5
        eps = self.inner_model.apply_model(seen, self.trained.to_t(t / (1 - t)), cond)
        return (x - wide * eps) / (1 - wide)
