"""The section's line in the generation parameters."""

from __future__ import annotations

from typing import Any

from hires_strategies.notation.json_schema import is_text

from .forks import infotext_module
from .processing import Processing

KEY = "Hires strategy"
_VERSION = ", Version: "  # the host's last parameter


def write(p: Processing, text: str | None) -> None:
    """None, which the host leaves out, stands for a first pass alone."""
    p.extra_generation_params[KEY] = text


def remove(p: Processing) -> None:
    """Take the key out: cells of an X/Y/Z plot share one dict, and the last one's value would stay."""
    p.extra_generation_params.pop(KEY, None)


def with_strategy(infotext: str, old: str | None, new: str | None) -> str:
    """The infotext of an image of the same generation with another strategy, or with none."""
    quote = infotext_module().quote
    if old is None:
        end = infotext.rfind(_VERSION)
        end = len(infotext) if end < 0 else end
        return infotext if new is None else f"{infotext[:end]}, {KEY}: {quote(new)}{infotext[end:]}"
    written = f"{KEY}: {quote(old)}"
    start = infotext.rfind(written)
    if start < 0:
        return infotext
    before, after = infotext[:start], infotext[start + len(written) :]
    if new is not None:
        return f"{before}{KEY}: {quote(new)}{after}"
    return before + after.removeprefix(", ") if after else before.removesuffix(", ")


def pasted_strategy(parameters: dict[str, Any]) -> str | None:
    """The text for the section's box, None (leave it alone) for an image made without a strategy.

    Half of a surrogate pair, which no answer to the page could hold, makes the whole paste fail: such a text is none.
    """
    text = parameters.get(KEY)
    return text if isinstance(text, str) and is_text(text) else None


def pasted_tick(parameters: dict[str, Any]) -> bool:
    return pasted_strategy(parameters) is not None
