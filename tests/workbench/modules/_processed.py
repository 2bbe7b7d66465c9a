"""The result of a job, and the text that restores it."""

from __future__ import annotations

import json
from typing import Any

from modules import errors, infotext_utils, sd_samplers_common
from modules.shared import opts, state

VERSION = "workbench"


def create_infotext(
    p, all_prompts, all_seeds, all_subseeds, comments=None, iteration=0, position_in_batch=0, use_main_prompt=False,
    index=None, all_negative_prompts=None,
):  # fmt: skip
    """The infotext of one image. Values of p.extra_generation_params may be texts, lists or callables."""
    if use_main_prompt:
        index = 0
    elif index is None:
        index = position_in_batch + iteration * p.batch_size
    negatives = p.all_negative_prompts if all_negative_prompts is None else all_negative_prompts
    prompt_text = p.main_prompt if use_main_prompt else all_prompts[index]
    negative_prompt = p.main_negative_prompt if use_main_prompt else negatives[index]
    seed, subseed = (all_[0 if use_main_prompt else index] for all_ in (all_seeds, all_subseeds))

    texts: dict[str, Any] = {**_host_values(p, seed, subseed), **p.extra_generation_params}
    if opts.add_version_to_infotext:
        texts["Version"] = VERSION
    given = {"p": p, "index": index, "prompt_text": prompt_text, "negative_prompt": negative_prompt}
    values = {key: _resolve(key, value, given) for key, value in texts.items()}
    line = ", ".join(
        key if key == value else f"{key}: {infotext_utils.quote(value)}"
        for key, value in values.items()
        if value is not None
    )
    negative_line = f"\nNegative prompt: {negative_prompt}" if negative_prompt else ""
    return f"{prompt_text}{negative_line}\n{line}".strip()


def _host_values(p: Any, seed: int, subseed: int) -> dict[str, Any]:
    varied = p.subseed_strength != 0
    resized = p.seed_resize_from_w > 0 and p.seed_resize_from_h > 0
    clip_skip = opts.CLIP_stop_at_last_layers
    merging, merging_hr = p.get_token_merging_ratio(), p.get_token_merging_ratio(for_hr=True)
    uses_ensd = opts.eta_noise_seed_delta != 0 and sd_samplers_common.is_sampler_using_eta_noise_seed_delta(p)
    return {
        "Steps": p.steps,
        "Sampler": p.sampler_name,
        "Schedule type": p.scheduler,
        "CFG scale": p.cfg_scale,
        "Seed": seed,
        "Face restoration": opts.face_restoration_model if p.restore_faces else None,
        "Size": f"{p.width}x{p.height}",
        "Model hash": p.sd_model_hash if opts.add_model_hash_to_info else None,
        "Model": p.sd_model_name if opts.add_model_name_to_info else None,
        "Variation seed": subseed if varied else None,
        "Variation seed strength": p.subseed_strength if varied else None,
        "Seed resize from": f"{p.seed_resize_from_w}x{p.seed_resize_from_h}" if resized else None,
        "Denoising strength": p.extra_generation_params.get("Denoising strength"),
        "Clip skip": clip_skip if clip_skip > 1 else None,
        "ENSD": opts.eta_noise_seed_delta if uses_ensd else None,
        "Token merging ratio": merging or None,
        "Token merging ratio hr": (merging_hr or None) if getattr(p, "enable_hr", False) else None,
        "RNG": opts.randn_source if opts.randn_source != "GPU" else None,
    }


def _resolve(key: str, value: Any, given: dict[str, Any]) -> Any:
    try:
        if isinstance(value, list):
            return value[given["index"]]
        return value(**given) if callable(value) else value
    except Exception:
        errors.report(f'Error creating infotext for key "{key}"', exc_info=True)
        return None


class Processed:
    """The images of a job (`images`, a grid first where there is one), with their infotexts in the same order."""

    def __init__(
        self, p, images_list, seed=-1, info="", subseed=None, all_prompts=None, all_negative_prompts=None,
        all_seeds=None, all_subseeds=None, index_of_first_image=0, infotexts=None, comments="",
    ):  # fmt: skip
        self.images = images_list
        self.prompt = _first(p.prompt)
        self.negative_prompt = _first(p.negative_prompt)
        self.seed = -1 if seed is None else int(_first(seed))
        self.subseed = -1 if subseed is None else int(_first(subseed))
        self.subseed_strength = p.subseed_strength
        self.info = info
        self.comments = "".join(f"{comment}\n" for comment in p.comments)
        self.width, self.height = p.width, p.height
        self.sampler_name, self.cfg_scale, self.steps = p.sampler_name, p.cfg_scale, p.steps
        self.batch_size = p.batch_size
        self.restore_faces = p.restore_faces
        self.face_restoration_model = None
        self.sd_model_name, self.sd_model_hash = p.sd_model_name, p.sd_model_hash
        self.sd_vae_name = self.sd_vae_hash = None
        self.seed_resize_from_w, self.seed_resize_from_h = p.seed_resize_from_w, p.seed_resize_from_h
        self.denoising_strength = getattr(p, "denoising_strength", None)
        self.extra_generation_params = p.extra_generation_params
        self.index_of_first_image = index_of_first_image
        self.styles = p.styles
        self.job_timestamp = state.job_timestamp
        self.clip_skip = opts.CLIP_stop_at_last_layers
        self.is_using_inpainting_conditioning = False
        self.all_prompts = all_prompts or p.all_prompts or [self.prompt]
        self.all_negative_prompts = all_negative_prompts or p.all_negative_prompts or [self.negative_prompt]
        self.all_seeds = all_seeds or p.all_seeds or [self.seed]
        self.all_subseeds = all_subseeds or p.all_subseeds or [self.subseed]
        self.infotexts = infotexts or [info] * len(images_list)
        self.version = VERSION

    def js(self):
        """The JSON of the API's `info` and of the page's generation info: a fixed set of fields."""
        names = (
            "all_prompts", "all_negative_prompts", "seed", "all_seeds", "subseed", "all_subseeds", "subseed_strength",
            "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size", "restore_faces",
            "face_restoration_model", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash",
            "seed_resize_from_w", "seed_resize_from_h", "denoising_strength", "extra_generation_params",
            "index_of_first_image", "infotexts", "styles", "job_timestamp", "clip_skip",
            "is_using_inpainting_conditioning", "version",
        )  # fmt: skip
        fields = {name: getattr(self, name) for name in names}
        first = {"prompt": self.all_prompts[0], "negative_prompt": self.all_negative_prompts[0]}
        return json.dumps({**first, **fields}, default=lambda value: None)

    def infotext(self, p, index):
        """The infotext of an image of the job."""
        place = {"position_in_batch": index % self.batch_size, "iteration": index // self.batch_size}
        return create_infotext(p, self.all_prompts, self.all_seeds, self.all_subseeds, comments=[], **place)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) else value
