"""The section's preset list: the presets that come with the extension and the user's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from hires_strategies.errors import StrategyError
from hires_strategies.lines import split_lines
from hires_strategies.presets import BadEntry, builtin
from hires_strategies.webui.files import preset_file


@dataclass
class PresetFields:
    """The components of the preset list. `outputs` are those updated by saving, deleting and loading the page."""

    chosen: Any
    name: Any
    save: Any
    delete: Any
    message: Any
    table: Any

    @property
    def outputs(self) -> list[Any]:
        return [self.chosen, self.name, self.message, self.table]


def build_presets(elem_id: Callable[[str], str]) -> PresetFields:
    with gr.Row(variant="compact", elem_classes=["hires-strategies-presets"]):
        wide = {"min_width": 190}  # on a narrow page the buttons then wrap together
        chosen = gr.Dropdown(list(builtin()), value=None, label="Preset", elem_id=elem_id("preset"), **wide)
        name = gr.Textbox("", label="Save as", placeholder="Name", max_lines=1, elem_id=elem_id("preset_name"), **wide)
        save = gr.Button("Save", size="sm", min_width=64, elem_id=elem_id("preset_save"))
        delete = gr.Button("Delete", size="sm", min_width=64, elem_id=elem_id("preset_delete"))
    message = gr.HTML("", elem_id=elem_id("preset_message"))
    with gr.Accordion("What the presets say", open=False, elem_id=elem_id("preset_list")):
        table = gr.HTML(_table({}), elem_id=elem_id("preset_table"))
    for component in (chosen, name):
        component.do_not_save_to_config = True
    return PresetFields(chosen, name, save, delete, message, table)


def wire_presets(fields: PresetFields, text: Any, changes_text: Callable[..., None]) -> None:
    """Events of the list; `text` is the strategy's text box, `changes_text` connects events that change it."""
    quiet: dict[str, Any] = {"show_progress": False, "queue": False}
    changes_text(fields.chosen.input, load_preset, [fields.chosen, text], [text, fields.name, fields.message])
    fields.save.click(save_preset, [fields.name, text], fields.outputs, **quiet)
    fields.delete.click(delete_preset, [fields.name], fields.outputs, **quiet)


def load_preset(name: str | None, text: str) -> tuple[str, str, str]:
    """The text of a preset, its name if it is the user's own (to overwrite or delete it), and what went wrong."""
    try:
        own = preset_file().all()
    except StrategyError as error:
        own, message = {}, _message(error)
    else:
        message = ""
    name = name or ""
    lines = {**builtin(), **own}.get(name)
    if lines is None:
        return text, "", message
    return "\n".join(lines), name if name in own else "", message


def save_preset(name: str, text: str) -> list[Any]:
    try:
        saved = preset_file().save(name, split_lines(text))
    except StrategyError as error:
        return [gr.update(), gr.update(), _message(error), gr.update()]
    return _renewed(saved, f"Saved as '{saved}'.")


def delete_preset(name: str) -> list[Any]:
    try:
        preset_file().delete(name)
    except StrategyError as error:
        return [gr.update(), gr.update(), _message(error), gr.update()]
    return _renewed(None, f"Deleted '{name.strip()}'.")


def list_presets() -> list[Any]:
    """The list at the time the page is opened: the file may have changed since the WebUI started."""
    try:
        return _renewed(None, "", tell_bad_entries=True)
    except StrategyError as error:
        return [gr.update(), gr.update(), _message(error), gr.update()]


def _renewed(chosen: str | None, message: str, tell_bad_entries: bool = False) -> list[Any]:
    file = preset_file()
    own, bad = file.all(), file.bad_entries()
    choices = gr.update(choices=[*builtin(), *(name for name in own if name not in builtin())], value=chosen)
    told = f"<p>{escape(message)}</p>" if message else ""
    if tell_bad_entries:
        told += "".join(_message(entry.error) for entry in bad)
    return [choices, chosen or "", told, _table(own, bad)]


def _message(error: object) -> str:
    return f'<div class="hires-strategies-error" role="alert">{escape(_shown(str(error)))}</div>'


def _table(own: dict[str, tuple[str, ...]], bad: Sequence[BadEntry] = ()) -> str:
    rows = [
        f"<dt>{escape(name)}</dt><dd>{'<br>'.join(f'<code>{escape(line)}</code>' for line in lines)}</dd>"
        for name, lines in {**builtin(), **own}.items()
    ]
    rows += [
        f'<dt>{escape(_shown(entry.name))}</dt><dd class="hires-strategies-error">{escape(_shown(entry.error))}</dd>'
        for entry in bad
    ]
    return f'<dl class="hires-strategies-list">{"".join(rows)}</dl>'


def _shown(text: str) -> str:
    """A text that can be sent: a lone surrogate becomes the escape that represents it in the file."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
