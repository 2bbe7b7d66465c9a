"""An extension for tests only, of the kind whose arguments are objects: units, each with a switch, that change the
noise of the first pass, or replace `p.sample`.

Argument over the API: a list of objects with the fields of Unit. `region` and `gain` are numbers, from which the unit
makes a bound method and a partial function; `held`, one of HELD, makes something that cannot be compared; `sample`, one
of SAMPLES, replaces `p.sample`; `by_p` switches a unit on by an attribute of `p`, as axes of the X/Y/Z plot do.
"""
# No annotations as texts: a WebUI's scripts are in no module that dataclasses could look them up in.

import functools
import threading
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from modules import processing, scripts


class Mode(Enum):
    ADD = "add"
    MULTIPLY = "multiply"


class Region:
    def __init__(self, size):
        self.size = size

    def cut(self, image):
        return image[: self.size]


def amplified(gain, value):
    return gain * value


HELD = {"iterator": lambda: iter([1]), "function": lambda: lambda: 1, "lock": threading.Lock}


@dataclass
class Unit:
    enabled: bool = False
    weight: float = 1.0
    mode: Mode = Mode.ADD
    image: np.ndarray = field(default_factory=lambda: np.zeros((4, 4), np.float32))
    region: Any = None
    gain: Any = None
    file: str = ""
    held: Any = None
    sample: str = ""
    by_p: bool = False

    def applied(self, noise):
        """The noise, changed in place by all that the unit holds."""
        by = self.weight * float(self.region(self.image).mean()) + self.gain(0.1)
        by += float(Path(self.file).read_text()) if self.file else 0
        noise.add_(by) if self.mode is Mode.ADD else noise.mul_(1 + by)


def unit(asked: dict[str, Any]) -> Unit:
    made = Unit(**asked)
    made.mode = Mode(asked.get("mode", "add"))
    made.image = np.full((4, 4), asked.get("image", 0), np.float32)
    made.region = Region(asked.get("region", 4)).cut
    made.gain = functools.partial(amplified, asked.get("gain", 1))
    made.held = HELD[asked["held"]]() if asked.get("held") else None
    return made


def closure(p):
    inner = p.sample
    return lambda *args, **kwargs: inner(*args, **kwargs) * 1.5


def sample_more(p, factor, *args, **kwargs):
    return processing.StableDiffusionProcessingTxt2Img.sample(p, *args, **kwargs) * factor


SAMPLES = {
    "closure": closure,
    "partial": lambda p: functools.partial(sample_more, p, 1.5),
    "method": lambda p: functools.partial(processing.StableDiffusionProcessingTxt2Img.sample, p),
}


class Units(scripts.Script):
    def title(self):
        return "Test units"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value=[], visible=False)]

    def before_process(self, p, asked, *args):
        """The units take the place of the argument, as where another program hands over its own."""
        arguments = list(p.script_args)
        arguments[self.args_from] = [unit(each) if isinstance(each, dict) else each for each in asked or []]
        p.script_args = arguments

    def process(self, p, units, *args):
        for each in units:
            if each.by_p:
                p.test_units_are_on = True
            if each.enabled and each.sample:
                p.sample = SAMPLES[each.sample](p)

    def process_before_every_sampling(self, p, units, *args, **kwargs):
        if p.is_hr_pass:
            return
        for each in units:
            if each.enabled or getattr(p, "test_units_are_on", False):
                each.applied(kwargs["noise"])
