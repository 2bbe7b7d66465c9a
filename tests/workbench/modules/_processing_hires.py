"""txt2img with built-in Hires. fix: the second pass whose order and bits the extension has to meet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from modules import _hires_upscale, devices, extra_networks, prompt_parser, rng, sd_models, sd_samplers, shared
from modules._decoding import decode_latent_batch
from modules._processing_base import StableDiffusionProcessing, latent_factor
from modules.shared import opts, state


@dataclass(repr=False)
class StableDiffusionProcessingTxt2Img(StableDiffusionProcessing):
    """A txt2img job."""

    enable_hr: bool = False
    denoising_strength: float | None = 0.75
    hr_scale: float = 2.0
    hr_upscaler: str | None = None
    hr_second_pass_steps: int = 0
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_checkpoint_name: str | None = None
    hr_sampler_name: str | None = None
    hr_scheduler: str | None = None
    hr_prompt: Any = ""
    hr_negative_prompt: Any = ""
    force_task_id: str | None = None

    hr_checkpoint_info: Any = field(default=None, init=False)
    hr_upscale_to_x: int = field(default=0, init=False)
    hr_upscale_to_y: int = field(default=0, init=False)
    truncate_x: int = field(default=0, init=False)
    truncate_y: int = field(default=0, init=False)
    latent_scale_mode: Any = field(default=None, init=False)
    hr_c: Any = field(default=None, init=False)
    hr_uc: Any = field(default=None, init=False)
    all_hr_prompts: Any = field(default=None, init=False)
    all_hr_negative_prompts: Any = field(default=None, init=False)
    hr_prompts: Any = field(default=None, init=False)
    hr_negative_prompts: Any = field(default=None, init=False)
    hr_extra_network_data: Any = field(default=None, init=False)

    cached_hr_c = [None, None]
    cached_hr_uc = [None, None]

    def __post_init__(self):
        super().__post_init__()
        self.cached_hr_c = StableDiffusionProcessingTxt2Img.cached_hr_c
        self.cached_hr_uc = StableDiffusionProcessingTxt2Img.cached_hr_uc

    def calculate_target_resolution(self):
        """The second pass's size. "Resize to" of another ratio is reached by cutting latents off (truncate_x, _y)."""
        wanted_x, wanted_y = self.hr_resize_x, self.hr_resize_y
        if wanted_x == 0 and wanted_y == 0:
            self.extra_generation_params["Hires upscale"] = self.hr_scale
            self.hr_upscale_to_x = int(self.width * self.hr_scale)
            self.hr_upscale_to_y = int(self.height * self.hr_scale)
            return
        self.extra_generation_params["Hires resize"] = f"{wanted_x}x{wanted_y}"
        by_width = wanted_y == 0 or (wanted_x != 0 and self.width / self.height < wanted_x / wanted_y)
        if by_width:
            self.hr_upscale_to_x, self.hr_upscale_to_y = wanted_x, wanted_x * self.height // self.width
        else:
            self.hr_upscale_to_x, self.hr_upscale_to_y = wanted_y * self.width // self.height, wanted_y
        if wanted_x and wanted_y:
            self.truncate_x = (self.hr_upscale_to_x - wanted_x) // latent_factor()
            self.truncate_y = (self.hr_upscale_to_y - wanted_y) // latent_factor()

    def init(self, all_prompts, all_seeds, all_subseeds):
        """Resolve the second pass's names and size; count its jobs, once per request."""
        if not self.enable_hr:
            return
        written = self.extra_generation_params
        written["Denoising strength"] = self.denoising_strength
        self._find_checkpoint()
        if self.hr_sampler_name is not None and self.hr_sampler_name != self.sampler_name:
            written["Hires sampler"] = self.hr_sampler_name
        written["Hires prompt"] = _hires_prompt
        written["Hires negative prompt"] = _hires_negative_prompt
        written["Hires schedule type"] = None  # the sampler writes it
        self.hr_scheduler = self.hr_scheduler or self.scheduler
        self.latent_scale_mode = shared.latent_upscale_modes.get(
            shared.latent_upscale_default_mode if self.hr_upscaler is None else self.hr_upscaler
        )
        if self.latent_scale_mode is None and not any(data.name == self.hr_upscaler for data in shared.sd_upscalers):
            raise Exception(f"could not find upscaler named {self.hr_upscaler}")
        self.calculate_target_resolution()
        if not state.processing_has_refined_job_count:
            self._count_jobs()
        if self.hr_second_pass_steps:
            written["Hires steps"] = self.hr_second_pass_steps
        if self.hr_upscaler is not None:
            written["Hires upscaler"] = self.hr_upscaler

    def sample(self, conditioning, unconditional_conditioning, seeds, subseeds, subseed_strength, prompts):
        """The first pass (or what stands in for it, firstpass_image), then the second if it is on."""
        self.sampler = sd_samplers.create_sampler(self.sampler_name, self.sd_model)
        decoded_samples = None
        if self.firstpass_image is not None and self.enable_hr:
            samples, decoded_samples = _hires_upscale.from_image(self)
        else:
            x = self.rng.next()
            if self.scripts is not None:
                self.scripts.process_before_every_sampling(
                    p=self, x=x, noise=x, c=conditioning, uc=unconditional_conditioning
                )
            samples = self.sampler.sample(
                self, x, conditioning, unconditional_conditioning, image_conditioning=self.txt2img_image_conditioning(x)
            )
            if not self.enable_hr:
                return samples
            devices.torch_gc()
            if self.latent_scale_mode is None:
                decoded = decode_latent_batch(self.sd_model, samples, target_device=devices.cpu, check_for_nans=True)
                decoded_samples = torch.stack(decoded).to(dtype=torch.float32)
        with sd_models.SkipWritingToConfig():
            sd_models.reload_model_weights(info=self.hr_checkpoint_info)
        return self.sample_hr_pass(samples, decoded_samples, seeds, subseeds, subseed_strength, prompts)

    def sample_hr_pass(self, samples, decoded_samples, seeds, subseeds, subseed_strength, prompts):
        """Upscale, then sample at the larger size; returns DecodedSamples (or `samples` once interrupted)."""
        if state.interrupted:
            return samples
        self.is_hr_pass = True
        self.sampler = sd_samplers.create_sampler(self.hr_sampler_name or self.sampler_name, self.sd_model)
        if self.latent_scale_mode is not None:
            samples, image_conditioning = _hires_upscale.latents(self, samples, seeds, prompts)
        else:
            samples, image_conditioning = _hires_upscale.pixels(self, decoded_samples, seeds, prompts)
        state.nextjob()
        top, left = self.truncate_y // 2, self.truncate_x // 2
        bottom = samples.shape[-2] - (self.truncate_y + 1) // 2
        right = samples.shape[-1] - (self.truncate_x + 1) // 2
        samples = samples[..., top:bottom, left:right]

        self.rng = rng.ImageRNG(
            samples.shape[1:], self.seeds, subseeds=self.subseeds, subseed_strength=self.subseed_strength,
            seed_resize_from_h=self.seed_resize_from_h, seed_resize_from_w=self.seed_resize_from_w,
        )  # fmt: skip
        noise = self.rng.next()
        devices.torch_gc()
        if not self.disable_extra_networks:
            with devices.autocast():
                extra_networks.activate(self, self.hr_extra_network_data)
        with devices.autocast():
            self.calculate_hr_conds()
        sd_models.apply_token_merging(self.sd_model, self.get_token_merging_ratio(for_hr=True))
        if self.scripts is not None:
            self.scripts.before_hr(self)
            self.scripts.process_before_every_sampling(p=self, x=samples, noise=noise, c=self.hr_c, uc=self.hr_uc)
        steps = self.hr_second_pass_steps or self.steps
        samples = self.sampler.sample_img2img(
            self, samples, noise, self.hr_c, self.hr_uc, steps=steps, image_conditioning=image_conditioning
        )
        sd_models.apply_token_merging(self.sd_model, self.get_token_merging_ratio())
        self.sampler = None
        devices.torch_gc()
        decoded = decode_latent_batch(self.sd_model, samples, target_device=devices.cpu, check_for_nans=True)
        self.is_hr_pass = False
        return decoded

    def close(self):
        """Let go of what the job holds."""
        super().close()
        self.hr_c = self.hr_uc = None
        if not opts.persistent_cond_cache:
            StableDiffusionProcessingTxt2Img.cached_hr_c = [None, None]
            StableDiffusionProcessingTxt2Img.cached_hr_uc = [None, None]

    def setup_prompts(self):
        """The prompts of both passes; the second has the first's where it has none of its own."""
        super().setup_prompts()
        if not self.enable_hr:
            return
        self.hr_prompt = self.hr_prompt if self.hr_prompt != "" else self.prompt
        self.hr_negative_prompt = self.hr_negative_prompt if self.hr_negative_prompt != "" else self.negative_prompt
        count, styles = self.batch_size * self.n_iter, shared.prompt_styles
        prompts, negatives = (
            texts if isinstance(texts, list) else [texts] * count for texts in (self.hr_prompt, self.hr_negative_prompt)
        )
        self.all_hr_prompts = [styles.apply_styles_to_prompt(x, self.styles) for x in prompts]
        self.all_hr_negative_prompts = [styles.apply_negative_styles_to_prompt(x, self.styles) for x in negatives]

    def calculate_hr_conds(self):
        """hr_c and hr_uc of the batch, once."""
        if self.hr_c is not None:
            return
        size = {"width": self.hr_upscale_to_x, "height": self.hr_upscale_to_y}
        prompts = prompt_parser.SdConditioning(self.hr_prompts, **size)
        negatives = prompt_parser.SdConditioning(self.hr_negative_prompts, is_negative_prompt=True, **size)
        config = sd_samplers.find_sampler_config(self.hr_sampler_name or self.sampler_name)
        steps = self.hr_second_pass_steps or self.steps
        steps = config.total_steps(steps) if config else steps
        first, data = self.firstpass_steps, self.hr_extra_network_data
        learned, multicond = prompt_parser.get_learned_conditioning, prompt_parser.get_multicond_learned_conditioning
        uc_caches, c_caches = [self.cached_hr_uc, self.cached_uc], [self.cached_hr_c, self.cached_c]
        self.hr_uc = self.get_conds_with_caching(learned, negatives, first, uc_caches, data, steps)
        self.hr_c = self.get_conds_with_caching(multicond, prompts, first, c_caches, data, steps)

    def setup_conds(self):
        """The conditioning of the batch; called by a refiner within the second pass, that pass's."""
        if self.is_hr_pass:
            self.hr_c = None
            self.calculate_hr_conds()
            return
        super().setup_conds()
        self.hr_uc = self.hr_c = None
        if self.enable_hr and self.hr_checkpoint_info is None and opts.hires_fix_use_firstpass_conds:
            self.calculate_hr_conds()

    def get_conds(self):
        """(c, uc) of the running pass."""
        return (self.hr_c, self.hr_uc) if self.is_hr_pass else super().get_conds()

    def parse_extra_network_prompts(self):
        """Take the network tags out of both passes' prompts."""
        super().parse_extra_network_prompts()
        if self.enable_hr:
            batch = slice(self.iteration * self.batch_size, (self.iteration + 1) * self.batch_size)
            self.hr_negative_prompts = self.all_hr_negative_prompts[batch]
            self.hr_prompts, self.hr_extra_network_data = extra_networks.parse_prompts(self.all_hr_prompts[batch])

    def _find_checkpoint(self) -> None:
        if self.hr_checkpoint_name and self.hr_checkpoint_name != "Use same checkpoint":
            self.hr_checkpoint_info = sd_models.get_closet_checkpoint_match(self.hr_checkpoint_name)
            if self.hr_checkpoint_info is None:
                raise Exception(f"Could not find checkpoint with name {self.hr_checkpoint_name}")
            self.extra_generation_params["Hires checkpoint"] = self.hr_checkpoint_info.short_title

    def _count_jobs(self) -> None:
        if state.job_count == -1:
            state.job_count = self.n_iter
        first_steps = 0 if getattr(self, "txt2img_upscale", False) else self.steps
        second_steps = self.hr_second_pass_steps or self.steps
        shared.total_tqdm.updateTotal((first_steps + second_steps) * state.job_count)
        state.job_count *= 2
        state.processing_has_refined_job_count = True


def _hires_prompt(p: Any, index: int, prompt_text: str, **kwargs: Any) -> str | None:
    own = p.all_hr_prompts[index]
    return own if own != prompt_text else None


def _hires_negative_prompt(p: Any, index: int, negative_prompt: str, **kwargs: Any) -> str | None:
    own = p.all_hr_negative_prompts[index]
    return own if own != negative_prompt else None
