"""The fields of the rows, one row for each stage. editing.rows defines what they mean; this module shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from modules.ui_components import ToolButton

from hires_strategies.editing.rows import FIELDS, Row
from hires_strategies.notation.literals import format_name
from hires_strategies.stage_options import OPTIONS, Option
from hires_strategies.strategy import DIRECT
from hires_strategies.value_kinds import Flag, Name, Number, Pixels
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.settings import limits

from .explained import explained
from .option_fields import folded_fields, same_as_first, step_of
from .values import number_or

ROWS = 6  # stages that have fields; further ones are edited in the text
_LARGEST_SIGMA = 15  # of the slider, about the largest of Stable Diffusion 1 and XL
_LARGEST_SCALE = 8  # of the slider; the text can have more


@dataclass
class RowFields:
    """The components of one row. `fields` are in the order of rows.FIELDS; `more` opens the folded ones."""

    group: Any
    structured: Any
    fields: list[Any]
    auto: Any
    sweep: Any
    more: Any
    up: Any
    down: Any
    unit: Any
    remove: Any
    options_id: str

    @property
    def outputs(self) -> list[Any]:
        return [self.group, self.structured, *self.fields]


def build_row(elem_id: Callable[[str], str], number: int, row: Row | None) -> RowFields:
    """The fields of stage `number` (from 1), showing `row`, or hidden. style.css makes one line of them."""
    shown = row or Row()

    def identity(name: str) -> str:
        return elem_id(f"stage{number}_{name}")

    with gr.Row(visible=row is not None, elem_id=identity("row"), elem_classes=["hires-strategies-stage"]) as group:
        gr.HTML(f"<span>Stage</span> <b>{number}</b>", elem_classes=["hires-strategies-number"])
        raw = gr.Textbox(
            shown.raw, label="Stage as text", visible=bool(shown.raw), elem_id=identity("raw"),
            elem_classes=["hires-strategies-field", "hires-strategies-raw"],
        )  # fmt: skip
        with gr.Row(
            visible=not shown.raw, elem_id=identity("fields"), elem_classes=["hires-strategies-fields"]
        ) as main:
            components = _main_fields(identity, shown)
            # Opened by its button of the row; its own label is not shown.
            with gr.Accordion(
                "More of this stage", open=False, elem_id=identity("options"), elem_classes=["hires-strategies-options"]
            ):
                up, down, unit = _moves(identity)
                components |= folded_fields(identity, shown)
        auto, sweep, more, remove = _tools(identity)
    components["raw"] = raw
    for component in components.values():
        component.do_not_save_to_config = True
    fields = [components[name] for name in FIELDS]
    return RowFields(group, main, fields, auto, sweep, more, up, down, unit, remove, identity("options"))


def _tools(identity: Callable[[str], str]) -> tuple[Any, Any, Any, Any]:
    with gr.Row(elem_classes=["hires-strategies-tools"]):
        auto = ToolButton(
            "auto", elem_id=identity("auto_button"), elem_classes=["hires-strategies-word"],
            tooltip="Auto: let the denoising strength that suits this checkpoint be found; press again for a number",
        )  # fmt: skip
        sweep = ToolButton(
            "sweep", elem_id=identity("sweep_button"), elem_classes=["hires-strategies-word"],
            tooltip="Sweep: make one picture for each of several denoising strengths; press again to stop",
        )  # fmt: skip
        more = ToolButton(
            "\u22ef", elem_id=identity("more"),
            tooltip="More of this stage: steps, sampler, CFG scale, checkpoint, size, prompts, its place in the chain",
        )  # fmt: skip
        remove = ToolButton("\u2715", elem_id=identity("remove"), tooltip="Remove this stage")
    return auto, sweep, more, remove


def _moves(identity: Callable[[str], str]) -> tuple[Any, Any, Any]:
    with gr.Row(elem_classes=["hires-strategies-moves"]):
        up = gr.Button("\u2191 Earlier", size="sm", elem_id=identity("up"))
        down = gr.Button("\u2193 Later", size="sm", elem_id=identity("down"))
        unit = gr.Button("@ \u21c4 sigma", size="sm", elem_id=identity("unit"))
    explained(unit, "Say by its start sigma how much noise the stage begins with, and press again for the strength")
    return up, down, unit


def _main_fields(identity: Callable[[str], str], row: Row) -> dict[str, Any]:
    names = [format_name(name) for name in (*host_vocabulary(limits()).upscalers, DIRECT)]
    upscaler = gr.Dropdown(
        names, value=row.upscaler, label="Upscaler", allow_custom_value=True, elem_id=identity("upscaler"),
        elem_classes=["hires-strategies-field", "hires-strategies-upscaler"],
    )  # fmt: skip
    scale = gr.Slider(
        0, _LARGEST_SCALE, value=row.scale, step=step_of("scale"), label="Upscale by", elem_id=identity("scale"),
        elem_classes=["hires-strategies-field", "hires-strategies-scale"],
    )  # fmt: skip
    denoising = gr.Slider(
        0, 1, value=row.denoising, step=step_of("denoising_strength"), label="Denoising",
        visible=not row.sweep and not row.sigma,
        elem_id=identity("denoising"), elem_classes=["hires-strategies-field", "hires-strategies-denoising"],
    )  # fmt: skip
    sigma = gr.Slider(
        0, _LARGEST_SIGMA, value=row.sigma, step=step_of("start_sigma"), label="Sigma",
        visible=bool(row.sigma) and not row.sweep, elem_id=identity("sigma"),
        elem_classes=["hires-strategies-field", "hires-strategies-denoising"],
    )  # fmt: skip
    sweep = gr.Textbox(
        row.sweep, label="Denoising", visible=bool(row.sweep), elem_id=identity("sweep"), max_lines=1,
        elem_classes=["hires-strategies-field", "hires-strategies-sweep"],
    )  # fmt: skip
    explained(upscaler, "What enlarges the picture: Latent modes before, others after it is decoded; None only resizes")
    explained(scale, "How many times larger than before this stage")
    explained(denoising, "Denoising strength: how much is drawn anew afterwards; 0 is the upscale alone, no sampling")
    explained(sigma, "Start sigma: how much noise the stage begins with, as a multiple of the picture")
    explained(
        sweep,
        "Denoising strengths to compare: 0.5,0.6,0.7 or 0.4..0.9..0.1 (from..to..step); or sigma 1,1.5,2; auto is one "
        "that is found, auto! looks again",
    )
    return {"upscaler": upscaler, "scale": scale, "denoising": denoising, "sigma": sigma, "sweep": sweep}


def left_out(stages: int) -> str:
    """A sentence for a strategy that has more stages than there are rows."""
    if stages <= ROWS:
        return ""
    which = f"Stage {stages} has" if stages == ROWS + 1 else f"Stages {ROWS + 1} to {stages} have"
    return f'<p class="hires-strategies-remark">{which} no row here: see and change them under "As text".</p>'


def row_from_values(values: Sequence[Any], shown: Row) -> Row:
    """What the fields of a row hold now. Only visible fields can differ from `shown`."""
    named = dict(zip(FIELDS, values, strict=True))
    if shown.raw:
        return Row(raw=str(named["raw"] or ""))
    held: dict[str, Any] = {name: str(named[name] or "") for name in ("upscaler", "sweep")}
    held |= {name: number_or(named[name], 0) for name in ("scale", "denoising", "sigma")}
    held |= {name: int(number_or(named[name], 0)) for name in ("width", "height")}
    return Row().having({**held, **{option.field: _held(option, named[option.field]) for option in OPTIONS}})


def _held(option: Option, value: Any) -> Any:
    if isinstance(option.kind, Number) and not isinstance(option.kind, Pixels):
        return int(number_or(value, 0)) if option.kind.whole else number_or(value, 0)
    if isinstance(option.kind, Flag):
        return bool(value)
    return "" if value in (None, same_as_first(option)) else str(value)


def updates(shown: Sequence[Row], rows: Sequence[Row]) -> Iterator[Any]:
    """Gradio updates for the outputs of all ROWS rows; nothing is sent for unchanged fields, so that an answer does not
    undo what the user meanwhile did in others."""
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
    """What each field of a row shows, as arguments of a Gradio update."""
    looks: dict[str, dict[str, Any]] = {name: {"value": row.get(name)} for name in FIELDS}
    for option in OPTIONS:
        if isinstance(option.kind, Name):
            looks[option.field]["value"] = row.get(option.field) or same_as_first(option)
    looks["denoising"]["visible"] = not row.sweep and not row.sigma
    looks["sigma"]["visible"] = bool(row.sigma) and not row.sweep
    looks["sweep"]["visible"] = bool(row.sweep)
    looks["raw"]["visible"] = bool(row.raw)
    return looks
