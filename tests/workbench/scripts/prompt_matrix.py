"""Prompt matrix: every combination of the parts of a prompt between bars, with a grid; the host's arguments."""

from __future__ import annotations

import gradio as gr
import modules.scripts as scripts
from modules import images
from modules.processing import fix_seed, process_images


class Script(scripts.Script):
    def title(self):
        return "Prompt matrix"

    def ui(self, is_img2img):
        start = gr.Checkbox(label="Put variable parts at start of prompt", elem_id=self.elem_id("put_at_start"))
        seeds = gr.Checkbox(label="Use different seed for each picture", elem_id=self.elem_id("different_seeds"))
        kind = gr.Radio(["positive", "negative"], label="Select prompt", elem_id=self.elem_id("prompt_type"))
        join = gr.Radio(["comma", "space"], label="Select joining char", elem_id=self.elem_id("variations_delimiter"))
        margin = gr.Slider(0, 500, 0, step=2, label="Grid margins (px)", elem_id=self.elem_id("margin_size"))
        return [start, seeds, kind, join, margin]

    def run(self, p, put_at_start, different_seeds, prompt_type, variations_delimiter, margin_size):
        """One generation with a list of prompts; its grid is put in front of the images. Positive prompts only."""
        fix_seed(p)
        assert prompt_type == "positive", "The workbench has the matrix of positive prompts."
        first, *parts = p.prompt.split("|")
        joined = ", " if variations_delimiter == "comma" else " "
        chosen = [[part for n, part in enumerate(parts) if number & 1 << n] for number in range(2 ** len(parts))]
        texts = [[*some, first] if put_at_start else [first, *some] for some in chosen]
        p.prompt = [joined.join(part.strip().strip(",") for part in text) for text in texts]
        p.n_iter = -(-len(p.prompt) // p.batch_size)
        p.do_not_save_grid = True
        p.seed = [p.seed + (number if different_seeds else 0) for number in range(len(p.prompt))]
        processed = process_images(p)
        processed.images.insert(0, images.image_grid(processed.images, p.batch_size, rows=1 << (len(parts) // 2)))
        processed.index_of_first_image = 1
        processed.infotexts.insert(0, processed.infotexts[0])
        return processed
