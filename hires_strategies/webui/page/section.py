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
from hires_strategies.notation.json_schema import CROPS, DETAIL
from hires_strategies.planning.keepers import ASKED, QUESTION
from hires_strategies.webui import settings
from hires_strategies.webui.host.processing import SectionScript

from . import events, start_from
from .explained import explained
from .found_list import TITLE as FOUND
from .found_list import FoundFields, build_found
from .pasted import pasted_strategy, pasted_tick
from .preset_list import PresetFields, build_presets, build_table, wire_presets
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
    line: Any
    rows: list[RowFields]
    rest: Any
    add_stage: Any
    add_line: Any
    preview: Any
    text: Any
    plan: Any
    outputs: list[Any]
    keepers_without: Any
    keepers_with: Any
    worth: Any
    found: FoundFields
    shown: Any
    before_auto: Any
    buttons: dict[str, Any]
    from_gallery: Any
    start: start_from.StartFields
    detail: Any


def build(script: SectionScript) -> list[Any]:
    """The components that are the script's arguments: the tick, the values in the order of request.KEYS, then values
    that only the page has.

    The host calls this several times: for its page, then for its API, which completes a program's list with the values
    of these components. A program that asks for no sheet gets none; a list as long as the page's, which is what queues
    send, contains the page's own value.
    """
    for_api = script.api_info is not None  # the host sets it once its page is built
    accordion = InputAccordion(False, label=TITLE, elem_id=script.elem_id("enable"))
    with accordion as enabled, gr.Column(elem_classes=["hires-strategies"]):  # the class that style.css makes small
        section = _section(script, enabled, sheet=not for_api)
    wire_presets(section.presets, section.text, partial(events.changes_text, section))
    events.wire_builder(section)
    if not for_api:
        events.remember(section)
    script.infotext_fields = [(enabled, pasted_tick), (section.text, pasted_strategy)]
    script.paste_field_names = []
    return [enabled, section.text, *section.outputs, section.from_gallery, *section.start.arguments, section.detail]


def _section(script: SectionScript, enabled: Any, *, sheet: bool) -> Section:
    """From top to bottom: presets, rows, the line that people decide by, and what is folded."""
    elem_id = script.elem_id
    presets = build_presets(elem_id)
    line, rows, rest = _rows(elem_id)
    add_stage, add_line = _additions(elem_id)
    preview = gr.HTML("", elem_id=elem_id("preview"), elem_classes=["hires-strategies-preview"])
    with gr.Row(elem_classes=["hires-strategies-folds"]):
        with _fold("As text", elem_id("as_text")):
            text = _text(elem_id)
            build_table(presets, elem_id)
        with _fold("What will run", elem_id("what_runs")):
            plan = gr.HTML("", elem_id=elem_id("plan"), elem_classes=["hires-strategies-preview"])
        with _fold("What is returned", elem_id("returned")):
            outputs = _outputs(elem_id, sheet=sheet)
            detail = _detail(elem_id)
        start = start_from.build(elem_id)
        with _fold(FOUND, elem_id("found")):
            found = build_found(elem_id)
        with _fold(QUESTION, elem_id("keepers")):
            without, with_strategy, worth = _keepers(elem_id)
    return Section(
        elem_id=elem_id("enable"),
        enabled=enabled,
        presets=presets,
        line=line,
        rows=rows,
        rest=rest,
        add_stage=add_stage,
        add_line=add_line,
        preview=preview,
        text=text,
        plan=plan,
        outputs=outputs,
        detail=detail,
        start=start,
        keepers_without=without,
        keepers_with=with_strategy,
        worth=worth,
        found=found,
        **_hidden(elem_id),
    )


def _fold(label: str, elem_id: str) -> Any:
    return gr.Accordion(label, open=False, elem_id=elem_id, elem_classes=["hires-strategies-fold"])


def _rows(elem_id: ElemId) -> tuple[Any, list[RowFields], Any]:
    line = gr.Dropdown(
        [f"1. {_DEFAULT_TEXT}"], value=f"1. {_DEFAULT_TEXT}", label="Strategy", visible=False, elem_id=elem_id("line"),
        elem_classes=["hires-strategies-field", "hires-strategies-which"],
    )  # fmt: skip
    line.do_not_save_to_config = True
    explained(line, "Which strategy the rows show. Each one goes on from the same first pass.")
    shown = rows_of(_DEFAULT_TEXT, 0)
    rows = [build_row(elem_id, n + 1, shown[n] if n < len(shown) else None) for n in range(ROWS)]
    return line, rows, gr.HTML("", elem_id=elem_id("rest"), elem_classes=["hires-strategies-preview"])


def _additions(elem_id: ElemId) -> tuple[Any, Any]:
    with gr.Row(elem_classes=["hires-strategies-additions"]):
        add_stage = gr.Button("+ stage", size="sm", elem_id=elem_id("add_stage"))
        add_line = gr.Button("+ strategy to compare", size="sm", elem_id=elem_id("add_line"))
    explained(add_stage, "A stage is one enlargement, with or without sampling after it. Stages run one after another.")
    explained(add_line, "A strategy is a chain of stages. Several give one picture each, from the same first pass.")
    return add_stage, add_line


def _text(elem_id: ElemId) -> Any:
    return gr.Textbox(
        value=_DEFAULT_TEXT,
        label="Strategy",
        info="One a line. The first line's result is the generated image; further lines are extra images on the "
        "same first pass. With Hires. fix on, the strategies go on from its result.",
        placeholder="Latent x2 @0.7 > R-ESRGAN 4x+ x2",
        lines=2,
        elem_id=elem_id("strategies"),
    )


def _keepers(elem_id: ElemId) -> tuple[Any, Any, Any]:
    gr.HTML(f"<p>{ASKED}</p>", elem_classes=["hires-strategies-preview"])
    with FormRow():
        without = gr.Number(10, label="First passes alone: one in", precision=0, elem_id=elem_id("keepers_without"))
        with_strategy = gr.Number(2, label="With the strategy: one in", precision=0, elem_id=elem_id("keepers_with"))
    return without, with_strategy, gr.HTML("", elem_id=elem_id("worth"), elem_classes=["hires-strategies-preview"])


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
    return [stages, first_pass, with_sheet, crops, reuse]


def _detail(elem_id: ElemId) -> Any:
    """Which variants the host's and other scripts' work on finished images is done to: the script's last argument."""
    with FormRow():
        detail = gr.Radio(
            list(DETAIL),
            value=settings.detail(),
            label="Face restoration and other scripts (ADetailer) on finished images",
            info="of the first variant, or of every variant: takes their time for each",
            elem_id=elem_id("detail"),
        )
    gr.HTML(f"{TITLE} {__version__}", elem_id=elem_id("version"), elem_classes=["hires-strategies-version"])
    return detail


def _hidden(elem_id: ElemId) -> dict[str, Any]:
    """What the rows show, the buttons that our script presses, what the gallery's button asked for ("" for nothing),
    and the strengths before "auto" was pressed; by their names in Section."""
    shown = gr.Textbox(f"0\n{_DEFAULT_TEXT}", visible=False, elem_id=elem_id("shown"))
    names = ("refresh", "edit", "opened", "list_found")
    buttons = {name: gr.Button(name, visible=False, elem_id=elem_id(name)) for name in names}
    from_gallery, before_auto = (
        gr.Textbox("", visible=False, elem_id=elem_id(name)) for name in ("from_gallery", "before_auto")
    )
    for field in (shown, from_gallery, before_auto):
        field.do_not_save_to_config = True
    return {"shown": shown, "buttons": buttons, "from_gallery": from_gallery, "before_auto": before_auto}
