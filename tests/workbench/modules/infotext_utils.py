"""Infotext: written beside an image, and read back into the page's fields."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path
from typing import Any

import gradio as gr

from modules import errors, images, paths, script_callbacks, shared

_PARAMETER = re.compile(r'\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])+"|[^,]*)(?:,|$)')
_SIZE = re.compile(r"^(\d+)x(\d+)$")
_GRADIO_UPDATE = type(gr.update())
_ABSENT: dict[str, Any] = {  # what it means that a key is not there
    "Clip skip": "1", "Hires resize-1": 0, "Hires resize-2": 0, "Hires sampler": "Use same sampler",
    "Hires schedule type": "Use same scheduler", "Hires checkpoint": "Use same checkpoint", "Hires prompt": "",
    "Hires negative prompt": "", "RNG": "GPU", "Schedule type": "Automatic", "Schedule max sigma": 0,
    "Schedule min sigma": 0, "Schedule rho": 0, "VAE Encoder": "Full", "VAE Decoder": "Full",
    "Refiner switch by sampling steps": False,
}  # fmt: skip


class PasteField(tuple):
    """(component, key of infotext or function of the parsed infotext); `api` is the API's field of it."""

    def __new__(cls, component, target, *, api=None):
        return super().__new__(cls, (component, target))

    def __init__(self, component, target, *, api=None):
        super().__init__()
        self.api = api
        self.component = component
        self.label = target if isinstance(target, str) else None
        self.function = target if callable(target) else None


paste_fields: dict[str, dict] = {}


def reset():
    """Forget the fields, before the page is made anew."""
    paste_fields.clear()


def add_paste_fields(tabname, init_img, fields, override_settings_component=None):
    """The fields of a tab."""
    made = [field if isinstance(field, PasteField) else PasteField(*field) for field in fields]
    paste_fields[tabname] = {
        "init_img": init_img, "fields": made, "override_settings_component": override_settings_component,
    }  # fmt: skip


def quote(text):
    """A value as it can stand in infotext; in JSON's quotes if it holds a comma, colon or line break."""
    return json.dumps(text, ensure_ascii=False) if re.search("[,:\n]", str(text)) else text


def unquote(text):
    """The value that quote() wrote."""
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_generation_parameters(x: str, skip_fields: list[str] | None = None):
    """The fields of an infotext. A value like 512x768 becomes two, "<key>-1" and "<key>-2"."""
    *lines, last = x.strip().split("\n")
    if len(_PARAMETER.findall(last)) < 3:
        lines.append(last)
        last = ""
    prompts: dict[str, list[str]] = {"Prompt": [], "Negative prompt": []}
    key = "Prompt"
    for line in map(str.strip, lines):
        if line.startswith("Negative prompt:"):
            key, line = "Negative prompt", line[16:].strip()
        prompts[key].append(line)
    found: dict[str, Any] = {}
    for name, value in _PARAMETER.findall(last):
        if not value:
            continue  # the host prints an error, and goes on
        value = unquote(value)
        if size := _SIZE.match(str(value)):
            found[f"{name}-1"], found[f"{name}-2"] = size.groups()
        else:
            found[name] = value
    result = {**found, **{name: "\n".join(text) for name, text in prompts.items()}}
    for name, value in _ABSENT.items():
        result.setdefault(name, value)
    for name in shared.opts.infotext_skip_pasting if skip_fields is None else skip_fields:
        result.pop(name, None)
    return result


def _setting_names() -> list[tuple[str, str]]:
    return [(info.infotext, name) for name, info in shared.opts.data_labels.items() if info.infotext]


def create_override_settings_dict(text_pairs):
    """["Clip skip: 2", ...] -> {"CLIP_stop_at_last_layers": 2, ...}."""
    pairs = (pair.split(":", maxsplit=1) for pair in text_pairs)
    values = {key.strip(): value.strip() for key, value in pairs}
    named = [(name, values[text]) for text, name in _setting_names() if text in values]
    return {name: shared.opts.cast_value(name, value) for name, value in named}


def get_override_settings(params, *, skip_fields=None):
    """[(key of infotext, setting, value)] for each setting that infotext has otherwise than it is set now."""
    found = []
    for text, name in _setting_names():
        if text in (skip_fields or {}) or params.get(text) is None:
            continue
        value = shared.opts.cast_value(name, params[text])
        if value is not None and value != shared.opts.data.get(name):
            found.append((text, name, value))
    return found


def _gallery_file(item):
    """The file of a gallery's item, which is (file, caption) on Gradio 4."""
    return (item["name"] if isinstance(item, dict) else item[0]).rsplit("?", 1)[0]


def image_from_url_text(filedata):
    """The picture that a gallery's item or a data URL stands for."""
    while isinstance(filedata, list):
        filedata = filedata[0] if filedata else None
    if filedata is None:
        return None
    if isinstance(filedata, (dict, tuple)):
        return images.read(_gallery_file(filedata))
    return images.read(io.BytesIO(base64.b64decode(filedata.removeprefix("data:image/png;base64,"))))


def connect_paste(button, paste_fields, input_comp, override_settings_component, tabname):
    """On a click, the infotext in input_comp (or that of the last job, if empty) fills the fields."""
    fields = list(paste_fields)
    if override_settings_component is not None:
        keys = {key for _, key in fields if isinstance(key, str)}
        fields.append((override_settings_component, lambda params: _overrides_update(params, keys)))

    def paste(text):
        last = Path(paths.data_path) / "params.txt"
        if not text and last.exists():
            text = last.read_text(encoding="utf8")
        params = parse_generation_parameters(text)
        script_callbacks.infotext_pasted_callback(text, params)
        return [_field_update(component, key, params) for component, key in fields]

    outputs = [component for component, _ in fields]
    button.click(fn=paste, inputs=[input_comp], outputs=outputs, show_progress=False)


def _overrides_update(params: dict[str, Any], keys: set[str]) -> Any:
    texts = [f"{text}: {value}" for text, _, value in get_override_settings(params, skip_fields=keys)]
    return gr.update(value=texts, choices=texts, visible=bool(texts))


def _field_update(component: Any, key: Any, params: dict[str, Any]) -> Any:
    """The field's new value in the type of its first one; no update where the key is absent or does not convert."""
    try:
        value = key(params) if callable(key) else params.get(key)
    except Exception:
        errors.report(f"Error executing {key}", exc_info=True)
        value = None
    if value is None:
        return gr.update()
    if isinstance(value, _GRADIO_UPDATE):
        return value
    kind: Any = type(component.value)
    if kind is bool and value == "False":
        return gr.update(value=False)
    try:
        return gr.update(value=float(value) if kind is int else kind(value))
    except (TypeError, ValueError):
        return gr.update()
