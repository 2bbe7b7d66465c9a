"""The section's row of presets: the presets that come with the extension and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr
from modules.ui_components import ToolButton

from hires_strategies.errors import StrategyError
from hires_strategies.lines import lines_of, split_lines
from hires_strategies.presets import BadEntry
from hires_strategies.webui.files import preset_file
from hires_strategies.webui.host.lists import builtin_presets

from .explained import explained


@dataclass
class PresetFields:
    """The components of the row of presets. `outputs` are those updated by saving, deleting and loading the page."""

    chosen: Any
    save: Any
    delete: Any
    take_over: Any
    message: Any
    table: Any = None

    @property
    def outputs(self) -> list[Any]:
        return [self.chosen, self.message, self.table]


def build_presets(elem_id: Callable[[str], str]) -> PresetFields:
    names = list(builtin_presets())
    with gr.Row(elem_classes=["hires-strategies-presets"]):
        chosen = gr.Dropdown(
            names, value=names[0], label="Preset", allow_custom_value=True,
            elem_id=elem_id("preset"), elem_classes=["hires-strategies-field", "hires-strategies-preset"],
        )  # fmt: skip
        save, delete, take_over = _tools(elem_id)
    chosen.do_not_save_to_config = True
    explained(
        chosen, "A preset is a strategy, or several to compare, under a name. Choose one, or type a name to save."
    )
    return PresetFields(chosen, save, delete, take_over, gr.HTML("", elem_id=elem_id("preset_message")))


def _tools(elem_id: Callable[[str], str]) -> tuple[Any, Any, Any]:
    with gr.Row(elem_classes=["hires-strategies-tools"]):
        save = ToolButton(
            "\U0001f4be", elem_id=elem_id("preset_save"),
            tooltip="Save the strategies as a preset, under the name in the box: type a new one there",
        )  # fmt: skip
        delete = ToolButton(
            "\U0001f5d1\ufe0f", elem_id=elem_id("preset_delete"), tooltip="Delete the preset whose name is in the box"
        )
        take_over = ToolButton(
            "from Hires. fix", elem_id=elem_id("take_over"), elem_classes=["hires-strategies-word"],
            tooltip="Take over the settings of Hires. fix as a strategy, and untick Hires. fix",
        )  # fmt: skip
    return save, delete, take_over


def build_table(fields: PresetFields, elem_id: Callable[[str], str]) -> None:
    """The presets with their texts, beside the text that they fill in."""
    with gr.Accordion(
        "What the presets say", open=False, elem_id=elem_id("preset_list"), elem_classes=["hires-strategies-fold"]
    ):
        fields.table = gr.HTML(_table({}), elem_id=elem_id("preset_table"))


def wire_presets(fields: PresetFields, text: Any, changes_text: Callable[..., None]) -> None:
    """Events of the list; `text` is the strategy's text box, `changes_text` connects events that change it.

    Only a choice from the list loads a preset: typing a name, which is to save or delete, does not.
    """
    quiet: dict[str, Any] = {"show_progress": False, "queue": False}
    changes_text(fields.chosen.select, choose_preset, [text], [text, fields.message])
    fields.save.click(save_preset, [fields.chosen, text], fields.outputs, **quiet)
    fields.delete.click(delete_preset, [fields.chosen], fields.outputs, **quiet)


def choose_preset(text: str, chosen: gr.SelectData) -> tuple[str, str]:
    """The text of the preset that was chosen, and what went wrong. The box itself does not hold the choice yet."""
    return load_preset(str(chosen.value), text)


def load_preset(name: str, text: str) -> tuple[str, str]:
    """The text of a preset (`text` if there is none of this name), and what went wrong."""
    try:
        own = preset_file().all()
    except StrategyError as error:
        own, message = {}, _message(error)
    else:
        message = ""
    lines = {**builtin_presets(), **own}.get(name)
    return (text if lines is None else "\n".join(lines)), message


def shown_name(text: str, name: str) -> str:
    """What the box shows beside a text, if it showed `name`: a preset's name only where the text is that preset's."""
    try:
        known = {**builtin_presets(), **preset_file().all()}
    except StrategyError:
        known = builtin_presets()
    lines = tuple(line.strip() for line in lines_of(text))
    if known.get(name) == lines or (name and name not in known):
        return name  # a name that is being typed, to save, stays as well
    return next((each for each, its_lines in known.items() if its_lines == lines), "")


def save_preset(name: str | None, text: str) -> list[Any]:
    if not (name or "").strip():
        return _failed("Type a name into the box of presets, then save.")
    try:
        saved = preset_file().save(name or "", split_lines(text))
    except StrategyError as error:
        return _failed(error)
    return _renewed(saved, f"Saved as '{saved}'.")


def delete_preset(name: str | None) -> list[Any]:
    if not (name or "").strip():
        return _failed("Choose the preset to delete first.")
    try:
        preset_file().delete(name or "")
    except StrategyError as error:
        return _failed(error)
    return _renewed("", f"Deleted '{(name or '').strip()}'.")


def list_presets() -> list[Any]:
    """The list at the time the page is opened: the file may have changed since the WebUI started."""
    try:
        return _renewed(None, "", tell_bad_entries=True)
    except StrategyError as error:
        return _failed(error)


def _failed(why: object) -> list[Any]:
    return [gr.update(), _message(why), gr.update()]


def _renewed(chosen: str | None, message: str, tell_bad_entries: bool = False) -> list[Any]:
    """The list as the file has it now; the box shows `chosen`, or what it showed (None)."""
    file = preset_file()
    own, bad = file.all(), file.bad_entries()
    names = list({**builtin_presets(), **own})
    choices = gr.update(choices=names) if chosen is None else gr.update(choices=names, value=chosen)
    told = f"<p>{escape(message)}</p>" if message else ""
    if tell_bad_entries:
        told += "".join(_message(entry.error) for entry in bad)
    return [choices, told, _table(own, bad)]


def _message(error: object) -> str:
    return f'<div class="hires-strategies-error" role="alert">{escape(_shown(str(error)))}</div>'


def _table(own: dict[str, tuple[str, ...]], bad: Sequence[BadEntry] = ()) -> str:
    rows = [
        f"<dt>{escape(name)}</dt><dd>{'<br>'.join(f'<code>{escape(line)}</code>' for line in lines)}</dd>"
        for name, lines in {**builtin_presets(), **own}.items()
    ]
    rows += [
        f'<dt>{escape(_shown(entry.name))}</dt><dd class="hires-strategies-error">{escape(_shown(entry.error))}</dd>'
        for entry in bad
    ]
    return f'<dl class="hires-strategies-list">{"".join(rows)}</dl>'


def _shown(text: str) -> str:
    """A text that can be sent: a lone surrogate becomes the escape that represents it in the file."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
