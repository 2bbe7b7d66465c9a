"""An extension for tests only: paints over a part of each finished image, as those that look for faces do.

Argument over the API: {"on": true, "fail": [calls, from 1, that raise an error], "interrupt": the call during which the
user interrupts, "enlarge": pixels}. Seen with ADetailer 25.3, call by call: a script of this kind writes its settings
into the generation parameters in `process`; takes prompt and seed from the lists of the whole generation, by the number
of the image; encodes the image, which draws from torch's global generator, then reseeds that one; and runs all scripts'
hooks with a copy of `p`, `postprocess` with an empty answer at a batch's first image, `before_process` and `process` at
its last.

The same file has a restorer of faces, which the setting face_restoration_model names "Test faces".
"""

from __future__ import annotations

from copy import copy

import numpy as np
import torch
from modules import scripts, shared
from modules.processing import Processed
from PIL import Image


class Restorer:
    """Any picture upside down, reversibly."""

    def name(self):
        return "Test faces"

    def restore(self, np_image):
        return np_image[::-1].copy()


if not any(restorer.name() == "Test faces" for restorer in shared.face_restorers):
    shared.face_restorers.append(Restorer())


class EachImage(scripts.Script):
    def title(self):
        return "Test each image"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def setup(self, p, asked, *args):
        self.calls = 0

    def process(self, p, asked, *args):
        if asked:
            p.extra_generation_params["ADetailer model"] = "stand-in"

    def postprocess_image(self, p, pp, asked, *args):
        if not asked:
            return
        if p.batch_index == 0:
            p.scripts.postprocess(copy(p), Processed(p, [], p.seed, ""))
        self.calls += 1
        if self.calls in asked.get("fail", []):
            raise RuntimeError("no face in this picture")
        if not shared.state.interrupted:
            pp.image = self.painted(p, pp.image, asked.get("enlarge", 0))
            p.extra_generation_params["Faces painted"] = f"{self.number(p)} in {pp.image.width}"
        if self.calls == asked.get("interrupt"):
            shared.state.interrupt()
        if p.batch_index == p.batch_size - 1:
            q = copy(p)
            p.scripts.before_process(q)
            p.scripts.process(q)

    def painted(self, p, image, more):
        """The upper left quarter, in a colour of seed and prompt, with noise of the global generator."""
        number = self.number(p)
        array = np.array(image.resize((image.width + more, image.height + more)))
        height, width = array.shape[0] // 2, array.shape[1] // 2
        noise = torch.randint(0, 100, (height, width, 3)).numpy()
        torch.manual_seed(p.all_seeds[number])
        colour = [p.all_seeds[number] % 97, len(p.all_prompts[number]) % 97, torch.randint(0, 97, (1,)).item()]
        array[:height, :width] = noise + np.array(colour)
        return Image.fromarray(array.astype(np.uint8))

    def number(self, p):
        return p.iteration * p.batch_size + p.batch_index
