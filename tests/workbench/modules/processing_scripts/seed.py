"""Seed and variation seed in the page."""

import gradio as gr
from modules import scripts
from modules.infotext_utils import PasteField
from modules.ui_components import ToolButton


class ScriptSeed(scripts.ScriptBuiltinUI):
    """The row of the seed."""

    section = "seed"
    create_group = False

    def title(self):
        """Its name."""
        return "Seed"

    def ui(self, is_img2img):
        """Seed, and folded away the variation seed."""
        with gr.Row(elem_id=self.elem_id("seed_row")):
            seed = gr.Number(label="Seed", value=-1, elem_id=self.elem_id("seed"), min_width=100, precision=0)
            random_seed = ToolButton("🎲️", elem_id=self.elem_id("random_seed"))
            extra = gr.Checkbox(label="Extra", elem_id=self.elem_id("subseed_show"), value=False)
        with gr.Group(visible=False, elem_id=self.elem_id("seed_extras")) as extras:
            subseed = gr.Number(label="Variation seed", value=-1, elem_id=self.elem_id("subseed"), precision=0)
            strength = gr.Slider(
                0, 1, step=0.01, label="Variation strength", value=0, elem_id=self.elem_id("subseed_strength")
            )
            from_w, from_h = (
                gr.Slider(
                    0, 2048, step=8, label=f"Resize seed from {side}", value=0,
                    elem_id=self.elem_id(f"seed_resize_from_{side[0]}"),
                )
                for side in ("width", "height")
            )  # fmt: skip
        random_seed.click(fn=lambda: -1, outputs=[seed], show_progress=False)
        extra.change(lambda shown: gr.update(visible=shown), inputs=[extra], outputs=[extras], show_progress=False)
        self.infotext_fields = [
            PasteField(seed, "Seed", api="seed"),
            PasteField(extra, lambda params: "Variation seed" in params or "Seed resize from-1" in params),
            PasteField(subseed, "Variation seed", api="subseed"),
            PasteField(strength, "Variation seed strength", api="subseed_strength"),
            PasteField(from_w, "Seed resize from-1", api="seed_resize_from_w"),
            PasteField(from_h, "Seed resize from-2", api="seed_resize_from_h"),
        ]
        return seed, extra, subseed, strength, from_w, from_h

    def setup(self, p, seed, extra, subseed, strength, from_w, from_h):
        """Into the job."""
        p.seed = seed
        if extra and strength > 0:
            p.subseed, p.subseed_strength = subseed, strength
        if extra and from_w > 0 and from_h > 0:
            p.seed_resize_from_w, p.seed_resize_from_h = from_w, from_h
