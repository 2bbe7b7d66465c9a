"""The section's own settings, on the host's Settings page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modules import shared

from hires_strategies.errors import StrategyError
from hires_strategies.limits import DEFAULT_LIMITS, Limits
from hires_strategies.sheet.crops import Box, parse_box
from hires_strategies.webui.host.processing import opts
from hires_strategies.wording import short

LONGEST_SIDE = "hires_strategies_longest_side"
VARIANTS = "hires_strategies_variants"
REMEMBER = "hires_strategies_remember_first_passes"
REMEMBERED_IMAGES = "hires_strategies_remembered_images"
REMEMBERED_MEGABYTES = "hires_strategies_remembered_megabytes"
CROPS_BOX = "hires_strategies_crops_box"
AUDIT = "hires_strategies_audit_first_passes"


def add_settings() -> None:
    """Register the options; called by the host's on_ui_settings."""
    import gradio as gr

    section = ("hires_strategies", "Hires strategies")
    options = {
        LONGEST_SIDE: shared.OptionInfo(
            DEFAULT_LIMITS.longest_side,
            "Longest side that a strategy may make, in pixels",
            gr.Slider,
            {"minimum": 512, "maximum": 32768, "step": 8},
            section=section,
        ),
        VARIANTS: shared.OptionInfo(
            DEFAULT_LIMITS.variants,
            "Most variants that one run may have",
            gr.Slider,
            {"minimum": 1, "maximum": 1000, "step": 1},
            section=section,
        ),
        REMEMBER: shared.OptionInfo(
            True,
            "Remember first passes, also those of generations without a strategy, and start strategies from them",
            section=section,
        ),
        REMEMBERED_IMAGES: shared.OptionInfo(
            32,
            "Most first passes to remember, in images",
            gr.Slider,
            {"minimum": 1, "maximum": 1024, "step": 1},
            section=section,
        ),
        REMEMBERED_MEGABYTES: shared.OptionInfo(
            64,
            "Most memory for them, in megabytes (an image of 1024x1024 takes a quarter of one)",
            gr.Slider,
            {"minimum": 1, "maximum": 4096, "step": 1},
            section=section,
        ),
        CROPS_BOX: shared.OptionInfo(
            "",
            "Contact sheet: box of the crops as left, top, right, bottom in per cent of the picture, '30 10 70 50' for "
            "example; empty for the place where the variants differ most",
            section=section,
        ),
        AUDIT: shared.OptionInfo(
            False,
            "Compute every remembered first pass again and stop where it differs (slow, to find faults)",
            section=section,
        ),
    }
    for name, option in options.items():
        opts().add_option(name, option)


def limits(own: Mapping[str, Any] | None = None) -> Limits:
    """The limits as set now. `own`: a generation's override_settings, which the host applies only after its checks."""
    options = {**opts().data, **(own or {})}
    return Limits(
        _whole(LONGEST_SIDE, options.get(LONGEST_SIDE, DEFAULT_LIMITS.longest_side)),
        _whole(VARIANTS, options.get(VARIANTS, DEFAULT_LIMITS.variants)),
    )


def remembers_first_passes() -> bool:
    return _switched(REMEMBER, True)


def first_pass_limits() -> tuple[int, int]:
    """How many images' first passes may be remembered, and in how many bytes."""
    return _count(REMEMBERED_IMAGES, 32), _count(REMEMBERED_MEGABYTES, 64) * 1024 * 1024


def crops_box(own: Mapping[str, Any]) -> Box | None:
    """The chosen place of a contact sheet's crops; `own` as above. Raises StrategyError for a text that is none."""
    return parse_box(str({**opts().data, **own}.get(CROPS_BOX) or ""))


def audit() -> bool:
    return _switched(AUDIT, False)


def _switched(name: str, default: bool) -> bool:
    """An option's value; the default before the host has registered it, and for anything that is no yes or no."""
    value = opts().data.get(name, default)
    return value if isinstance(value, bool) else default


def _count(name: str, default: int) -> int:
    """As _switched: what is wrong here stops nobody's generation."""
    try:
        return _whole(name, opts().data.get(name, default), 0)
    except StrategyError:
        return default


def _whole(name: str, value: object, least: int = 1) -> int:
    """The number of an option, which a program's override_settings can make anything. Raises StrategyError."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least and value % 1 == 0:
        return int(value)
    raise StrategyError(f"The setting '{name}' has to be a whole number of at least {least}, found {short(value)}.")
