"""Steps, sampler and schedule in the page."""

import gradio as gr
from modules import scripts, sd_samplers, sd_schedulers
from modules.infotext_utils import PasteField
from modules.ui_components import FormRow


class ScriptSampler(scripts.ScriptBuiltinUI):
    """The row of the sampler."""

    section = "sampler"

    def title(self):
        """Its name."""
        return "Sampler"

    def ui(self, is_img2img):
        """Sampler, schedule, steps."""
        names = sd_samplers.visible_sampler_names()
        labels = [scheduler.label for scheduler in sd_schedulers.schedulers]
        tab = self.tabname
        with FormRow(elem_id=f"sampler_selection_{tab}"):
            sampler = gr.Dropdown(label="Sampling method", elem_id=f"{tab}_sampling", choices=names, value=names[0])
            scheduler = gr.Dropdown(label="Schedule type", elem_id=f"{tab}_scheduler", choices=labels, value=labels[0])
            steps = gr.Slider(1, 150, step=1, elem_id=f"{tab}_steps", label="Sampling steps", value=20)
        self.infotext_fields = [
            PasteField(steps, "Steps", api="steps"),
            PasteField(sampler, sd_samplers.get_sampler_from_infotext, api="sampler_name"),
            PasteField(scheduler, sd_samplers.get_scheduler_from_infotext, api="scheduler"),
        ]
        return steps, sampler, scheduler

    def setup(self, p, steps, sampler_name, scheduler):
        """Into the job."""
        p.steps, p.sampler_name, p.scheduler = steps, sampler_name, scheduler
