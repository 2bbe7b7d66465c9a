"""An extension for tests only: memory is too little for more than a given size at once.

Argument over the API: {"sample": the most latents of all images that a call of the denoiser has room for, "model": the
most latents of one picture in the model itself, "encode": the most pixels, "decode": the most latents of a picture,
"times": how often memory runs out at all, by default always, "of": whose memory, a card's ("card", the default) or the
machine's ("machine"), "prompts": one for each image of the generation, "forget": whether what was learnt is forgotten
afterwards}. Not given is room for everything. Errors are raised as torch does; those of a card Forge and its kin meet
themselves in their autoencoder.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch
from modules import paths_internal, scripts, shared
from modules.sd_samplers_cfg_denoiser import CFGDenoiser

ALWAYS = 1_000_000
MACHINE = "[enforce fail at alloc_cpu.cpp:114] err == 0. DefaultCPUAllocator: can't allocate memory"


def out_of_memory(size: int, of: str) -> Exception:
    if of == "machine":
        return RuntimeError(f"{MACHINE}: you tried to allocate {size} bytes. Error code 12 (Cannot allocate memory)")
    kind = getattr(torch.cuda, "OutOfMemoryError", RuntimeError)
    return kind(f"CUDA out of memory. Tried to allocate {size}.00 GiB")


class Room:
    """Replacements of classes' methods, undone when the next generation begins or this one ends."""

    undo: ClassVar[list[Callable[[], None]]] = []
    left: ClassVar[int] = 0
    of: ClassVar[str] = "card"

    @classmethod
    def limit(cls, owner, name, most, of_all=True) -> None:
        had, before = name in vars(owner), getattr(owner, name)

        def replaced(self, x, *args, **kwargs):
            if (len(x) if of_all else 1) * x.shape[-1] * x.shape[-2] > most and Room.left:
                Room.left -= 1
                rubbish = torch.zeros(1000)
                raise out_of_memory(rubbish.numel(), cls.of)
            return before(self, x, *args, **kwargs)

        cls.undo.append((lambda: setattr(owner, name, before)) if had else (lambda: delattr(owner, name)))
        setattr(owner, name, replaced)

    @classmethod
    def make(cls, asked: dict[str, Any]) -> None:
        cls.left, cls.of = asked.get("times", ALWAYS), asked.get("of", "card")
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
