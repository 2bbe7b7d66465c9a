"""An extension for tests only: memory is too little for more than a given size at once.

Argument over the API: {"sample": the most latents of all images that a call of the denoiser has room for, "model": the
most latents of one picture in the model itself, "encode": the most pixels, "decode": the most latents of a picture,
"times": how often memory runs out at all, by default always, "prompts": one for each image of the generation, "forget":
whether what was learnt is forgotten afterwards}. Not given is room for everything. An error is raised as torch does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from modules import paths_internal, scripts, shared
from modules.sd_samplers_cfg_denoiser import CFGDenoiser

ALWAYS = 1_000_000


class Room:
    """Replacements of classes' methods, undone when the next generation begins or this one ends."""

    undo: ClassVar[list[Callable[[], None]]] = []
    left: ClassVar[int] = 0

    @classmethod
    def limit(cls, owner, name, most, of_all=True) -> None:
        had, before = name in vars(owner), getattr(owner, name)

        def replaced(self, x, *args, **kwargs):
            if (len(x) if of_all else 1) * x.shape[-1] * x.shape[-2] > most and Room.left:
                Room.left -= 1
                rubbish = torch.zeros(1000)
                raise getattr(torch.cuda, "OutOfMemoryError", RuntimeError)(
                    f"CUDA out of memory. Tried to allocate {rubbish.numel()}.00 GiB"
                )
            return before(self, x, *args, **kwargs)

        cls.undo.append((lambda: setattr(owner, name, before)) if had else (lambda: delattr(owner, name)))
        setattr(owner, name, replaced)

    @classmethod
    def make(cls, asked: dict[str, Any]) -> None:
        cls.left = asked.get("times", ALWAYS)
        if "sample" in asked:
            cls.limit(CFGDenoiser, "forward", asked["sample"])
        model = shared.sd_model
        if "model" in asked:
            unet = getattr(getattr(model, "forge_objects", None), "unet", None)
            cls.limit(type(model if unet is None else unet.model), "apply_model", asked["model"], of_all=False)
        vae = getattr(getattr(model, "forge_objects", None), "vae", model).first_stage_model
        for name, network in (("encode", vae.encoder), ("decode", vae.decoder)):
            if name in asked:
                cls.limit(type(network), "forward", asked[name])

    @classmethod
    def remove(cls) -> None:
        while cls.undo:
            cls.undo.pop()()


class LittleMemory(scripts.Script):
    def title(self):
        return "Test little memory"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def before_process(self, p, asked, *args):
        Room.remove()

    def process(self, p, asked, *args):
        if asked:
            Room.make(asked)
            for index, prompt in enumerate(asked.get("prompts", [])):
                p.all_prompts[index] = prompt

    def postprocess(self, p, processed, asked, *args):
        Room.remove()
        if asked and asked.get("forget", True):
            (Path(paths_internal.data_path) / "hires-strategies" / "memory-needs.json").unlink(missing_ok=True)
