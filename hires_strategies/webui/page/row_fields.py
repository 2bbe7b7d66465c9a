"""The builder's fields: one group for each stage. What they mean is in editing.rows; here they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from modules.ui_components import FormRow, ToolButton

from hires_strategies.editing.rows import FIELDS, Row
from hires_strategies.notation.literals import format_name
from hires_strategies.webui.host.lists import host_names

ROWS = 6  # stages that have fields; further ones are edited in the text
SAME_SAMPLER = "Use same sampler"
SAME_SCHEDULER = "Use same scheduler"


@dataclass
class RowFields:
    """The components of one row. `fields` are in the order of rows.FIELDS."""

    group: Any
    structured: Any
    fields: list[Any]
    sweep: Any
    up: Any
    down: Any
    remove: Any

    @property
    def outputs(self) -> list[Any]:
        return [self.group, self.structured, *self.fields]


def build_row(elem_id: Callable[[str], str], number: int, row: Row | None) -> RowFields:
    """The fields of stage `number` (from 1), showing `row`, or hidden."""
    shown = row or Row()

    def identity(name: str) -> str:
        return elem_id(f"stage{number}_{name}")

    with gr.Column(visible=row is not None, elem_id=identity("row"), variant="compact") as group:
        with gr.Row(elem_classes=["hires-strategies-tools"]):
            gr.HTML(f"<span>Stage</span> <b>{number}</b>", elem_classes=["hires-strategies-number"])
            sweep = ToolButton(
                "\u2263", elem_id=identity("sweep_button"), tooltip="Sweep the denoising strength, or stop"
            )
            up = ToolButton("\u2191", elem_id=identity("up"), tooltip="Earlier")
            down = ToolButton("\u2193", elem_id=identity("down"), tooltip="Later")
            remove = ToolButton("\u2715", elem_id=identity("remove"), tooltip="Remove this stage")
        raw = gr.Textbox(shown.raw, label="Stage as text", visible=bool(shown.raw), elem_id=identity("raw"))
        with gr.Column(visible=not shown.raw, elem_id=identity("fields"), variant="compact") as structured:
            components = _main_fields(identity, shown)
            with gr.Accordion("Steps, sampler, CFG scale, size, prompts", open=False, elem_id=identity("more")):
                components |= _folded_fields(identity, shown)
    components["raw"] = raw
    for component in components.values():
        component.do_not_save_to_config = True
    return RowFields(group, structured, [components[name] for name in FIELDS], sweep, up, down, remove)


def _main_fields(identity: Callable[[str], str], row: Row) -> dict[str, Any]:
    names = [format_name(name) for name in (*host_names().upscalers, "Direct")]
    with FormRow():
        upscaler = gr.Dropdown(
            names, value=row.upscaler, label="Upscaler", allow_custom_value=True, elem_id=identity("upscaler")
        )
    with FormRow():
        scale = gr.Slider(0, 8, value=row.scale, step=0.05, label="Upscale by", elem_id=identity("scale"))
        denoising = gr.Slider(
            0, 1, value=row.denoising, step=0.01, label="Denoising strength", visible=not row.sweep,
            elem_id=identity("denoising"),
        )  # fmt: skip
        sweep = gr.Textbox(
            row.sweep, label="Denoising strengths", info="0.5,0.6,0.7 or 0.4..0.9..0.1 (from..to..step)",
            visible=bool(row.sweep), elem_id=identity("sweep"), max_lines=1,
        )  # fmt: skip
    return {"upscaler": upscaler, "scale": scale, "denoising": denoising, "sweep": sweep}


def _folded_fields(identity: Callable[[str], str], row: Row) -> dict[str, Any]:
    names = host_names()
    with FormRow():
        steps = gr.Slider(
            0, 150, value=row.steps, step=1, label="Steps (0: as the first pass)", elem_id=identity("steps")
        )
        cfg = gr.Slider(
            0, 30, value=row.cfg, step=0.5, label="CFG scale (0: as the first pass)", elem_id=identity("cfg")
        )
    with FormRow():
        sampler = gr.Dropdown(
            [SAME_SAMPLER, *map(format_name, names.samplers)], value=row.sampler or SAME_SAMPLER,
            label="Sampling method", allow_custom_value=True, elem_id=identity("sampler"),
        )  # fmt: skip
        scheduler = gr.Dropdown(
            [SAME_SCHEDULER, *map(format_name, names.schedulers)], value=row.scheduler or SAME_SCHEDULER,
            label="Schedule type", allow_custom_value=True, elem_id=identity("scheduler"),
            visible=bool(names.schedulers),
        )  # fmt: skip
    with FormRow():
        width = gr.Number(row.width, label="Resize width to (0: by scale)", precision=0, elem_id=identity("width"))
        height = gr.Number(row.height, label="Resize height to (0: by scale)", precision=0, elem_id=identity("height"))
    with FormRow():
        prompt = gr.Textbox(row.prompt, label="Prompt (empty: the same)", lines=2, elem_id=identity("prompt"))
        negative = gr.Textbox(
            row.negative, label="Negative prompt (empty: the same)", lines=2, elem_id=identity("negative")
        )
    return {"steps": steps, "cfg": cfg, "sampler": sampler, "scheduler": scheduler, "width": width, "height": height,
            "prompt": prompt, "negative": negative}  # fmt: skip


def row_from_values(values: Sequence[Any], shown: Row) -> Row:
    """What the fields of a row hold now. Only the fields that are on show can differ from `shown`."""
    named = dict(zip(FIELDS, values, strict=True))
    if shown.raw:
        return Row(raw=str(named["raw"] or ""))
    held: dict[str, Any] = {name: str(named[name] or "") for name in ("upscaler", "sweep", "prompt", "negative")}
    held |= {name: _number(named[name]) for name in ("scale", "denoising", "cfg")}
    held |= {name: int(_number(named[name])) for name in ("width", "height", "steps")}
    for name, same in (("sampler", SAME_SAMPLER), ("scheduler", SAME_SCHEDULER)):
        held[name] = "" if named[name] in (None, same) else named[name]
    return Row(**held)


def updates(shown: Sequence[Row], rows: Sequence[Row]) -> Iterator[Any]:
    """Gradio updates for the outputs of all ROWS rows; nothing is sent for fields that stay as they are.

    So an answer does not undo what the user does meanwhile in other fields.
    """
    for index in range(ROWS):
        before = shown[index] if index < len(shown) else None
        row = rows[index] if index < len(rows) else None
        if row == before:
            yield from [gr.update()] * (2 + len(FIELDS))
        elif row is None:
            yield from [gr.update(visible=False), *[gr.update()] * (1 + len(FIELDS))]
        else:
            yield gr.update(visible=True)
            yield gr.update(visible=not row.raw)
            before_fields = _shown_as(before) if before else {}
            for name, looks in _shown_as(row).items():
                yield gr.update() if looks == before_fields.get(name) else gr.update(**looks)


def _shown_as(row: Row) -> dict[str, dict[str, Any]]:
    """What each field shows of a row, as arguments of a Gradio update."""
    looks: dict[str, dict[str, Any]] = {name: {"value": getattr(row, name)} for name in FIELDS}
    looks["sampler"]["value"] = row.sampler or SAME_SAMPLER
    looks["scheduler"]["value"] = row.scheduler or SAME_SCHEDULER
    looks["denoising"]["visible"] = not row.sweep
    looks["sweep"]["visible"] = bool(row.sweep)
    looks["raw"]["visible"] = bool(row.raw)
    return looks


def _number(value: Any) -> float:
    """A number field's value, rounded to what its slider can mean; 0 for an emptied one."""
    return round(float(value), 6) if isinstance(value, (int, float)) else 0
