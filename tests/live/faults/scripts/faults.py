"""An extension for tests only: makes one of the host's functions fail at its n-th call during one generation.

Argument over the API: {"where": a key of PLACES or one of those below, "call": n from 1, "times": how often from then
on, by default always}. The keys of MODEL are calls of the model; of those, "interrupt", "skip" and "stop" are buttons
that the user presses then, and "count" only counts them: how many there were is told as "Test model calls" among the
answer's generation parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from modules import images, processing, scripts, sd_samplers, sd_samplers_common, shared
from modules.sd_samplers_cfg_denoiser import CFGDenoiser

ALWAYS = 1_000_000
PLACES = {
    "model": (CFGDenoiser, "forward"),
    "create_sampler": (sd_samplers, "create_sampler"),
    "encode": (sd_samplers_common, "images_tensor_to_samples"),
    "decode": (processing, "decode_latent_batch"),
    "upscale": (images, "resize_image"),
}


class Fault:
    """Replacements of the host's functions, undone when the next generation begins or this one ends."""

    undo: ClassVar[list[Callable[[], None]]] = []
    calls: ClassVar[list[str]] = []

    @classmethod
    def install(cls, where: str, call: int = ALWAYS, times: int = ALWAYS) -> None:
        if where in MODEL:
            cls.after(CFGDenoiser, "forward", call, MODEL[where], times)
        elif where == "unchanged":  # what the host's upscalers do when their model does not load
            for upscaler in shared.sd_upscalers:
                if upscaler.scaler is not None:
                    cls.replace(upscaler.scaler, "do_upscale", lambda image, *args: image)
        elif where == "nan":  # every latent is NaN from this sampler on
            cls.after(sd_samplers, "create_sampler", call, not_a_number)
        else:
            owner, name = PLACES[where]
            cls.after(owner, name, call, out_of_memory, times)

    @classmethod
    def after(cls, owner, name, call, trouble, times=ALWAYS) -> None:
        original = getattr(owner, name)
        calls: list[Any] = []
        cls.calls = calls

        def replaced(*args, **kwargs):
            calls.append(name)
            result = original(*args, **kwargs)
            return trouble(result) if call <= len(calls) < call + times else result

        cls.replace(owner, name, replaced)

    @classmethod
    def replace(cls, owner, name, value) -> None:
        had, before = name in vars(owner), getattr(owner, name)
        cls.undo.append((lambda: setattr(owner, name, before)) if had else (lambda: delattr(owner, name)))
        setattr(owner, name, value)

    @classmethod
    def remove(cls) -> None:
        while cls.undo:
            cls.undo.pop()()


def out_of_memory(result):
    raise getattr(torch.cuda, "OutOfMemoryError", RuntimeError)("CUDA out of memory. Tried to allocate 20.00 GiB")


def slow(result):
    time.sleep(0.3)
    return result


def pressing(button: str) -> Callable[[Any], Any]:
    """The user presses this while the model is asked."""

    def press(result):
        getattr(shared.state, button)()
        return result

    return press


MODEL = {
    "model nan": lambda result: result * float("nan"),
    "model slow": slow,
    "count": lambda result: result,
    "interrupt": pressing("interrupt"),
    "skip": pressing("skip"),
    "stop": pressing("stop_generating"),
}


def not_a_number(sampler):
    original = sampler.sample_img2img

    def sample_img2img(*args, **kwargs):
        return original(*args, **kwargs) * float("nan")

    sampler.sample_img2img = sample_img2img
    return sampler


class Faults(scripts.Script):
    def title(self):
        return "Test faults"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def before_process(self, p, fault, *args):
        Fault.remove()

    def process(self, p, fault, *args):
        if fault:
            Fault.install(**fault)

    def postprocess(self, p, processed, fault, *args):
        if fault and fault["where"] in MODEL:
            processed.extra_generation_params = {
                **processed.extra_generation_params,
                "Test model calls": len(Fault.calls),
            }
        Fault.remove()
