"""The section in the txt2img tab."""

from __future__ import annotations

from typing import Any

import gradio as gr
from modules.ui_components import FormRow, InputAccordion

from .infotext import pasted_strategy, pasted_tick

TITLE = "Hires strategies"
_DEFAULT_TEXT = "Latent x2 @0.7"


def build(script: Any) -> list[Any]:
    """The components, the tick first, then in the order of request.KEYS. The host calls this several times."""
    with InputAccordion(False, label=TITLE, elem_id=script.elem_id("enable")) as enabled:
        text = gr.Textbox(
            value=_DEFAULT_TEXT,
            label="Strategy",
            info="One a line. The first line's result is the generated image; further lines are extra images on the "
            "same first pass. With Hires. fix on, the strategies go on from its result.",
            placeholder="Latent x2 @0.7 > R-ESRGAN 4x+ x2",
            lines=2,
            elem_id=script.elem_id("strategies"),
        )
        with FormRow():
            stages = gr.Checkbox(False, label="Return every stage", elem_id=script.elem_id("stages"))
            first_pass = gr.Checkbox(False, label="Return the first pass", elem_id=script.elem_id("first_pass"))
    script.infotext_fields = [(enabled, pasted_tick), (text, pasted_strategy)]
    script.paste_field_names = []
    return [enabled, text, stages, first_pass]
