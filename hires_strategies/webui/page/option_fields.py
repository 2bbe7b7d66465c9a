"""The folded fields of a row: one for every option of a stage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr
from modules.ui_components import FormRow

from hires_strategies.editing.rows import Row
from hires_strategies.notation.options import format_value
from hires_strategies.stage_options import BY_FIELD, OPTIONS, Option
from hires_strategies.value_kinds import Flag, Name, Number, Pixels, Text
from hires_strategies.webui.host.lists import host_vocabulary
from hires_strategies.webui.settings import limits
from hires_strategies.worded import Worded

from .explained import explained

_MODELS = (("checkpoint", "refiner"), ("refiner_at",))  # side by side in this way: names of checkpoints are long


def folded_fields(identity: Callable[[str], str], row: Row) -> dict[str, Any]:
    """The size in pixels and a field for every option: numbers, names, models, then texts, flags and ControlNet."""
    fields: dict[str, Any] = {}
    for options in (_options_of(Number), _options_of(Pixels), _options_of(Name), *_MODELS):
        with FormRow():
            fields |= _option_fields(options, identity, row)
    with FormRow():
        for side in ("width", "height"):
            label = f"Resize {side} to (0: by scale)"
            fields[side] = gr.Number(row.get(side), label=label, precision=0, elem_id=identity(side))
    for kind in (Text, Flag, Worded):
        with FormRow():
            fields |= _option_fields(_options_of(kind), identity, row)
    with gr.Row(elem_classes=["hires-strategies-moves"]):  # see javascript/paint_where.mjs
        paint = gr.Button("Paint where\u2026", size="sm", elem_id=identity("where_paint"))
    explained(paint, "Paint over the picture where this stage is to be sampled; elsewhere it only enlarges")
    return fields


def _options_of(kind: type) -> list[str]:
    return [row.field for row in OPTIONS if _is(row, kind) and row.field not in sum(_MODELS, ())]


def _is(option: Option, kind: type) -> bool:
    """Pixels are numbers with fields of their own."""
    return isinstance(option.kind, kind) and (kind is Pixels or not isinstance(option.kind, Pixels))


def _option_fields(names: Sequence[str], identity: Callable[[str], str], row: Row) -> dict[str, Any]:
    options = [option for option in OPTIONS if option.field in names]
    return {option.field: _option_field(option, row.get(option.field), identity(option.field)) for option in options}


def _option_field(option: Option, value: Any, elem_id: str) -> Any:
    if isinstance(option.kind, Pixels):
        label = f"{option.label} (empty: {option.kind.without})"
        return gr.Textbox(value, label=label, max_lines=1, elem_id=elem_id)
    if isinstance(option.kind, Number):
        label = f"{option.label} (0: {'as the first pass' if option.first_pass else 'none'})"
        return gr.Slider(
            0, option.kind.high, value=value, step=option.kind.step, label=label, elem_id=elem_id,
            visible=option.field not in host_vocabulary(limits()).lacks,
        )  # fmt: skip
    if isinstance(option.kind, Text):
        same = "nothing" if option.unlike else "the same"
        return gr.Textbox(value, label=f"{option.label} (empty: {same})", lines=2, elem_id=elem_id)
    if isinstance(option.kind, Flag):
        return gr.Checkbox(value, label=option.label, elem_id=elem_id)
    if isinstance(option.kind, Worded):
        return gr.Textbox(value, label=f"{option.label} (empty: {option.kind.without})", max_lines=1, elem_id=elem_id)
    known = host_vocabulary(limits()).names(option.kind.of)
    names = [same_as_first(option), *(format_value(option, name) for name in known)]
    return gr.Dropdown(
        names, value=value or names[0], label=option.label, allow_custom_value=True, elem_id=elem_id,
        visible=len(names) > 1,
    )  # fmt: skip


def same_as_first(option: Option) -> str:
    """A list's entry for the first pass's value, in the words that the host uses for Hires. fix."""
    return f"Use same {option.field}"


def step_of(field: str) -> float:
    kind = BY_FIELD[field].kind
    assert isinstance(kind, Number)
    return kind.step
