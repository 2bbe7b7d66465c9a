"""The page: the txt2img tab, and an img2img tab that holds the scripts' sections only."""

from __future__ import annotations

from typing import Any

import gradio as gr

from modules import _ui_output, _ui_txt2img, gradio_extensons, script_callbacks, scripts, shared
from modules.ui_components import FormGroup
from modules.ui_gradio_extensions import reload_javascript

__all__ = ["gradio_extensons"]  # imported for what it does to Gradio

_SECTIONS = ("sampler", "accordions", "batch", "cfg", "seed")


def create_ui():
    """The whole page as gr.Blocks."""
    reload_javascript()
    script_callbacks.ui_settings_callback()
    theme = gr.themes.Default(font=["sans-serif"], font_mono=["monospace"])  # the default's fonts come from afar
    with gr.Blocks(theme=theme, analytics_enabled=False, title="Workbench") as demo:
        with gr.Tabs(elem_id="tabs"):
            with gr.TabItem("txt2img", id="txt2img", elem_id="tab_txt2img"):
                scripts.scripts_current = scripts.scripts_txt2img
                scripts.scripts_txt2img.initialize_scripts(is_img2img=False)
                _ui_txt2img.create()
            with gr.TabItem("img2img", id="img2img", elem_id="tab_img2img"):
                scripts.scripts_current = scripts.scripts_img2img
                scripts.scripts_img2img.initialize_scripts(is_img2img=True)
                _create_img2img(scripts.scripts_img2img)
        scripts.scripts_current = None
        reload = gr.Button("Reload UI", elem_id="settings_restart_gradio")
        reload.click(fn=shared.state.request_restart, _js="restart_reload")
    return demo


def _create_img2img(runner: Any) -> None:
    gr.HTML("The workbench has no img2img.")
    with FormGroup(elem_id="img2img_script_container"):
        runner.prepare_ui()
        for section in _SECTIONS:
            runner.setup_ui_for_section(section)
        runner.setup_ui()


plaintext_to_html = _ui_output.plaintext_to_html
