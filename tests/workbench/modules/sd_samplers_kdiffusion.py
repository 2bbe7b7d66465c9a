"""Samplers that work on sigmas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from parts import k_samplers

from modules import devices, sd_samplers_common, sd_schedulers, shared
from modules.sd_samplers_cfg_denoiser import CFGDenoiser
from modules.shared import opts

_SAMPLERS: list[tuple[str, Callable[..., Any], list[str], dict[str, Any]]] = [
    ("DPM++ 2M", k_samplers.dpmpp_2m, ["k_dpmpp_2m"], {"scheduler": "karras"}),
    (
        "DPM++ SDE",
        k_samplers.dpmpp_sde,
        ["k_dpmpp_sde"],
        {"scheduler": "karras", "second_order": True, "brownian_noise": True, "uses_eta": True},
    ),
    (
        "DPM++ 2M SDE",
        k_samplers.dpmpp_2m_sde,
        ["k_dpmpp_2m_sde"],
        {"scheduler": "exponential", "brownian_noise": True, "uses_eta": True},
    ),
    ("Euler a", k_samplers.euler_ancestral, ["k_euler_a"], {"uses_ensd": True, "uses_eta": True}),
    ("Euler", k_samplers.euler, ["k_euler"], {}),
    ("Heun", k_samplers.heun, ["k_heun"], {"second_order": True}),
]


class _EpsDenoiser(torch.nn.Module):
    """A model that predicts noise, as x0 over sigma."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.inner_model = model
        self.timesteps = k_samplers.Timesteps(model.alphas_cumprod)
        self.sigmas = self.timesteps.sigmas
        self.get_sigmas, self.sigma_to_t, self.t_to_sigma = (
            self.timesteps.uniform,
            self.timesteps.to_t,
            self.timesteps.to_sigma,
        )

    def forward(self, x: torch.Tensor, sigma: torch.Tensor, cond: dict[str, Any]) -> torch.Tensor:
        """x0 of latents at sigmas B."""
        wide = sigma.reshape(-1, *[1] * (x.ndim - 1))
        eps = self.inner_model.apply_model(x / (wide**2 + 1) ** 0.5, self.sigma_to_t(sigma), cond)
        return x - eps * wide


class CFGDenoiserKDiffusion(CFGDenoiser):
    """Guidance over sigmas."""

    @property
    def inner_model(self):
        """The loaded model as x0 over sigma."""
        if self.model_wrap is None:
            create = getattr(shared.sd_model, "create_denoiser", None)  # flow-matching models have one
            self.model_wrap = _EpsDenoiser(shared.sd_model) if create is None else create()
        return self.model_wrap

    def _timestep_of(self, sigma):
        """The nearest timestep of a sigma."""
        return int(torch.argmin(torch.abs(self.inner_model.sigmas - sigma)))


