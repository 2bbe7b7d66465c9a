"""The section's line in the generation parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .forks.infotext import infotext_module
from .processing import Processing

KEY = "Hires strategy"
_VERSION = ", Version: "  # the host's last parameter


def write(p: Processing, text: str | None) -> None:
    """None, which the host leaves out, means a first pass alone."""
    p.extra_generation_params[KEY] = text


def remove(p: Processing) -> None:
    """Remove the key: cells of an X/Y/Z plot share one dict, and the last one's value would remain."""
    p.extra_generation_params.pop(KEY, None)


def with_values(infotext: str, changes: Mapping[str, tuple[str | None, str | None]]) -> str:
    """An infotext with changed values: for each key the old and the new one, None for nothing."""
    for key, (old, new) in changes.items():
        if old != new:
            infotext = _inserted(infotext, key, new) if old is None else _exchanged(infotext, key, old, new)
    return infotext


def _inserted(infotext: str, key: str, new: str | None) -> str:
    """A new value goes after the others, before the host's last ones."""
    end = infotext.rfind(_VERSION, max(infotext.rfind("\nSteps: "), 0))
    end = len(infotext) if end < 0 else end
    return infotext if new is None else f"{infotext[:end]}, {_written(key, new)}{infotext[end:]}"


def _exchanged(infotext: str, key: str, old: str, new: str | None) -> str:
    written = re.escape(_written(key, old))
    found = list(re.finditer(rf"(?:(?<=, )|^){written}(?=, |$)", infotext, re.MULTILINE))
    if not found:
        return infotext
    before, after = infotext[: found[-1].start()], infotext[found[-1].end() :]
    if new is not None:
        return f"{before}{_written(key, new)}{after}"
    return before + after[2:] if after.startswith(", ") else before.removesuffix(", ") + after


def _written(key: str, value: str) -> str:
    """A value as the host writes it."""
    return key if key == value else f"{key}: {infotext_module().quote(value)}"
