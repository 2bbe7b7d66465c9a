"""The txt2img tab, with the host's element ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import gradio as gr

from modules import _ui_output, infotext_utils, scripts, sd_models, sd_samplers, sd_schedulers, shared, txt2img
from modules.call_queue import wrap_gradio_gpu_call
from modules.infotext_utils import PasteField
from modules.shared import opts
from modules.ui_components import FormGroup, FormRow, InputAccordion, ToolButton


@dataclass
class _Top:
    prompt: Any
    negative_prompt: Any
    submit: Any
    paste: Any
    styles: Any


def create() -> None:
    """Make the tab and connect its buttons."""
    runner = scripts.scripts_txt2img
    top = _top_row()
    task, index = gr.Textbox(visible=False), gr.Number(visible=False, precision=0)  # script.js fills them
    with gr.Row(equal_height=False):
        with gr.Column(variant="compact", elem_id="txt2img_settings"):
            runner.prepare_ui()
            runner.setup_ui_for_section("sampler")
            with gr.Row(elem_id="txt2img_accordions", elem_classes="accordions"):
                hires = _hires_fix()
                runner.setup_ui_for_section("accordions")
            size = _size_and_batch(runner)
            with FormRow(elem_id="txt2img_override_settings_row"):
                overrides = gr.Dropdown(
                    [], label="Override settings", value=[], visible=False, elem_id="txt2img_override_settings",
                    multiselect=True,
                )  # fmt: skip
            with FormGroup(elem_id="txt2img_script_container"):
                script_inputs = runner.setup_ui()
        panel = _ui_output.create("txt2img")

    values = [top.prompt, top.negative_prompt, top.styles, *size.values(), *hires.values(), overrides, *script_inputs]
    _connect(top, panel, (task, index), values)
    fields = [*_paste_fields(top, size, hires), *runner.infotext_fields]
    infotext_utils.add_paste_fields("txt2img", None, fields, overrides)
    infotext_utils.connect_paste(
        top.paste, infotext_utils.paste_fields["txt2img"]["fields"], top.prompt, overrides, "txt2img"
    )


def _top_row() -> _Top:
    with gr.Row(elem_id="txt2img_toprow", variant="compact"):
        with gr.Column(elem_id="txt2img_prompt_container", scale=6):
            prompt, negative = (
                gr.Textbox(
                    label=label, elem_id=elem_id, show_label=False, lines=3, placeholder=label, elem_classes=["prompt"]
                )
                for label, elem_id in (("Prompt", "txt2img_prompt"), ("Negative prompt", "txt2img_neg_prompt"))
            )
        with gr.Column(scale=1, elem_id="txt2img_actions_column"):
            with gr.Row(elem_id="txt2img_generate_box", elem_classes=["generate-box"]):
                interrupt = gr.Button("Interrupt", elem_id="txt2img_interrupt", elem_classes="generate-box-interrupt")
                skip = gr.Button("Skip", elem_id="txt2img_skip", elem_classes="generate-box-skip")
                submit = gr.Button("Generate", elem_id="txt2img_generate", variant="primary")
            with gr.Row(elem_id="txt2img_tools"):
                paste = ToolButton("↙️", elem_id="paste", tooltip="Read generation parameters from the prompt")
            names = list(shared.prompt_styles.styles)
            styles = gr.Dropdown(label="Styles", elem_id="txt2img_styles", choices=names, value=[], multiselect=True)
    interrupt.click(fn=_interrupt)
    skip.click(fn=shared.state.skip)
    return _Top(prompt, negative, submit, paste, styles)


def _interrupt() -> None:
    """With further batches to come, the first click only keeps them from starting."""
    state = shared.state
    if opts.interrupt_after_current and state.job_count > 1 and not state.stopping_generation:
        state.stop_generating()
    else:
        state.interrupt()


def _hires_fix() -> dict[str, Any]:
    upscalers = [*shared.latent_upscale_modes, *(data.name for data in shared.sd_upscalers)]
    same = {kind: f"Use same {kind}" for kind in ("checkpoint", "sampler", "scheduler")}
    choices = {
        "checkpoint": sd_models.checkpoint_tiles(use_short=True),
        "sampler": sd_samplers.visible_sampler_names(),
        "scheduler": [scheduler.label for scheduler in sd_schedulers.schedulers],
    }
    with InputAccordion(False, label="Hires. fix", elem_id="txt2img_hr") as enabled:
        with FormRow(elem_id="txt2img_hires_fix_row1", variant="compact"):
            upscaler = gr.Dropdown(
                upscalers, label="Upscaler", elem_id="txt2img_hr_upscaler", value=shared.latent_upscale_default_mode
            )
            steps = gr.Slider(0, 150, step=1, label="Hires steps", value=0, elem_id="txt2img_hires_steps")
            strength = gr.Slider(
                0, 1, step=0.01, label="Denoising strength", value=0.7, elem_id="txt2img_denoising_strength"
            )
        with FormRow(elem_id="txt2img_hires_fix_row2", variant="compact"):
            scale = gr.Slider(1, 4, step=0.05, label="Upscale by", value=2.0, elem_id="txt2img_hr_scale")
            resize_x = gr.Slider(0, 2048, step=8, label="Resize width to", value=0, elem_id="txt2img_hr_resize_x")
            resize_y = gr.Slider(0, 2048, step=8, label="Resize height to", value=0, elem_id="txt2img_hr_resize_y")
        with FormRow(elem_id="txt2img_hires_fix_row3", variant="compact", visible=opts.hires_fix_show_sampler):
            checkpoint, sampler, scheduler = (
                gr.Dropdown([text, *choices[kind]], label=f"Hires {kind}", elem_id=f"hr_{kind}", value=text)
                for kind, text in same.items()
            )
        with FormRow(elem_id="txt2img_hires_fix_row4", variant="compact", visible=opts.hires_fix_show_prompts):
            prompt = gr.Textbox(label="Hires prompt", elem_id="hires_prompt", lines=3)
            negative = gr.Textbox(label="Hires negative prompt", elem_id="hires_neg_prompt", lines=3)
    return {
        "enable_hr": enabled, "denoising_strength": strength, "hr_scale": scale, "hr_upscaler": upscaler,
        "hr_second_pass_steps": steps, "hr_resize_x": resize_x, "hr_resize_y": resize_y,
        "hr_checkpoint_name": checkpoint, "hr_sampler_name": sampler, "hr_scheduler": scheduler, "hr_prompt": prompt,
        "hr_negative_prompt": negative,
    }  # fmt: skip


def _size_and_batch(runner: Any) -> dict[str, Any]:
    with FormRow():
        width = gr.Slider(64, 2048, step=8, label="Width", value=128, elem_id="txt2img_width")
        height = gr.Slider(64, 2048, step=8, label="Height", value=128, elem_id="txt2img_height")
    with FormRow(elem_id="txt2img_column_batch"):
        count = gr.Slider(minimum=1, step=1, label="Batch count", value=1, elem_id="txt2img_batch_count")
        batch = gr.Slider(minimum=1, maximum=8, step=1, label="Batch size", value=1, elem_id="txt2img_batch_size")
    runner.setup_ui_for_section("batch")
    cfg = gr.Slider(1.0, 30.0, step=0.5, label="CFG Scale", value=7.0, elem_id="txt2img_cfg_scale")
    runner.setup_ui_for_section("cfg")
    runner.setup_ui_for_section("seed")
    return {"n_iter": count, "batch_size": batch, "cfg_scale": cfg, "height": height, "width": width}


def _connect(top: _Top, panel: Any, filled: tuple[Any, Any], values: list[Any]) -> None:
    task, index = filled
    outputs = [panel.gallery, panel.generation_info, panel.infotext, panel.html_log]
    blank = [None, "", ""]
    # Without Gradio's queue, which gives a job up after the five seconds that httpx from 0.25 on waits by default.
    generate: dict[str, Any] = {
        "fn": wrap_gradio_gpu_call(txt2img.txt2img, extra_outputs=blank), "_js": "submit", "inputs": [task, *values],
        "outputs": outputs, "show_progress": False, "queue": False,
    }  # fmt: skip
    top.prompt.submit(**generate)
    top.submit.click(**generate)
    panel.button_upscale.click(
        fn=wrap_gradio_gpu_call(txt2img.txt2img_upscale, extra_outputs=blank), _js="submit_txt2img_upscale",
        inputs=[task, panel.gallery, index, panel.generation_info, *values], outputs=outputs, show_progress=False,
        queue=False,
    )  # fmt: skip


def _paste_fields(top: _Top, size: dict[str, Any], hires: dict[str, Any]) -> list[PasteField]:
    labels = {
        "cfg_scale": "CFG scale", "width": "Size-1", "height": "Size-2", "denoising_strength": "Denoising strength",
        "hr_scale": "Hires upscale", "hr_upscaler": "Hires upscaler", "hr_second_pass_steps": "Hires steps",
        "hr_resize_x": "Hires resize-1", "hr_resize_y": "Hires resize-2", "hr_checkpoint_name": "Hires checkpoint",
        "hr_prompt": "Hires prompt", "hr_negative_prompt": "Hires negative prompt",
        "hr_sampler_name": sd_samplers.get_hr_sampler_from_infotext,
        "hr_scheduler": sd_samplers.get_hr_scheduler_from_infotext, "enable_hr": _is_hires,
    }  # fmt: skip
    components = {**size, **hires}
    return [
        PasteField(top.prompt, "Prompt", api="prompt"),
        PasteField(top.negative_prompt, "Negative prompt", api="negative_prompt"),
        *(PasteField(components[name], label, api=name) for name, label in labels.items()),
    ]


def _is_hires(params: dict[str, Any]) -> bool:
    keys = ("Hires upscale", "Hires upscaler", "Hires resize-1")
    return "Denoising strength" in params and any(key in params for key in keys)