class KDiffusionSampler(sd_samplers_common.Sampler):
    """One sampling over sigmas."""

    def __init__(self, funcname, sd_model, options=None):
        super().__init__(funcname)
        self.model_wrap_cfg = CFGDenoiserKDiffusion(self)
        self.model_wrap = self.model_wrap_cfg.inner_model

    def get_sigmas(self, p, steps):
        """The sigmas of `steps` steps and a 0, by the scheduler of this pass."""
        discard = self._discard_next_to_last_sigma(p)
        steps += 1 if discard else 0
        name = (p.hr_scheduler if p.is_hr_pass else p.scheduler) or "Automatic"
        if name == "Automatic":
            name = self.config.options.get("scheduler")
        scheduler = sd_schedulers.schedulers_map.get(name)
        if p.sampler_noise_scheduler_override:
            sigmas = p.sampler_noise_scheduler_override(steps)
        elif scheduler is None or scheduler.function is None:
            sigmas = self.model_wrap.get_sigmas(steps)
        else:
            sigmas = scheduler.function(n=steps, **self._schedule_arguments(p, scheduler), device=devices.cpu)
        return torch.cat([sigmas[:-2], sigmas[-1:]]) if discard else sigmas

    def sample(self, p, x, conditioning, unconditional_conditioning, steps=None, image_conditioning=None):
        """The first pass: from noise x (unit variance)."""
        steps = steps or p.steps
        sigmas = self.get_sigmas(p, steps)
        if opts.sgm_noise_multiplier:
            p.extra_generation_params["SGM noise multiplier"] = True
            x = x * torch.sqrt(1.0 + sigmas[0] ** 2.0)
        else:
            x = x * sigmas[0]
        return self._run(p, x, x, sigmas, steps, (conditioning, unconditional_conditioning, image_conditioning))

    def sample_img2img(
        self, p, x, noise, conditioning, unconditional_conditioning, steps=None, image_conditioning=None
    ):
        """A second pass: from latents x and noise, at p.denoising_strength."""
        total, last = sd_samplers_common.setup_img2img_steps(p, steps)
        sigmas = self.get_sigmas(p, total)[total - last - 1 :]
        add_noise = getattr(shared.sd_model, "add_noise_to_latent", None)
        noised = x + noise * sigmas[0] if add_noise is None else add_noise(x, noise, sigmas[0])
        noised = self._extra_noise(p, noise, noised)
        conds = (conditioning, unconditional_conditioning, image_conditioning)
        return self._run(p, x, noised, sigmas, last + 1, conds)

    def _run(self, p: Any, latent: Any, noised: Any, sigmas: Any, steps: int, conds: tuple) -> Any:
        arguments = self.initialize(p)
        cond, uncond, image_cond = conds
        self.last_latent = latent
        self.sampler_extra_args = {
            "cond": cond, "uncond": uncond, "image_cond": image_cond, "cond_scale": p.cfg_scale,
            "s_min_uncond": self.s_min_uncond,
        }  # fmt: skip

        seen: dict[str, torch.Tensor] = {}  # k-diffusion hands each step's prediction to the callback

        def denoise(x: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
            wide = sigma.reshape(1).expand(len(x)).to(x.device)
            seen["denoised"] = self.model_wrap_cfg(x, wide, **self.sampler_extra_args)
            return seen["denoised"]

        brownian = self.config.options.get("brownian_noise", False) and not opts.no_dpmpp_sde_batch_determinism
        noise = _batch_noise(p, noised) if brownian else p.rng.next
        run = k_samplers.Run(denoise, noise, lambda i: self.callback_state({"i": i, **seen}), **arguments)
        return self.launch_sampling(steps, lambda: self.func(run, noised, sigmas))

    def _schedule_arguments(self, p: Any, scheduler: Any) -> dict[str, Any]:
        """What the schedule is computed from; a schedule other than the default is written to infotext."""
        sigmas = self.model_wrap.sigmas
        model = {"sigma_min": sigmas[0].item(), "sigma_max": sigmas[-1].item()}
        old = {"sigma_min": 0.1, "sigma_max": 10.0}
        arguments: dict[str, Any] = dict(old if opts.use_old_karras_scheduler_sigmas else model)
        written = p.extra_generation_params
        if not p.is_hr_pass:
            written["Schedule type"] = scheduler.label
        elif scheduler.label != written.get("Schedule type"):
            written["Hires schedule type"] = scheduler.label
        for key, value in (("sigma_min", opts.sigma_min), ("sigma_max", opts.sigma_max)):
            if value not in (0, model[key]):
                arguments[key] = value
                written[f"Schedule {key[6:]} sigma"] = value
        if scheduler.default_rho != -1 and opts.rho not in (0, scheduler.default_rho):
            arguments["rho"] = written["Schedule rho"] = opts.rho
        if scheduler.need_inner_model:
            arguments["inner_model"] = self.model_wrap
        return arguments


def _batch_noise(p: Any, x: torch.Tensor) -> Callable[[], torch.Tensor]:
    """Noise by each image's seed alone; the host's comes from a Brownian tree: other numbers at the same times."""
    seeds = p.all_seeds[p.iteration * p.batch_size : (p.iteration + 1) * p.batch_size]
    assert len(seeds) == len(x), f"{len(seeds)} seeds for a batch of {len(x)}"
    generators = [torch.Generator(devices.cpu).manual_seed(int(seed)) for seed in seeds]
    return lambda: torch.stack([torch.randn(x.shape[1:], generator=generator) for generator in generators]).to(x)


samplers_data_k_diffusion = [
    sd_samplers_common.SamplerData(name, partial(KDiffusionSampler, func), aliases, options)
    for name, func, aliases, options in _SAMPLERS
]
