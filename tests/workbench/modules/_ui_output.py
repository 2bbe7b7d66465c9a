"""The right half of the tab: gallery, infotext, messages."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from modules.ui_components import ToolButton


def plaintext_to_html(text, classname=None):
    """Text as a paragraph."""
    content = "<br>\n".join(map(html.escape, text.split("\n")))
    return f"<p class='{classname}'>{content}</p>" if classname else f"<p>{content}</p>"


@dataclass
class OutputPanel:
    """The components that a job's results go to."""

    gallery: Any
    generation_info: Any
    infotext: Any
    html_log: Any
    button_upscale: Any


def create(tabname: str) -> OutputPanel:
    """Make them."""
    with gr.Column(variant="panel", elem_id=f"{tabname}_results"):
        with gr.Group(elem_id=f"{tabname}_gallery_container"):
            gallery = gr.Gallery(show_label=False, elem_id=f"{tabname}_gallery", columns=4, preview=True)
        with gr.Row(elem_id=f"image_buttons_{tabname}", elem_classes="image-buttons"):
            upscale = ToolButton(
                "✨", elem_id=f"{tabname}_upscale", tooltip="Create an upscaled version of the current image"
            )
        with gr.Group():
            infotext = gr.HTML(elem_id=f"html_info_{tabname}", elem_classes="infotext")
            log = gr.HTML(elem_id=f"html_log_{tabname}", elem_classes="html-log")
            info = gr.Textbox(visible=False, elem_id=f"generation_info_{tabname}")
            chosen = gr.Button(visible=False, elem_id=f"{tabname}_generation_info_button")
    chosen.click(
        fn=_infotext_of, _js="(info, shown) => [info, shown, selected_gallery_index()]",
        inputs=[info, infotext, infotext], outputs=[infotext, infotext], show_progress=False,
    )  # fmt: skip
    return OutputPanel(gallery, info, infotext, log, upscale)


def _infotext_of(info: str, shown: str, index: int) -> Any:
    """The infotext of the chosen image; what is shown already, where there is none."""
    texts = json.loads(info)["infotexts"] if info else []
    text = plaintext_to_html(texts[index]) if 0 <= index < len(texts) else shown
    return text, gr.update()
