"""Prompts from a list: one generation for each line, their images in one answer, with the host's arguments."""

from __future__ import annotations

import copy
from typing import Any

import gradio as gr
import modules.scripts as scripts
from modules.processing import Processed, process_images
from modules.shared import state


class Script(scripts.Script):
    def title(self):
        return "Prompts from file or textbox"

    def ui(self, is_img2img):
        iterate = gr.Checkbox(label="Iterate seed every line", elem_id=self.elem_id("checkbox_iterate"))
        same = gr.Checkbox(label="Use same random seed for all lines", elem_id=self.elem_id("checkbox_iterate_batch"))
        place = gr.Radio(["start", "end"], label="Insert prompts at the", elem_id=self.elem_id("prompt_position"))
        lines = gr.Textbox(label="List of prompt inputs", lines=1, elem_id=self.elem_id("prompt_txt"))
        return [iterate, same, place, lines]

    def run(self, p, checkbox_iterate, checkbox_iterate_batch, prompt_position, prompt_txt):
        """Makes a new Processed of all images; of a line only the prompt is read here."""
        lines = [line.strip() for line in prompt_txt.splitlines() if line.strip()]
        p.do_not_save_grid = True
        state.job_count = len(lines) * p.n_iter
        images: list[Any] = []
        all_prompts: list[str] = []
        infotexts: list[str] = []
        for line in lines:
            one = copy.copy(p)
            both = (line, p.prompt) if prompt_position == "start" else (p.prompt, line)
            one.prompt = " ".join(both) if p.prompt else line
            processed = process_images(one)
            images += processed.images
            all_prompts += processed.all_prompts
            infotexts += processed.infotexts
            p.seed += p.batch_size * p.n_iter if checkbox_iterate else 0
        return Processed(p, images, p.seed, "", all_prompts=all_prompts, infotexts=infotexts)
