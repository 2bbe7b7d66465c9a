"""What all samplers share, and latents <-> pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image

from modules import devices, sd_models, shared
from modules.shared import opts, state

approximation_indexes = {"Full": 0, "Approx NN": 1, "Approx cheap": 2, "TAESD": 3}


class SamplerData(NamedTuple):
    """A sampler in the list: how to make one, and what it is like."""

    name: str
    constructor: Callable[[Any], Any]
    aliases: list[str]
    options: dict[str, Any]

    def total_steps(self, steps):
        """Model evaluations of `steps` steps, about: samplers of second order evaluate twice."""
        return steps * 2 if self.options.get("second_order", False) else steps


class InterruptedException(BaseException):
    """The user ended this sampling."""


def setup_img2img_steps(p, steps=None):
    """(steps of the whole schedule, the last step taken, from 0): `steps` are what is really run, if given."""
    if opts.img2img_fix_steps or steps is not None:
        requested = steps or p.steps
        total = int(requested / min(p.denoising_strength, 0.999)) if p.denoising_strength > 0 else 0
        return total, requested - 1
    return p.steps, int(min(p.denoising_strength, 0.999) * p.steps)


def samples_to_images_tensor(sample, approximation=None, model=None):
    """Latents B,4,h,w -> pictures of about [-1,1]: by the autoencoder, or coarse and 8 times smaller ("cheap")."""
    if approximation is None or (state.interrupted and opts.live_preview_fast_interrupt):
        approximation = approximation_indexes.get(opts.show_progress_type, 0)
    if approximation == approximation_indexes["Approx cheap"]:
        return sample[:, :3] / 3
    with torch.no_grad(), devices.without_autocast():
        return (model or shared.sd_model).decode_first_stage(sample)


def decode_first_stage(model, x):
    """Latents -> pictures of about [-1,1], by the method of the settings."""
    return samples_to_images_tensor(x, approximation_indexes.get(opts.sd_vae_decode_method, 0), model)


def sample_to_image(samples, index=0, approximation=None):
    """One picture of a batch of latents."""
    decoded = samples_to_images_tensor(samples[index].unsqueeze(0), approximation)[0].squeeze()  # with one frame: 4-D
    array = 255.0 * np.moveaxis(torch.clamp(decoded * 0.5 + 0.5, min=0.0, max=1.0).cpu().numpy(), 0, 2)
    return Image.fromarray(array.astype(np.uint8))


def images_tensor_to_samples(image, approximation=None, model=None):
    """Pictures B,3,H,W in [0,1] -> latents; one by one, and each draws noise from torch's global generator."""
    model = model or shared.sd_model
    image = image.to(shared.device, dtype=devices.dtype_vae) * 2 - 1
    encoded = [model.get_first_stage_encoding(model.encode_first_stage(one.unsqueeze(0)))[0] for one in image]
    return torch.stack(encoded)


def store_latent(decoded):
    """Keep x0 for the live preview."""
    state.current_latent = decoded


def is_sampler_using_eta_noise_seed_delta(p):
    """Whether ENSD changes the picture with this sampler."""
    from modules import sd_samplers

    config = sd_samplers.find_sampler_config(p.sampler_name)
    eta = p.eta
    if eta is None and p.sampler is not None:
        eta = p.sampler.eta
    return eta != 0 and bool(config and config.options.get("uses_ensd", False))


def apply_refiner(cfg_denoiser, sigma=None):
    """Swap to p's refiner checkpoint once enough is done; True if it was swapped now."""
    p = cfg_denoiser.p
    if p.refiner_checkpoint_info is None or shared.sd_model.sd_checkpoint_info is p.refiner_checkpoint_info:
        return False
    if p.refiner_switch_at is not None and _completed(cfg_denoiser, sigma) < p.refiner_switch_at:
        return False
    if getattr(p, "enable_hr", False):
        if opts.hires_fix_refiner_pass == ("first pass" if p.is_hr_pass else "second pass"):
            return False
        if opts.hires_fix_refiner_pass != "second pass":
            p.extra_generation_params["Hires refiner"] = opts.hires_fix_refiner_pass
    p.extra_generation_params["Refiner"] = p.refiner_checkpoint_info.short_title
    p.extra_generation_params["Refiner switch at"] = p.refiner_switch_at
    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights(info=p.refiner_checkpoint_info)
    p.setup_conds()
    cfg_denoiser.update_inner_model()
    return True


def _completed(cfg_denoiser: Any, sigma: torch.Tensor | None) -> float:
    """The share of the work that is done: of the steps, or of the model's 1,000 timesteps."""
    if opts.refiner_switch_by_sample_steps or sigma is None:
        cfg_denoiser.p.extra_generation_params["Refiner switch by sampling steps"] = True
        return cfg_denoiser.step / cfg_denoiser.total_steps
    return (999 - cfg_denoiser._timestep_of(sigma.max())) / 1000


class Sampler:
    """One sampling: made by sd_samplers.create_sampler, used once."""

    eta_option_field = "eta_ancestral"
    eta_infotext_field = "Eta"
    eta_default = 1.0
    config: SamplerData

    def __init__(self, funcname):
        self.func = funcname
        self.eta = None
        self.s_min_uncond = 0.0
        self.last_latent = None
        self.conditioning_key = shared.sd_model.model.conditioning_key
        self.p = None
        self.model_wrap_cfg: Any = None
        self.model_wrap: Any = None
        self.sampler_extra_args: dict[str, Any] = {}

    def callback_state(self, d):
        """A step is done."""
        state.sampling_step = d["i"]
        shared.total_tqdm.update()

    def launch_sampling(self, steps, func):
        """Run it; what there is so far if the user ends it."""
        self.model_wrap_cfg.total_steps = self.config.total_steps(steps)
        state.sampling_steps = steps
        state.sampling_step = 0
        try:
            return func()
        except InterruptedException:
            return self.last_latent

    def initialize(self, p) -> dict:
        """Bind to p; returns what the algorithm is given besides (eta)."""
        self.p = p
        self.model_wrap_cfg.p = p
        self.model_wrap_cfg.step = 0
        self.s_min_uncond = p.s_min_uncond
        self.eta = p.eta if p.eta is not None else getattr(opts, self.eta_option_field)
        if not self.config.options.get("uses_eta", False):
            return {}
        if self.eta != self.eta_default:
            p.extra_generation_params[self.eta_infotext_field] = self.eta
        return {"eta": self.eta}

    def _extra_noise(self, p, noise, noised, scale=1.0):
        """Noised latents with the setting "Extra noise" on top."""
        if opts.img2img_extra_noise <= 0:
            return noised
        p.extra_generation_params["Extra noise"] = opts.img2img_extra_noise
        return noised + noise * opts.img2img_extra_noise * scale

    def _discard_next_to_last_sigma(self, p) -> bool:
        """The setting "Always discard next-to-last sigma"."""
        if opts.always_discard_next_to_last_sigma:
            p.extra_generation_params["Discard penultimate sigma"] = True
        return opts.always_discard_next_to_last_sigma
