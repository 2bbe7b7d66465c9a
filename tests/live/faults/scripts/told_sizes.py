"""An extension for tests only: which sizes a model of SDXL's kind was told, each once, in the order of its runs.

Argument over the API: anything, to be told. They are then `Told sizes` among the generation's parameters: of each run's
first row the height and width of the original, top and left, and those of the target, as SDXL embeds them.
"""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar

from modules import scripts, shared

PARTS, WIDTH = 6, 256  # original height and width, top and left, target height and width: 256 values each
SLOWEST = math.exp(-math.log(10_000) * (WIDTH // 2 - 1) / (WIDTH // 2))


def told(y) -> list[int]:
    """Each number from the cosine and sine of its slowest wave."""
    parts = y[0, -PARTS * WIDTH :].float().reshape(PARTS, WIDTH)
    return [round(math.atan2(float(part[-1]), float(part[WIDTH // 2 - 1])) / SLOWEST) for part in parts]


class ToldSizes(scripts.Script):
    hook: ClassVar[Any] = None
    seen: ClassVar[list[list[int]]] = []

    def title(self):
        return "Test told sizes"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def process(self, p, asked, *args):
        self.remove()
        if asked:
            ToldSizes.seen = []
            unet = getattr(getattr(shared.sd_model, "forge_objects", None), "unet", shared.sd_model)
            ToldSizes.hook = unet.model.diffusion_model.register_forward_pre_hook(self.run, with_kwargs=True)

    def run(self, _, args, kwargs):
        y = kwargs.get("y", args[3] if len(args) > 3 else None)
        if y is not None and y.ndim == 2 and y.shape[1] > PARTS * WIDTH and told(y) not in ToldSizes.seen:
            ToldSizes.seen.append(told(y))

    def postprocess(self, p, processed, asked, *args):
        self.remove()
        if asked:
            p.extra_generation_params["Told sizes"] = json.dumps(ToldSizes.seen)

    def remove(self):
        if ToldSizes.hook is not None:
            ToldSizes.hook.remove()
            ToldSizes.hook = None
