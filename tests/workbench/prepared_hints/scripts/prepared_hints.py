"""An extension for tests: guides each model call by hints that it prepared in `process`, for the sizes known there.

It does what ControlNet does on A1111, under its title and with the names that others use of it: units among its
arguments; one hint for the first pass and one for Hires. fix, of which the nearer in height is used; a model whose
`forward` is replaced from `process` until the next one; conditioning that is marked in p.sample. tests/live/
test_controlnet.py runs against both.
"""

from __future__ import annotations

import base64
import io
from dataclasses import fields, replace
from typing import Any

import gradio as gr
import numpy as np
import torch
from hints import MODELS, HiresOption, Network, Param, Unit
from modules import script_callbacks, scripts, shared
from PIL import Image, ImageFilter, ImageOps


class PreparedHints(scripts.Script):
    def __init__(self):
        self.latest_network = None
        self.enabled_units = []
        self.detected_map = []
        self.post_processors = []
        self.noise_modifier = None

    def title(self):
        return "ControlNet"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        return [gr.JSON(visible=False) for _ in range(3)]

    def process(self, p, *args):
        if self.latest_network is not None:
            self.latest_network.restore()
        given = p.script_args[self.args_from : self.args_to]
        self.enabled_units = [unit for unit in map(as_unit, filter(None, given)) if unit.enabled]
        p.extra_generation_params |= {f"ControlNet {n}": told(unit) for n, unit in enumerate(self.enabled_units)}
        if not self.enabled_units:
            self.latest_network = None
            return
        params = [prepared(p, unit) for unit in self.enabled_units]
        self.detected_map = [param.hint_cond for param in params]
        self.latest_network = Network(shared.sd_model, params, p)

    def postprocess(self, p, processed, *args):
        self.enabled_units = []
        p.controlnet_vae_cache = None
        if self.latest_network is None:
            return
        for hint in self.detected_map:
            pixels = (hint[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            processed.images.append(Image.fromarray(pixels))
        self.latest_network.restore()
        self.latest_network = None
        self.detected_map = []


def as_unit(given: Any) -> Unit:
    if not isinstance(given, dict):
        return given
    known = {field.name for field in fields(Unit)}
    unit = Unit(**{name: value for name, value in given.items() if name in known})
    return replace(unit, hr_option=HiresOption(unit.hr_option))


def told(unit: Unit) -> str:
    return f"Module: {unit.module}, Model: {unit.model}, Weight: {unit.weight}, Resize Mode: {unit.resize_mode}"


def prepared(p: Any, unit: Unit) -> Param:
    if unit.image is None:
        raise ValueError("controlnet is enabled but no input image is given")
    if unit.model not in (*MODELS, "None"):
        raise RuntimeError(f"model not found: {unit.model}")
    picture = processed(picture_of(unit), unit.module)
    hires = None
    if p.enable_hr:
        by_scale = (int(p.width * p.hr_scale), int(p.height * p.hr_scale))
        size = (p.hr_resize_x, p.hr_resize_y) if p.hr_resize_x or p.hr_resize_y else by_scale
        hires = hint_of(picture, unit, size)
    option = unit.hr_option if p.enable_hr else HiresOption.BOTH
    return Param(unit.module, unit.model, unit.weight, hint_of(picture, unit, (p.width, p.height)), hires, option)


def picture_of(unit: Unit) -> Image.Image:
    if isinstance(unit.image, str):
        return Image.open(io.BytesIO(base64.b64decode(unit.image))).convert("RGB")
    return Image.fromarray(unit.image)


def processed(picture: Image.Image, module: str) -> Image.Image:
    np.random.seed(0)  # preprocessors draw
    return picture.filter(ImageFilter.FIND_EDGES) if module == "canny" else picture


def hint_of(picture: Image.Image, unit: Unit, size: tuple[int, int]) -> torch.Tensor:
    """1,3,H,W of 0 to 1, in whole latents."""
    whole = (size[0] // 8 * 8, size[1] // 8 * 8)
    ways: Any = {"Just Resize": Image.Image.resize, "Resize and Fill": ImageOps.pad}
    resize = ways.get(unit.resize_mode, ImageOps.fit)
    pixels = np.array(resize(picture, whole), dtype=np.float32) / 255
    torch.rand(1)  # as building a control model does
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].clone()


def add_routes(demo, app):
    app.add_api_route("/controlnet/model_list", lambda: {"model_list": MODELS}, methods=["GET"])


script_callbacks.on_app_started(add_routes)
