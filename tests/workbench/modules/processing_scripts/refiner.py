"""The refiner in the page: another checkpoint for the last steps."""

import gradio as gr
from modules import scripts, sd_models
from modules.infotext_utils import PasteField
from modules.ui_components import InputAccordion


class ScriptRefiner(scripts.ScriptBuiltinUI):
    """The section of the refiner."""

    section = "accordions"
    create_group = False

    def title(self):
        """Its name."""
        return "Refiner"

    def ui(self, is_img2img):
        """On or off, checkpoint, share of the steps before it."""
        with InputAccordion(False, label="Refiner", elem_id=self.elem_id("enable")) as enabled, gr.Row():
            choices = sd_models.checkpoint_tiles()
            checkpoint = gr.Dropdown(label="Checkpoint", elem_id=self.elem_id("checkpoint"), choices=choices, value="")
            switch_at = gr.Slider(0.01, 1.0, step=0.01, value=0.8, label="Switch at", elem_id=self.elem_id("switch_at"))

        def checkpoint_of(params):
            info = sd_models.get_closet_checkpoint_match(params.get("Refiner"))
            return None if info is None else info.title

        self.infotext_fields = [
            PasteField(enabled, lambda params: "Refiner" in params),
            PasteField(checkpoint, checkpoint_of, api="refiner_checkpoint"),
            PasteField(switch_at, "Refiner switch at", api="refiner_switch_at"),
        ]
        return enabled, checkpoint, switch_at

    def setup(self, p, enabled, checkpoint, switch_at):
        """Into the job."""
        used = enabled and checkpoint not in (None, "", "None")
        p.refiner_checkpoint, p.refiner_switch_at = (checkpoint, switch_at) if used else (None, None)
