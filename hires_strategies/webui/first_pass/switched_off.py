"""What is certainly switched off in the arguments of other scripts, and so changes nothing."""

from __future__ import annotations

import re
from typing import Any

from hires_strategies.webui.host.processing import Processing, Script

_SWITCHES = ("enabled", "enable", "is_enabled", "active", "is_active")
_LABELS = ("enable", "enabled", "active", "activate")


def off_as_none(arguments: list[Any]) -> list[Any]:
    """The arguments with None in place of each unit that is off, in lists, too: an object or mapping that says
    `enabled` False, or a word of that kind."""
    return [
        off_as_none(each) if type(each) in (list, tuple) else None if _says_off(each) else each for each in arguments
    ]


def script_is_off(p: Processing, script: Script, arguments: list[Any]) -> bool:
    """Whether a script's first argument is an unticked box that switches the script on: "Enable", or its title."""
    if not arguments or arguments[0] is not False:
        return False
    inputs = getattr(p.scripts, "inputs", None) or []
    box = inputs[script.args_from] if script.args_from < len(inputs) else None
    if not any(kind.__name__ == "Checkbox" for kind in type(box).__mro__):
        return False
    return _switches_on(str(getattr(box, "label", "")), script.title())


def _says_off(value: Any) -> bool:
    if isinstance(value, dict):
        said = [value[name] for name in _SWITCHES if name in value]
    else:
        said = [vars(value)[name] for name in _SWITCHES if name in getattr(value, "__dict__", {})]
    return bool(said) and all(each is False for each in said)


def _switches_on(label: str, title: str) -> bool:
    label, title = _words(label), _words(title)
    if label in _LABELS or (label and label == title):
        return True
    return label in (f"enable {title}", f"activate {title}", f"{title} enabled")


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
