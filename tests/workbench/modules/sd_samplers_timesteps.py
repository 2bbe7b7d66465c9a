"""Samplers that work on the model's timesteps: DDIM."""

from __future__ import annotations

from typing import Any

import torch

from modules import devices, sd_samplers_common, shared
from modules.sd_samplers_cfg_denoiser import CFGDenoiser


class CFGDenoiserTimesteps(CFGDenoiser):
    """Guidance over timesteps: `sigma` is the timestep."""

    @property
    def inner_model(self):
        """The loaded model as noise over timesteps."""
        if self.model_wrap is None:
            self.model_wrap = shared.sd_model.apply_model
        return self.model_wrap

    def _timestep_of(self, sigma):
        """It is one."""
        return int(sigma)

    def get_pred_x0(self, x_in, x_out, sigma):
        """The picture behind predicted noise."""
        a = shared.sd_model.alphas_cumprod[sigma.long()].reshape(-1, *[1] * (x_in.ndim - 1))
        return (x_in - (1 - a).sqrt() * x_out) / a.sqrt()


class CompVisSampler(sd_samplers_common.Sampler):
    """One sampling over timesteps."""

    eta_option_field = "eta_ddim"
    eta_infotext_field = "Eta DDIM"
    eta_default = 0.0

    def __init__(self, funcname, sd_model):
        super().__init__(funcname)
        self.model_wrap_cfg = CFGDenoiserTimesteps(self)
        self.model_wrap = self.model_wrap_cfg.inner_model

    def get_timesteps(self, p, steps):
        """Ascending timesteps, evenly spaced from 1; ValueError for more than 1,000 steps."""
        steps += 1 if self._discard_next_to_last_sigma(p) else 0
        return torch.clip(torch.asarray(list(range(0, 1000, 1000 // steps)), device=devices.device) + 1, 0, 999)

    def sample(self, p, x, conditioning, unconditional_conditioning, steps=None, image_conditioning=None):
        """The first pass: from noise x."""
        steps = steps or p.steps
        timesteps = self.get_timesteps(p, steps)
        return self._run(p, x, x, timesteps, steps, (conditioning, unconditional_conditioning, image_conditioning))

    def sample_img2img(
        self, p, x, noise, conditioning, unconditional_conditioning, steps=None, image_conditioning=None
    ):
        """A second pass: from latents x and noise, at p.denoising_strength."""
        total, last = sd_samplers_common.setup_img2img_steps(p, steps)
        timesteps = self.get_timesteps(p, total)
        alpha = shared.sd_model.alphas_cumprod[timesteps[last]]
        noised = x * alpha.sqrt() + noise * (1 - alpha).sqrt()
        noised = self._extra_noise(p, noise, noised, alpha.sqrt())
        conds = (conditioning, unconditional_conditioning, image_conditioning)
        return self._run(p, x, noised, timesteps[:last], last + 1, conds)

    def _run(self, p: Any, latent: Any, noised: Any, timesteps: Any, steps: int, conds: tuple) -> Any:
        eta = self.initialize(p)["eta"]
        cond, uncond, image_cond = conds
        self.last_latent = latent
        self.sampler_extra_args = {
            "cond": cond, "uncond": uncond, "image_cond": image_cond, "cond_scale": p.cfg_scale,
            "s_min_uncond": self.s_min_uncond,
        }  # fmt: skip
        return self.launch_sampling(steps, lambda: self.func(self, noised, timesteps, eta))


def _ddim(sampler: CompVisSampler, x: torch.Tensor, timesteps: torch.Tensor, eta: float) -> torch.Tensor:
    """Song et al. 2020, https://arxiv.org/abs/2010.02502, equation 12. The last of the timesteps is not taken."""
    assert sampler.p is not None
    alphas_cumprod = shared.sd_model.alphas_cumprod
    alphas = alphas_cumprod[timesteps]
    before = alphas_cumprod[torch.nn.functional.pad(timesteps[:-1], (1, 0))]
    for i, index in enumerate(range(len(timesteps) - 1, 0, -1)):
        t = timesteps[index].to(x).expand(len(x))
        eps = sampler.model_wrap_cfg(x, t, **sampler.sampler_extra_args)
        a, a_before = alphas[index], before[index]
        sigma = eta * ((1 - a_before) / (1 - a) * (1 - a / a_before)).sqrt()
        x0 = (x - (1 - a).sqrt() * eps) / a.sqrt()
        x = a_before.sqrt() * x0 + (1 - a_before - sigma**2).sqrt() * eps + sigma * sampler.p.rng.next()
        sampler.callback_state({"i": i, "denoised": x0})
    return x


samplers_data_timesteps = [
    sd_samplers_common.SamplerData("DDIM", lambda model: CompVisSampler(_ddim, model), ["ddim"], {"uses_eta": True})
]
