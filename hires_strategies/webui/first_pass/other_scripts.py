"""The other scripts in a first pass's key: what they are told, and what they put into the sampling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import torch
from modules import paths
from PIL.Image import Image

from hires_strategies.running.fingerprint import digest
from hires_strategies.running.no_key import NoKey
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.processing import Processing, Script
from hires_strategies.webui.neighbours import controlnet_key

from .named_files import NamedFiles
from .switched_off import off_as_none, script_is_off

# The host's selectable scripts that act only through `p` and the options.
_SCRIPTS_ACTING_ON_P = ("x/y/z plot", "prompt matrix", "prompts from file or textbox")
_PLAIN = (str, int, float, bool, type(None), list, tuple, dict, Enum, PurePath, np.ndarray, torch.Tensor, Image)


@dataclass(frozen=True)
class OtherScripts:
    """`key`: digests of what they are told. `tie_images`: whether images of a batch may affect each other by them."""

    key: list[Any]
    tie_images: bool


def told(p: Processing, known: Mapping[int, str]) -> OtherScripts:
    """All other always-on scripts with their arguments, and the selectable one if it may do more than change `p`.

    Raises NoKey for arguments that cannot be compared.
    """
    key: list[Any] = []
    tie_images = False
    may_be_off = not _put_on_p(p)
    for script, arguments in _scripts(p):
        name = script.title(), str(script.filename)
        if may_be_off and script_is_off(p, script, arguments):
            key.append((name, "off"))
            continue
        if may_be_off:
            arguments = off_as_none(arguments)
        tie_images = tie_images or any(map(_holds_object, arguments))
        files = NamedFiles(extension_of(script))
        key.append((name, [
            digest(each, name=f"argument {number} of {script.title()}", known=known, of_text=files)
            for number, each in enumerate(arguments, 1)
        ]))  # fmt: skip
    return OtherScripts(key, tie_images)


def sampling(p: Processing, inner: Any, known: Mapping[int, str]) -> str | None:
    """What replaces `p.sample` (another extension's), or None. Raises NoKey if it is not known what it does."""
    if inner is None:
        return None
    parts = controlnet_key.what_it_samples(p, inner)
    if parts is not None:
        return digest(parts, name="ControlNet", known=known, of_text=NamedFiles(Path()))
    try:
        return digest(inner, known=known)
    except NoKey:
        raise NoKey(f"{_whose(p, inner)} samples in a way of its own, which cannot be compared.") from None


def callbacks() -> list[Any]:
    """The functions that extensions have put into sampling."""
    kinds = ("callbacks_cfg_denoiser", "callbacks_cfg_denoised", "callbacks_cfg_after_cfg")
    return [(kind, [(each.script, _named(each)) for each in loaded.callbacks(kind)]) for kind in kinds]


def extension_of(script: Script) -> Path:
    """The folder of a script's extension, or of the WebUI."""
    return Path(str(script.filename)).parent.parent


def _scripts(p: Processing) -> Iterator[tuple[Script, list[Any]]]:
    if p.scripts is None:
        return
    arguments = p.script_args or ()
    for script in p.scripts.alwayson_scripts:
        if not _acts_on_p(script):
            yield script, list(arguments[script.args_from : script.args_to])
    selected = arguments[0] if arguments else 0
    if isinstance(selected, int) and selected > 0:
        chosen = p.scripts.selectable_scripts[selected - 1]
        if chosen.title().lower() not in _SCRIPTS_ACTING_ON_P:
            yield chosen, list(arguments[chosen.args_from : chosen.args_to])


def _acts_on_p(script: Script) -> bool:
    """This extension's own section, and the host's built-in parts of the page, whose values are fields of `p`."""
    if type(script).__module__.startswith("hires_strategies"):
        return True
    folders = Path(str(script.filename)).parts
    return "processing_scripts" in folders and script.title() in ("Seed", "Sampler", "Refiner")


def _put_on_p(p: Processing) -> bool:
    """Whether others have put something on `p`: an axis of the X/Y/Z plot can switch on there what an argument switches
    off. What says nothing (0, "", an empty list) or that something is disabled does not count."""
    own = {*getattr(type(p), "__dataclass_fields__", {}), *_BY_THE_HOST}
    return any(
        name not in own
        and not hasattr(type(p), name)
        and not name.startswith(("hr_", attachments.PREFIX))
        and not (isinstance(value, (type(None), int, float, str, list, dict)) and not value)
        and not (name.endswith("disabled") and value is True)
        for name, value in vars(p).items()
    )


# Fields of `p` that the host sets and its class does not declare.
_BY_THE_HOST = (
    "sample", "setup_prompts", "save_samples", "scheduler", "lora_hashes", "scripts_value", "script_args_value",
    "scripts_setup_complete", "firstpass_steps", "step_multiplier", "batch_index",
)  # fmt: skip


def _holds_object(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_object, value))
    return any(map(_holds_object, value.values())) if isinstance(value, dict) else not isinstance(value, _PLAIN)


def _named(each: Any) -> str:
    function = each.callback
    name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if all(name):
        return ".".join(map(str, name))
    try:
        return digest(function)
    except NoKey:
        whose = Path(str(each.script)).name
        kind = type(function).__qualname__
        raise NoKey(f"{whose} takes part in the sampling by a {kind}, which cannot be compared.") from None


def _whose(p: Processing, function: Any) -> str:
    """The title of the script that a function comes from."""
    code = getattr(getattr(function, "__func__", getattr(function, "func", function)), "__code__", None)
    file = Path(code.co_filename) if code is not None else Path()
    scripts = p.scripts.alwayson_scripts if p.scripts is not None else []
    for script in scripts:
        if file == Path(str(script.filename)):
            return script.title()
    for script in scripts:
        folder = extension_of(script)
        if folder != Path(paths.script_path) and file.is_relative_to(folder):
            return script.title()
    return "Another extension"
