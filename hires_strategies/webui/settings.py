"""The section's own settings, on the host's Settings page."""

from __future__ import annotations

from modules import shared

from hires_strategies.limits import DEFAULT_LIMITS, Limits

LONGEST_SIDE = "hires_strategies_longest_side"
VARIANTS = "hires_strategies_variants"


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
    }
    for name, option in options.items():
        shared.opts.add_option(name, option)


def limits() -> Limits:
    """The limits as set now."""
    return Limits(
        int(_value(LONGEST_SIDE, DEFAULT_LIMITS.longest_side)), int(_value(VARIANTS, DEFAULT_LIMITS.variants))
    )


def _value(name: str, default: object) -> float:
    """An option's value; the default before the host has registered it (an API call during start-up)."""
    value = shared.opts.data.get(name, default)
    assert isinstance(value, (int, float))
    return value
