"""What a first pass under ControlNet depends on (Mikubill/sd-webui-controlnet, read and run at 1.1.455).

It puts a `sample` of its own on `p`, which marks the conditioning; what changes the picture is the UNet's `forward`,
which it replaces until the generation ends. What that does is said by its units, options that are in no script's
arguments, and its models' weights.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from modules import shared

from hires_strategies.running.no_key import NoKey
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processing

from .controlnet_units import is_on, is_unit

_SAMPLE = "UnetHook.hook.<locals>.process_sample"
_KNOWN = ("enabled_units", "ui_batch_option_state", "latest_network")
# The hints of these preprocessors are encoded while the UNet samples, by random numbers, once for all passes; or, of
# shuffle, drawn with a seed that is another one for each generation.
_DRAWING = ("reference", "inpaint", "colorfix", "revision", "lama", "shuffle")
_STAGES_ONLY = "High res only"


def what_it_samples(p: Processing, inner: Any) -> dict[str, Any] | None:
    """All that ControlNet's sampling depends on beside its script's arguments; None if `inner`, what replaces
    `p.sample`, is not ControlNet's, or that of a version that is not known. Raises NoKey if that cannot be told."""
    script = _script_of(p, inner)
    if script is None:
        return None
    units = list(script.enabled_units)
    numbered = list(zip(_numbers(p, script, len(units)), units))
    for number, unit in numbered:
        _check(number, unit)
    found: dict[str, Any] = {
        "units": units,
        "options": list(script.ui_batch_option_state),
        "files": [_file(number, unit) for number, unit in numbered],
        "weights": [_weights(param) for param in script.latest_network.control_params],
    }
    if any(_text(unit, "hr_option") == _STAGES_ONLY for unit in units):
        found["before stages"] = hasattr(p, attachments.JOB)  # then it is off in the first pass
    return found


def _numbers(p: Processing, script: Any, count: int) -> list[int]:
    """The numbers of the enabled units, from 0 as on the page's tabs."""
    arguments = (p.script_args or ())[script.args_from : script.args_to]
    on = [number for number, unit in enumerate(filter(is_unit, arguments)) if is_on(unit)]
    return on if len(on) == count else list(range(count))


def _script_of(p: Processing, inner: Any) -> Any | None:
    code = getattr(inner, "__code__", None)
    if getattr(inner, "__qualname__", None) != _SAMPLE or code is None or p.scripts is None:
        return None
    script: Any  # the extension's own class
    for script in p.scripts.alwayson_scripts:
        folder = Path(str(script.filename)).parent
        known = all(hasattr(script, name) for name in _KNOWN) and hasattr(script.latest_network, "control_params")
        if known and Path(code.co_filename).is_relative_to(folder):
            return script
    return None


def _check(number: int, unit: Any) -> None:
    module = _text(unit, "module")
    if any(part in module for part in _DRAWING):
        raise NoKey(f"ControlNet unit {number} is on, and '{module}' draws random numbers of its own.")
    if shared.opts.randn_source == "NV":
        raise NoKey(f"ControlNet unit {number} is on, and with random numbers of the kind NV it is never the same.")


def _text(unit: Any, name: str) -> str:
    value = getattr(unit, name, "")
    return str(getattr(value, "value", value))


def _file(number: int, unit: Any) -> Any:
    """The path, time and size of a unit's model; None if it needs none."""
    if str(unit.model).lower() == "none":
        return None
    models = getattr(sys.modules.get("scripts.global_state"), "cn_models", {})
    path = models.get(unit.model)
    try:
        found = Path(str(path).strip('"')).stat() if path else None
    except OSError:
        found = None
    if found is None:
        raise NoKey(f"ControlNet unit {number} is on, and the file of its model '{unit.model}' is not known.")
    return str(path), found.st_mtime_ns, found.st_size


def _weights(param: Any) -> torch.Tensor | None:
    """Some of the weights that are in use, which the extension keeps when their file changes: all that are vectors."""
    model = getattr(param, "control_model", None)
    if not isinstance(model, torch.nn.Module):
        return None
    vectors = [each.detach().cpu().float() for each in model.parameters() if each.ndim == 1]
    return torch.cat(vectors) if vectors else None
