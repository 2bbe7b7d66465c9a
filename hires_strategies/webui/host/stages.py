"""The engine's Host on a running WebUI: one batch of one generation.

Each verb is what the host's own sample_hr_pass (modules/processing.py) does, in its order, so that one stage gives the
bits of built-in Hires. fix.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import torch
from modules import devices, errors, processing, rng, sd_models, sd_samplers, sd_samplers_common, shared
from PIL.Image import Image

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sizes import LATENT_SIDE, Upscale
from hires_strategies.running.host import Latents, Sampled

from . import forks, parameters, pixels, progress
from .conditioning import Conditioning
from .lists import latent_modes
from .processing import Processing
from .sampler_watch import SamplerWatch
from .stage_prompts import StagePrompts

# Where an option of a stage goes in its `p`: first the first pass's attribute, then what Hires. fix reads.
_ON_P = {"sampler": ("sampler_name",), "scheduler": ("scheduler", "hr_scheduler"), "cfg": ("cfg_scale", "hr_cfg")}


class WebuiHost:
    """Verbs for the batch that `p` samples now. What it changes, the active networks, `close()` restores."""

    def __init__(self, p: Processing, prompts: StagePrompts) -> None:
        self.p = p
        self.conditioning = Conditioning(p, prompts)
        self.written: dict[int | None, dict[str, Any]] = {}  # generation parameters, by the stage's index
        self._last_sampling = Sampled()

    def rewind_generator(self) -> None:
        seed = int(self.p.seeds[-1])
        torch.manual_seed(seed)  # the host does not, where its random numbers are not torch's
        rng.randn(seed, (1,), rng.create_generator(seed))  # as for the last image of a batch; Forge takes another seed

    def decode(self, latents: Latents) -> list[Image]:
        state = shared.state
        was_interrupted, state.interrupted = state.interrupted, False
        # With "live preview fast interrupt" the host would decode by its preview's approximation, smaller and blurred.
        try:
            decoded = processing.decode_latent_batch(
                shared.sd_model, latents, target_device=devices.cpu, check_for_nans=True
            )
        finally:
            state.interrupted = state.interrupted or was_interrupted
        return pixels.from_decoded(decoded)

    def encode(self, images: list[Image]) -> Latents:
        method = shared.opts.sd_vae_encode_method
        latents = sd_samplers_common.images_tensor_to_samples(
            pixels.to_tensor(images), sd_samplers_common.approximation_indexes.get(method)
        )
        forks.forget_reference_latent()
        return latents

    def latent_upscale(self, latents: Latents, upscale: Upscale) -> Latents:
        mode = latent_modes()[upscale.upscaler]
        size = (upscale.height // LATENT_SIDE, upscale.width // LATENT_SIDE)
        return torch.nn.functional.interpolate(latents, size=size, mode=mode["mode"], antialias=mode["antialias"])

    def pixel_upscale(self, images: list[Image], upscale: Upscale) -> list[Image]:
        return [pixels.upscale(image, upscale) for image in images]

    def sample(self, latents: Latents, images: list[Image] | None, node: Node) -> Latents:
        q = self._stage_p(node)
        q.sampler = sd_samplers.create_sampler(q.sampler_name, q.sd_model)
        image_conditioning = self._image_conditioning(q, latents, images)
        noise = self._noise(q, latents.shape[1:])

        def sampling(c: Any, uc: Any, noise: torch.Tensor) -> Latents:
            return q.sampler.sample_img2img(
                q, latents, noise, c, uc, steps=node.steps, image_conditioning=image_conditioning
            )

        return self._with_model(q, node, latents, noise, sampling)

    def direct(self, node: Node) -> Latents:
        q = self._stage_p(node)
        q.sampler = sd_samplers.create_sampler(q.sampler_name, q.sd_model)
        channels = getattr(shared.sd_model, "latent_channels", processing.opt_C)
        noise = self._noise(q, (channels, node.height // LATENT_SIDE, node.width // LATENT_SIDE))

        def sampling(c: Any, uc: Any, noise: torch.Tensor) -> Latents:
            return q.sampler.sample(q, noise, c, uc, image_conditioning=q.txt2img_image_conditioning(noise))

        return self._with_model(q, node, noise, noise, sampling)

    def last_sampling(self) -> Sampled:
        return self._last_sampling

    def next_job(self, node: Node, text: str) -> None:
        bar = progress.bar_of(self.p)
        if bar is not None:
            bar.stage(node.index)
        shared.state.textinfo = text

    def stopped(self) -> str | None:
        return progress.stopped()

    def ending(self) -> bool:
        return forks.stops_after_this_image()

    def failed(self, node: Node, error: Exception) -> None:
        errors.report(f"Hires strategies: '{node.text}' failed", exc_info=True)
        devices.torch_gc()

    def release(self) -> None:
        devices.torch_gc()

    def close(self) -> None:
        """Leave the host as it was before the stages, whatever happened in them."""
        shared.state.textinfo = None
        self.conditioning.restore_networks()

    def _stage_p(self, node: Node) -> Processing:
        """A copy of `p` for one stage: what host and scripts write into it is this stage's alone."""
        assert node.sampling is not None
        p, q, sampling = self.p, copy(self.p), node.sampling
        q.extra_generation_params = parameters.Recorded(p.extra_generation_params)
        if hasattr(p, "lora_hashes"):
            q.lora_hashes = dict(p.lora_hashes)
        q.refiner_checkpoint_info = q.refiner_switch_at = None  # it would swap the model again, in every stage
        q.is_hr_pass = sampling.denoising_strength is not None
        q.steps = p.steps if q.is_hr_pass else sampling.steps
        q.denoising_strength = sampling.denoising_strength
        for option, (first, *others) in _ON_P.items():
            value = getattr(sampling, option)
            for attribute in (first, *others):
                setattr(q, attribute, getattr(p, first, None) if value is None else value)
        forks.use_distilled_cfg(q, forks.distilled_cfg(p))
        target = node.upscale
        q.hr_upscale_to_x, q.hr_upscale_to_y = (target.width, target.height) if target else (node.width, node.height)
        if not q.is_hr_pass:
            q.width, q.height = node.width, node.height
        return q

    def _noise(self, q: Processing, shape: Any) -> torch.Tensor:
        q.rng = rng.ImageRNG(
            shape,
            q.seeds,
            subseeds=q.subseeds,
            subseed_strength=q.subseed_strength,
            seed_resize_from_h=q.seed_resize_from_h,
            seed_resize_from_w=q.seed_resize_from_w,
        )
        noise: torch.Tensor = q.rng.next()
        return noise

    def _with_model(self, q: Processing, node: Node, x: torch.Tensor, noise: torch.Tensor, sampling: Any) -> Latents:
        """Run `sampling` with the stage's networks, conditioning and token merging, then put token merging back."""
        devices.torch_gc()
        c, uc = self.conditioning.for_stage(q, node)
        watch = SamplerWatch(q.sampler)
        try:
            samples = sampling(*forks.before_sampling(q, x, noise, c, uc))
            self.written[node.index] = parameters.of_stage(self.p, q)
        finally:
            sd_models.apply_token_merging(q.sd_model, self.p.get_token_merging_ratio())
        assert node.sampling is not None
        self._last_sampling = watch.saw(node.sampling)
        return samples

    def _image_conditioning(self, q: Processing, latents: Latents, images: list[Image] | None) -> Any:
        """What inpainting models want beside the prompt; nearly nothing for all others."""
        if images is not None:
            self.rewind_generator()
            return q.img2img_image_conditioning(pixels.to_tensor(images), latents)
        if getattr(q, "inpainting_mask_weight", shared.opts.inpainting_mask_weight) < 1.0:
            self.rewind_generator()
            decoded = sd_samplers_common.decode_first_stage(shared.sd_model, latents)
            return q.img2img_image_conditioning(decoded, latents)
        return q.txt2img_image_conditioning(latents)
