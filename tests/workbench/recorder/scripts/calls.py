"""An extension for tests: writes down which of its own functions a WebUI calls in one generation, and which hooks, in
order. Its argument is the file to write.

Built-in Hires. fix and a stage of the extension have to give the same list behind the first pass.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
from modules import (
    extra_networks,
    images,
    processing,
    rng,
    script_callbacks,
    scripts,
    sd_models,
    sd_samplers,
    sd_samplers_common,
    shared,
)


class Calls:
    """The list of the running generation, and what was replaced to make it."""

    lines: ClassVar[list[list[Any]]] = []
    undo: ClassVar[list[Callable[[], None]]] = []

    @classmethod
    def begin(cls) -> None:
        cls.end()
        cls.lines = []
        job = processing.StableDiffusionProcessing
        cls.watch(job, "get_conds_with_caching", lambda p, function, texts, steps, caches, data, hires_steps=None:
                  [function.__name__, list(texts), texts.width, texts.height, steps, hires_steps])  # fmt: skip
        for name in ("txt2img_image_conditioning", "img2img_image_conditioning"):
            cls.watch(job, name, lambda p, *args, **kwargs: [type(p.sampler).__name__])
        cls.watch(rng.ImageRNG, "next", lambda generator: [list(generator.shape), generator.is_first])
        cls.watch(type(shared.state), "nextjob", lambda state: [])
        cls.watch(extra_networks, "activate", lambda p, data: [p.is_hr_pass, networks(data)])
        cls.watch(sd_models, "apply_token_merging", lambda model, ratio: [ratio])
        cls.watch(images, "resize_image", lambda mode, image, width, height, upscaler_name=None:
                  [image.size, width, height, upscaler_name])  # fmt: skip
        cls.watch(sd_samplers_common, "images_tensor_to_samples", lambda image, *args: [list(image.shape)])
        cls.watch(processing, "decode_latent_batch", lambda model, batch, **kwargs: [list(batch.shape)])
        cls.watch_samplers()
        cls.watch_denoiser()

    @classmethod
    def end(cls) -> None:
        while cls.undo:
            cls.undo.pop()()

    @classmethod
    def watch(cls, owner: Any, name: str, seen: Callable[..., list[Any]]) -> None:
        """Note each call. Other modules of the host may have the function under a name of their own."""
        original = getattr(owner, name)

        def noted(*args: Any, **kwargs: Any) -> Any:
            cls.lines.append([name, *seen(*args, **kwargs)])
            return original(*args, **kwargs)

        owners = [owner]
        if not isinstance(owner, type):
            hosts = [module for key, module in list(sys.modules.items()) if key.startswith("modules.")]
            owners = [module for module in hosts if vars(module).get(name) is original]
        for each in owners:
            cls.replace(each, name, noted)

    @classmethod
    def watch_samplers(cls) -> None:
        original = sd_samplers.create_sampler

        def create_sampler(name: str, *args: Any) -> Any:
            cls.lines.append(["create_sampler", name])
            sampler = original(name, *args)
            for method in ("sample", "sample_img2img"):
                setattr(sampler, method, cls.noted_sampling(method, getattr(sampler, method)))
            return sampler

        cls.replace(sd_samplers, "create_sampler", create_sampler)

    @classmethod
    def noted_sampling(cls, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def sampling(p: Any, *args: Any, **kwargs: Any) -> Any:
            cls.lines.append([name, list(args[0].shape), kwargs.get("steps"), p.is_hr_pass])
            result = original(p, *args, **kwargs)
            cls.lines.append([f"{name} is done"])
            return result

        return sampling

    @classmethod
    def watch_denoiser(cls) -> None:
        for name in ("on_cfg_denoiser", "on_cfg_denoised", "on_cfg_after_cfg"):

            def callback(params: Any, name: str = name.removeprefix("on_")) -> None:
                cls.lines.append([name, params.sampling_step, params.total_sampling_steps, list(params.x.shape)])

            getattr(script_callbacks, name)(callback)
            cls.undo.append(partial(script_callbacks.remove_callbacks_for_function, callback))

    @classmethod
    def replace(cls, owner: Any, name: str, value: Any) -> None:
        before = vars(owner)[name]
        cls.undo.append(lambda: setattr(owner, name, before))
        setattr(owner, name, value)


def networks(data: Any) -> dict[str, list[list[str]]]:
    """The networks that are switched on, by kind."""
    return {kind: [each.items for each in many] for kind, many in sorted((data or {}).items())}


class CallRecorder(scripts.Script):
    """Our own hooks stand in the list, too, each with what it can see of the pass."""

    def title(self):
        return "Call recorder"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        return [gr.Textbox(visible=False)]

    def before_process(self, p, path):
        Calls.end()

    def process(self, p, path):
        if path:
            Calls.begin()

    def after_extra_networks_activate(self, p, path, **kwargs):
        note(path, p, "after_extra_networks_activate", sorted(kwargs), kwargs["prompts"])

    def before_hr(self, p, path):
        given = [
            p.hr_prompts,
            p.hr_negative_prompts,
            networks(p.hr_extra_network_data),
            p.hr_c is None,
            p.hr_uc is None,
        ]
        note(path, p, "before_hr", *given, p.get_conds()[0] is p.hr_c)

    def process_before_every_sampling(self, p, path, **kwargs):
        note(
            path, p, "process_before_every_sampling", list(kwargs["x"].shape), len(kwargs["c"].batch), len(kwargs["uc"])
        )

    def postprocess_batch(self, p, path, **kwargs):
        note(path, p, "postprocess_batch")

    def postprocess(self, p, processed, path):
        Calls.end()
        if path:
            Path(path).write_text(json.dumps(Calls.lines), encoding="utf-8")


def note(path: str, p: Any, hook: str, *seen: Any) -> None:
    if path:
        merged = getattr(shared.sd_model, "applied_token_merged_ratio", 0)
        size = [p.hr_upscale_to_x, p.hr_upscale_to_y] if p.is_hr_pass else None
        Calls.lines.append([hook, p.is_hr_pass, type(p.sampler).__name__, size, merged, shared.state.job_no, *seen])
