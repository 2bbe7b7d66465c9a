"""An extension for tests only: changes a batch, or the answer, as other people's extensions do.

Its argument over the API is an object with the names of methods below that are to be called, each with its value.
"""

from __future__ import annotations

from typing import Any

import torch
from modules import scripts
from PIL import Image, ImageEnhance, ImageOps


class BatchChanges(scripts.Script):
    def title(self):
        return "Test batch changes"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def ui(self, is_img2img):
        import gradio as gr

        return [gr.JSON(value={}, visible=False)]

    def before_process(self, p, changes, *args):
        """As stable-diffusion-webui-distributed, which takes images out of a request and gives the number back."""
        if changes and "batch_size_meanwhile" in changes:
            p.asked_batch_size, p.batch_size = p.batch_size, changes["batch_size_meanwhile"]
        if changes and "n_iter" in changes:
            p.n_iter = changes["n_iter"]

    def postprocess_batch_list(self, p, pp, changes, *args, **kwargs):
        for name in ("brighten", "new_tensors", "take_away", "append", "insert", "insert_but_seeds_behind"):
            if changes and name in changes:
                getattr(self, name)(p, pp, changes[name])

    def postprocess_image(self, p, pp, changes, *args):
        if changes and "enlarge_each" in changes:
            pp.image = pp.image.resize((pp.image.width + 8, pp.image.height + 8))

    def postprocess(self, p, processed, changes, *args):
        if changes and "batch_size_meanwhile" in changes:
            p.batch_size = p.asked_batch_size
        for name in ("copy_answer", "grid_in_front", "grid_without_text", "remove_answer"):
            if changes and name in changes:
                getattr(self, name)(processed, changes[name])

    def append(self, p: Any, pp: Any, count: int) -> None:
        """Pictures of its own behind the batch, with entries in p's lists, as the hook's documentation asks for."""
        for _ in range(count):
            pp.images.append(torch.full_like(pp.images[0], 0.25))
            for values in (p.prompts, p.negative_prompts, p.seeds, p.subseeds):
                values.append(values[-1])

    def insert(self, p: Any, pp: Any, count: int) -> None:
        """The same in front."""
        for _ in range(count):
            pp.images.insert(0, torch.full_like(pp.images[0], 0.25))
            for values in (p.prompts, p.negative_prompts, p.seeds, p.subseeds):
                values.insert(0, values[-1])

    def insert_but_seeds_behind(self, p: Any, pp: Any, count: int) -> None:
        """The same, by an author who did not think of the order."""
        for _ in range(count):
            pp.images.insert(0, torch.full_like(pp.images[0], 0.25))
            for values in (p.prompts, p.negative_prompts, p.seeds, p.subseeds):
                values.append(values[-1])

    def take_away(self, p: Any, pp: Any, position: int) -> None:
        """A picture that it does not like."""
        for values in (pp.images, p.prompts, p.negative_prompts, p.seeds, p.subseeds):
            del values[position]

    def brighten(self, p: Any, pp: Any, by: float) -> None:
        """Each picture replaced by another one made of it."""
        pp.images = [(picture + by).clamp(0, 1) for picture in pp.images]

    def new_tensors(self, p: Any, pp: Any, yes: bool) -> None:
        pp.images = [picture.clone() for picture in pp.images]

    def grid_in_front(self, processed: Any, yes: bool) -> None:
        """A picture before all others, with a text; where the first image begins is left as it was."""
        processed.images.insert(0, Image.new("RGB", (40, 40), "red"))
        processed.infotexts.insert(0, "a grid")

    def grid_without_text(self, processed: Any, yes: bool) -> None:
        processed.images.insert(0, Image.new("RGB", (40, 40), "red"))

    def remove_answer(self, processed: Any, index: int) -> None:
        del processed.images[index], processed.infotexts[index]

    def copy_answer(self, processed: Any, yes: bool) -> None:
        """New objects in place of the host's: a little brighter, their texts lost."""
        for index, image in enumerate(processed.images):
            changed = ImageEnhance.Brightness(ImageOps.expand(image, 2)).enhance(1.05)
            processed.images[index] = Image.frombytes("RGB", changed.size, changed.tobytes())
