"""The section in the txt2img tab: its layout. events.py defines what its parts do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from modules.ui_components import FormRow, InputAccordion

from hires_strategies import __version__
from hires_strategies.editing.row_edits import rows_of
from hires_strategies.notation.json_schema import CROPS
from hires_strategies.webui.host.processing import SectionScript

from . import events
from .pasted import pasted_strategy, pasted_tick
from .preset_list import PresetFields, build_presets, wire_presets
from .row_fields import ROWS, RowFields, build_row

TITLE = "Hires strategies"
_DEFAULT_TEXT = "Latent x2 @0.7"

ElemId = Callable[[str], str]


@dataclass
class Section:
    """The components of one built section."""

    elem_id: str
    enabled: Any
    presets: PresetFields
    text: Any
    preview: Any
    take_over: Any
    message: Any
    keepers_without: Any
    keepers_with: Any
    line: Any
    rows: list[RowFields]
    add_stage: Any
    add_line: Any
    outputs: list[Any]
    shown: Any
    buttons: dict[str, Any]
    from_gallery: Any


def build(script: SectionScript) -> list[Any]:
    """The components that are the script's arguments: the tick, the values in the order of request.KEYS, then values
    that only the page has.

    The host calls this several times: for its page, then for its API, which completes a program's list with the values
    of these components. A program that asks for no sheet gets none; a list as long as the page's, which is what queues
    send, contains the page's own value.
    """
    for_api = script.api_info is not None  # the host sets it once its page is built
    with InputAccordion(False, label=TITLE, elem_id=script.elem_id("enable")) as enabled:
        section = _section(script, enabled, sheet=not for_api)
    wire_presets(section.presets, section.text, partial(events.changes_text, section))
    events.wire_builder(section)
    events.remember(section)
    script.infotext_fields = [(enabled, pasted_tick), (section.text, pasted_strategy)]
    script.paste_field_names = []
    return [enabled, section.text, *section.outputs, section.from_gallery]


def _section(script: SectionScript, enabled: Any, *, sheet: bool) -> Section:
    elem_id = script.elem_id
    presets = build_presets(elem_id)
    text = gr.Textbox(
        value=_DEFAULT_TEXT,
        label="Strategy",
        info="One a line. The first line's result is the generated image; further lines are extra images on the "
        "same first pass. With Hires. fix on, the strategies go on from its result.",
        placeholder="Latent x2 @0.7 > R-ESRGAN 4x+ x2",
        lines=2,
        elem_id=elem_id("strategies"),
    )
    preview = gr.HTML("", elem_id=elem_id("preview"), elem_classes=["hires-strategies-preview"])
    with FormRow():
        without = gr.Number(10, label="Keepers without: 1 in", precision=0, elem_id=elem_id("keepers_without"))
        with_strategy = gr.Number(2, label="Keepers with: 1 in", precision=0, elem_id=elem_id("keepers_with"))
    with gr.Row():
        take_over = gr.Button("Take over from Hires. fix", size="sm", elem_id=elem_id("take_over"))
    message = gr.HTML("", elem_id=elem_id("message"))
    line, rows, add_stage, add_line = _builder(elem_id)
    return Section(
        elem_id=elem_id("enable"),
        enabled=enabled,
        presets=presets,
        text=text,
        preview=preview,
        take_over=take_over,
        message=message,
        keepers_without=without,
        keepers_with=with_strategy,
        line=line,
        rows=rows,
        add_stage=add_stage,
        add_line=add_line,
        outputs=_outputs(elem_id, sheet=sheet),
        **_hidden(elem_id),
    )


def _builder(elem_id: ElemId) -> tuple[Any, list[RowFields], Any, Any]:
    with gr.Accordion("Builder", open=True, elem_id=elem_id("builder")):
        line = gr.Dropdown(["1"], value="1", label="Line to edit", visible=False, elem_id=elem_id("line"))
        line.do_not_save_to_config = True
        shown = rows_of(_DEFAULT_TEXT, 0)
        rows = [build_row(elem_id, n + 1, shown[n] if n < len(shown) else None) for n in range(ROWS)]
        with gr.Row():
            add_stage = gr.Button("Add a stage", size="sm", elem_id=elem_id("add_stage"))
            add_line = gr.Button("Add a strategy to compare with", size="sm", elem_id=elem_id("add_line"))
    return line, rows, add_stage, add_line


def _outputs(elem_id: ElemId, *, sheet: bool) -> list[Any]:
    """What else to return: the script's arguments after the text, in the order of request.KEYS."""
    with FormRow():
        stages = gr.Checkbox(False, label="Return every stage", elem_id=elem_id("stages"))
        first_pass = gr.Checkbox(False, label="Return the first pass", elem_id=elem_id("first_pass"))
        reuse = gr.Checkbox(True, label="Reuse remembered first passes", elem_id=elem_id("reuse_first_pass"))
    with FormRow():
        with_sheet = gr.Checkbox(sheet, label="Contact sheet of the variants", elem_id=elem_id("sheet"))
        crops = gr.Dropdown(
            list(CROPS),
            value=CROPS[0],
            label="The sheet shows",
            info="differences: crops at 1:1 of the place where the variants differ most",
            elem_id=elem_id("crops"),
        )
    gr.HTML(f"{TITLE} {__version__}", elem_id=elem_id("version"), elem_classes=["hires-strategies-version"])
    return [stages, first_pass, with_sheet, crops, reuse]


def _hidden(elem_id: ElemId) -> dict[str, Any]:
    """What the rows show, the buttons that our script presses, and what the gallery's button asked for ("" for
    nothing); by their names in Section."""
    shown = gr.Textbox(f"0\n{_DEFAULT_TEXT}", visible=False, elem_id=elem_id("shown"))
    names = ("refresh", "edit", "opened")
    buttons = {name: gr.Button(name, visible=False, elem_id=elem_id(name)) for name in names}
    from_gallery = gr.Textbox("", visible=False, elem_id=elem_id("from_gallery"))
    shown.do_not_save_to_config = from_gallery.do_not_save_to_config = True
    return {"shown": shown, "buttons": buttons, "from_gallery": from_gallery}
