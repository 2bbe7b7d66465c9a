"""What this extension uses of the host's objects, as types: a name that is not listed here is a type error.

The host has no types of its own. Not listed are names that only some hosts have, which forks/ reads. What only the
host looks into (samples, conditioning, models) is `Any`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from modules import shared
from PIL.Image import Image


class Processing(Protocol):
    """`p`: the host's StableDiffusionProcessingTxt2Img, one generation."""

    # The request. A list of prompts or seeds has one for each image.
    prompt: str | list[str]
    negative_prompt: str | list[str]
    styles: list[str] | None
    seed: int | str | list[int] | None
    subseed: int | list[int]
    subseed_strength: float
    seed_resize_from_w: int
    seed_resize_from_h: int
    width: int
    height: int
    steps: int
    cfg_scale: float
    sampler_name: str | None
    scheduler: str | None  # from A1111 1.9 on: set it anywhere, read it with forks.samplers
    batch_size: int
    denoising_strength: float | None
    sampler_noise_scheduler_override: Callable[[int], Any] | None  # a schedule of its own, by its steps
    override_settings: dict[str, Any]
    disable_extra_networks: bool
    restore_faces: bool | None
    do_not_save_grid: bool
    do_not_save_samples: bool
    outpath_samples: str | None
    outpath_grids: str | None
    is_api: bool

    # Built-in Hires. fix.
    enable_hr: bool
    hr_second_pass_steps: int
    hr_sampler_name: str | None
    hr_upscaler: str | None
    hr_upscale_to_x: int
    hr_upscale_to_y: int
    hr_checkpoint_name: str | None
    hr_checkpoint_info: Any
    hr_scheduler: str | None  # from A1111 1.9 on: only written
    hr_cfg: float  # Forge's: only written
    hr_prompts: list[str]
    hr_negative_prompts: list[str]
    hr_extra_network_data: Networks | None
    hr_c: Any
    hr_uc: Any
    truncate_x: int
    truncate_y: int
    is_hr_pass: bool
    txt2img_upscale: bool  # the gallery's button, from A1111 1.8 on: read it with forks.gallery
    firstpass_image: Any  # the image that the button was pressed for

    # How far the generation has got.
    iteration: int
    batch_index: int
    n_iter: int
    all_prompts: list[str]
    prompts: list[str]
    negative_prompts: list[str]
    seeds: list[int]
    subseeds: list[int]
    all_seeds: list[int]
    all_subseeds: list[int]
    lora_hashes: dict[str, str]  # the host's own LoRA extension sets it at the first network
    firstpass_steps: int
    extra_generation_params: dict[str, Any]
    extra_network_data: Networks | None
    refiner_checkpoint_info: Any
    refiner_switch_at: float | None
    scripts: ScriptRunner | None
    script_args: Sequence[Any]
    sd_model: Any
    sampler: Sampler  # None until the host or this extension has made one
    rng: ImageRNG
    c: Any
    uc: Any

    # Methods that are replaced on the instance, see attachments.py.
    sample: Callable[..., Any]
    setup_prompts: Callable[..., Any]
    save_samples: Callable[..., bool]

    comments: dict[str, int]

    def calculate_target_resolution(self) -> None: ...
    def comment(self, text: str) -> None: ...
    def get_conds(self) -> tuple[Any, Any]: ...
    def get_conds_with_caching(
        self,
        function: Callable[..., Any],
        required_prompts: Any,
        steps: int,
        caches: list[list[Any]],
        extra_network_data: Networks | None,
        hires_steps: int | None = None,
    ) -> Any: ...
    def get_token_merging_ratio(self, for_hr: bool = False) -> float: ...
    def img2img_image_conditioning(self, source_image: torch.Tensor, latent_image: torch.Tensor) -> Any: ...
    def txt2img_image_conditioning(self, x: torch.Tensor, width: int = ..., height: int = ...) -> Any: ...


class NetworkParams(Protocol):
    """One network tag of a prompt."""

    items: list[str]


Networks = Mapping[str, Sequence[NetworkParams]]  # by kind: "lora"


class Sampler(Protocol):
    eta: float | None

    def sample(self, p: Processing, x: torch.Tensor, c: Any, uc: Any, *, image_conditioning: Any) -> Any: ...
    def sample_img2img(
        self, p: Processing, x: Any, noise: torch.Tensor, c: Any, uc: Any, *, steps: int, image_conditioning: Any
    ) -> Any: ...


class ImageRNG(Protocol):
    """The noise of a batch."""

    seeds: list[int]
    subseeds: list[int] | None
    subseed_strength: float
    generators: list[Any]

    def next(self) -> torch.Tensor: ...


class ScriptRunner(Protocol):
    alwayson_scripts: list[Script]
    selectable_scripts: list[SelectableScript]

    def before_hr(self, p: Processing) -> None: ...


class Script(Protocol):
    """`args_from` and `args_to` delimit its own part of p.script_args."""

    filename: Any
    args_from: int
    args_to: int

    def title(self) -> str: ...
    def process(self, p: Processing, *args: Any) -> Any: ...
    def postprocess(self, *args: Any) -> Any: ...


class SelectableScript(Script, Protocol):
    """A script of the list; `run` returns the whole result."""

    run: Callable[..., Any]


class SectionScript(Script, Protocol):
    """Our own script, as the section is built for it."""

    api_info: Any
    infotext_fields: list[tuple[Any, Any]] | None
    paste_field_names: list[str] | None

    def elem_id(self, item_id: str) -> str: ...


class Processed(Protocol):
    """A generation's result: images, perhaps with a grid in front, and their texts in the same order."""

    images: list[Image]
    infotexts: list[str]
    all_prompts: list[str]
    all_negative_prompts: list[str]
    all_seeds: list[int]
    index_of_first_image: int
    info: str

    def js(self) -> str: ...


class ImageArguments(Protocol):
    image: Image  # a script may replace it


class UpscalerEntry(Protocol):
    """One of shared.sd_upscalers; `scaler` is None for some that do nothing.

    `data_path` is a model's file or URL, None for plain resampling; `scale` is the list's guess at the model's own.
    """

    name: str
    data_path: str | None
    scale: float | None
    scaler: Upscaler | None


class Upscaler(Protocol):
    scale: float
    do_upscale: Callable[..., Image]


class OptionInfo(Protocol):
    default: Any


class Options(Protocol):
    """shared.opts. An option is in `data` once it has been set, and in `data_labels` once registered."""

    data: dict[str, Any]
    data_labels: dict[str, OptionInfo]
    enable_pnginfo: bool
    export_for_4chan: bool  # a smaller copy beside a large picture
    grid_background_color: str
    grid_extended_filename: bool
    grid_format: str
    grid_save: bool
    grid_text_active_color: str
    grid_text_inactive_color: str
    img_max_size_mp: float
    samples_format: str
    save_images_before_highres_fix: bool
    save_incomplete_images: bool
    save_txt: bool

    def add_option(self, key: str, info: Any) -> None: ...


def opts() -> Options:
    options: Options = shared.opts
    return options
