"""A job: what was asked for, and what the running batch is at."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from modules import devices, extra_networks, prompt_parser, sd_samplers, sd_samplers_common, shared
from modules.shared import opts, state

opt_C = 4  # channels of a latent


def latent_factor() -> int:
    """processing.opt_f, which changes with the loaded model."""
    factor: int = sys.modules["modules.processing"].opt_f
    return factor


def _masked(latents: torch.Tensor) -> torch.Tensor:
    """B,5,h,w: a mask of ones before latents."""
    return torch.nn.functional.pad(latents, (0, 0, 0, 0, 1, 0), value=1.0)


@dataclass(repr=False)
class StableDiffusionProcessing:
    """Fields that a request may set come first; those with init=False are the job's own."""

    sd_model: Any = None
    outpath_samples: str | None = None
    outpath_grids: str | None = None
    prompt: Any = ""
    negative_prompt: Any = ""
    styles: list[str] | None = None
    seed: int = -1
    subseed: int = -1
    subseed_strength: float = 0
    seed_resize_from_h: int = -1
    seed_resize_from_w: int = -1
    sampler_name: str | None = None
    scheduler: str | None = None
    batch_size: int = 1
    n_iter: int = 1
    steps: int = 50
    cfg_scale: float = 7.0
    width: int = 512
    height: int = 512
    restore_faces: bool | None = None
    tiling: bool | None = None
    do_not_save_samples: bool = False
    do_not_save_grid: bool = False
    extra_generation_params: Any = None
    eta: float | None = None
    s_min_uncond: float | None = None
    denoising_strength: float | None = None
    override_settings: Any = None
    override_settings_restore_afterwards: bool = True
    sampler_index: str | None = None
    refiner_checkpoint: str | None = None
    refiner_switch_at: float | None = None
    token_merging_ratio: float = 0
    token_merging_ratio_hr: float = 0
    disable_extra_networks: bool = False
    firstpass_image: Any = None
    overlay_images: Any = None

    scripts_value: Any = field(default=None, init=False)
    script_args_value: Any = field(default=None, init=False)
    scripts_setup_complete: bool = field(default=False, init=False)
    comments: dict[str, int] = field(default_factory=dict, init=False)
    sampler: Any = field(default=None, init=False)
    is_hr_pass: bool = field(default=False, init=False)
    c: Any = field(default=None, init=False)
    uc: Any = field(default=None, init=False)
    rng: Any = field(default=None, init=False)
    step_multiplier: int = field(default=1, init=False)
    firstpass_steps: int = field(default=0, init=False)
    all_prompts: Any = field(default=None, init=False)
    all_negative_prompts: Any = field(default=None, init=False)
    all_seeds: Any = field(default=None, init=False)
    all_subseeds: Any = field(default=None, init=False)
    iteration: int = field(default=0, init=False)
    batch_index: int = field(default=0, init=False)
    main_prompt: str | None = field(default=None, init=False)
    main_negative_prompt: str | None = field(default=None, init=False)
    prompts: Any = field(default=None, init=False)
    negative_prompts: Any = field(default=None, init=False)
    seeds: Any = field(default=None, init=False)
    subseeds: Any = field(default=None, init=False)
    extra_network_data: Any = field(default=None, init=False)
    user: str | None = field(default=None, init=False)
    sd_model_name: str | None = field(default=None, init=False)
    sd_model_hash: str | None = field(default=None, init=False)
    is_api: bool = field(default=False, init=False)
    color_corrections: Any = field(default=None, init=False)
    paste_to: Any = field(default=None, init=False)
    refiner_checkpoint_info: Any = field(default=None, init=False)
    sampler_noise_scheduler_override: Callable[[int], Any] | None = field(default=None, init=False)

    # Shared by all jobs, and so by copies of a job. No annotation: not fields.
    cached_c = [None, None]
    cached_uc = [None, None]

    def __post_init__(self):
        self.styles = self.styles or []
        self.extra_generation_params = self.extra_generation_params or {}
        self.override_settings = self.override_settings or {}
        self.script_args = {}
        self.cached_c = StableDiffusionProcessing.cached_c
        self.cached_uc = StableDiffusionProcessing.cached_uc

    def fill_fields_from_opts(self):
        """What the request leaves open is as the settings say."""
        self.s_min_uncond = opts.s_min_uncond if self.s_min_uncond is None else self.s_min_uncond

    @property  # type: ignore[no-redef]
    def sd_model(self):  # noqa: F811
        """The loaded model, whichever that is now; what the job was made with counts for nothing."""
        return shared.sd_model

    @sd_model.setter
    def sd_model(self, value):
        pass

    @property
    def scripts(self):
        """The runner of the scripts; once it and the arguments are set, the scripts' `setup` is called."""
        return self.scripts_value

    @scripts.setter
    def scripts(self, value):
        self.scripts_value = value
        self._setup_once()

    @property
    def script_args(self):
        """The arguments of all scripts, in one sequence."""
        return self.script_args_value

    @script_args.setter
    def script_args(self, value):
        self.script_args_value = value
        self._setup_once()

    def _setup_once(self) -> None:
        if self.scripts_value and self.script_args_value and not self.scripts_setup_complete:
            self.setup_scripts()

    def setup_scripts(self):
        """Call the scripts' `setup`."""
        self.scripts_setup_complete = True
        self.scripts.setup_scrips(self, is_ui=not self.is_api)

    def comment(self, text):
        """Say something under the images."""
        self.comments[text] = 1

    def txt2img_image_conditioning(self, x, width=None, height=None):
        """What inpainting models want beside the prompt: a mask of everything, and latents of a grey picture."""
        if self.sd_model.model.conditioning_key != "hybrid":
            return x.new_zeros(x.shape[0], 5, 1, 1)
        grey = torch.ones(x.shape[0], 3, height or self.height, width or self.width) * 0.5
        return _masked(sd_samplers_common.images_tensor_to_samples(grey)).to(x.dtype)

    def img2img_image_conditioning(self, source_image, latent_image, image_mask=None, round_image_mask=True):
        """The same for a second pass, of the picture itself. Reads self.sampler, as the host does."""
        if self.sampler.conditioning_key != "hybrid":
            return latent_image.new_zeros(latent_image.shape[0], 5, 1, 1)
        model = self.sd_model
        masked = model.get_first_stage_encoding(model.encode_first_stage(source_image * 0.0))  # all of it is masked
        return _masked(masked)

    def init(self, all_prompts, all_seeds, all_subseeds):
        """Called once, before the first batch."""

    def sample(self, conditioning, unconditional_conditioning, seeds, subseeds, subseed_strength, prompts):
        """The latents of a batch, or its DecodedSamples."""
        raise NotImplementedError

    def close(self):
        """Let go of what the job holds."""
        self.sampler = self.c = self.uc = None
        if not opts.persistent_cond_cache:
            StableDiffusionProcessing.cached_c = [None, None]
            StableDiffusionProcessing.cached_uc = [None, None]

    def get_token_merging_ratio(self, for_hr=False):
        """The ratio of a pass: the second's own, else the first's; the request's, else the settings'."""
        ratio = self.token_merging_ratio or opts.token_merging_ratio
        return (self.token_merging_ratio_hr or opts.token_merging_ratio_hr or ratio) if for_hr else ratio

    def setup_prompts(self):
        """all_prompts and all_negative_prompts of the job, with styles."""
        if isinstance(self.prompt, list):
            self.all_prompts = self.prompt
        elif isinstance(self.negative_prompt, list):
            self.all_prompts = [self.prompt] * len(self.negative_prompt)
        else:
            self.all_prompts = self.batch_size * self.n_iter * [self.prompt]
        negative, count = self.negative_prompt, len(self.all_prompts)
        self.all_negative_prompts = negative if isinstance(negative, list) else [negative] * count
        if len(self.all_negative_prompts) != count:
            raise RuntimeError(f"{count} prompts, but {len(self.all_negative_prompts)} negative prompts")
        styles = shared.prompt_styles
        self.all_prompts = [styles.apply_styles_to_prompt(x, self.styles) for x in self.all_prompts]
        self.all_negative_prompts = [
            styles.apply_negative_styles_to_prompt(x, self.styles) for x in self.all_negative_prompts
        ]
        self.main_prompt, self.main_negative_prompt = self.all_prompts[0], self.all_negative_prompts[0]

    def cached_params(self, required_prompts, steps, extra_network_data, hires_steps=None, use_old_scheduling=False):
        """The key of the conditioning cache. It has the first pass's size only, whatever `required_prompts` is for."""
        info, skip = shared.sd_model.sd_checkpoint_info, opts.CLIP_stop_at_last_layers
        prompts = (required_prompts, steps, hires_steps, use_old_scheduling)
        return (*prompts, skip, info, extra_network_data, self.width, self.height)

    def get_conds_with_caching(self, function, required_prompts, steps, caches, extra_network_data, hires_steps=None):
        """function(model, prompts, steps, ...), or its value in one of `caches` ([key, value] each)."""
        old = opts.use_old_scheduling
        if old:
            self._note_old_scheduling(required_prompts, steps, hires_steps)
        key = self.cached_params(required_prompts, steps, extra_network_data, hires_steps, old)
        for cache in caches:
            if cache[0] is not None and cache[0] == key:
                return cache[1]
        with devices.autocast():
            caches[0][1] = function(shared.sd_model, required_prompts, steps, hires_steps, old)
        caches[0][0] = key
        return caches[0][1]

    def _note_old_scheduling(self, prompts: Any, steps: int, hires_steps: int | None) -> None:
        schedules = prompt_parser.get_learned_conditioning_prompt_schedules
        if schedules(prompts, steps, hires_steps, False) != schedules(prompts, steps, hires_steps, True):
            self.extra_generation_params["Old prompt editing timelines"] = True

    def setup_conds(self):
        """c and uc of the batch."""
        size = {"width": self.width, "height": self.height}
        prompts = prompt_parser.SdConditioning(self.prompts, **size)
        negatives = prompt_parser.SdConditioning(self.negative_prompts, is_negative_prompt=True, **size)
        config = sd_samplers.find_sampler_config(self.sampler_name)
        steps = config.total_steps(self.steps) if config else self.steps
        self.step_multiplier, self.firstpass_steps = steps // self.steps, steps
        data = self.extra_network_data
        learned, multicond = prompt_parser.get_learned_conditioning, prompt_parser.get_multicond_learned_conditioning
        self.uc = self.get_conds_with_caching(learned, negatives, steps, [self.cached_uc], data)
        self.c = self.get_conds_with_caching(multicond, prompts, steps, [self.cached_c], data)

    def get_conds(self):
        """(c, uc) of the running pass."""
        return self.c, self.uc

    def parse_extra_network_prompts(self):
        """Take the network tags out of the batch's prompts."""
        self.prompts, self.extra_network_data = extra_networks.parse_prompts(self.prompts)

    def save_samples(self) -> bool:
        """Whether images of this job are written to files now."""
        complete = not state.interrupted and not state.skipped
        return opts.samples_save and not self.do_not_save_samples and (opts.save_incomplete_images or complete)
