"""The extension's own settings, on the host's Settings page: one row each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modules import shared

from hires_strategies.errors import StrategyError
from hires_strategies.limits import DEFAULT_LIMITS, Limits
from hires_strategies.notation.json_schema import DETAIL
from hires_strategies.running.first_pass_store import MEGABYTE, MOST_IMAGES, MOST_MEGABYTES
from hires_strategies.sheet.crops import Box, parse_box
from hires_strategies.value_kinds import Number
from hires_strategies.webui.host.forks.samplers import fewest_steps
from hires_strategies.webui.host.processing import opts
from hires_strategies.wording import short

_PREFIX = "hires_strategies_"


@dataclass(frozen=True)
class Setting:
    """One of the host's options: its name after our prefix, its default, its label and, for a number, its slider's
    range, or its choices. A program's override_settings may go beyond the slider."""

    key: str
    default: bool | int | str
    label: str
    slider: Number | None = None
    choices: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return _PREFIX + self.key

    def value(self, own: Mapping[str, Any] | None = None) -> Any:
        """The current value; the default until the host has registered it. `own`: a generation's override_settings,
        which the host applies only after our checks."""
        return {**opts().data, **(own or {})}.get(self.name, self.default)

    def whole(self, own: Mapping[str, Any] | None = None, least: int = 1) -> int:
        """The value as a whole number. Raises StrategyError if it is not one, or below `least`."""
        value = self.value(own)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= least and value % 1 == 0:
            return int(value)
        raise StrategyError(
            f"The setting '{self.name}' has to be a whole number of at least {least}, found {short(value)}."
        )


LONGEST_SIDE = Setting(
    "longest_side",
    DEFAULT_LIMITS.longest_side,
    "Longest side that a strategy may make, in pixels",
    Number(512, 32768, whole=True, step=8),
)
VARIANTS = Setting(
    "variants", DEFAULT_LIMITS.variants, "Most variants that one run may have", Number(1, 1000, whole=True)
)
REMEMBER = Setting(
    "remember_first_passes",
    True,
    "Remember first passes, also those of generations without a strategy, and start strategies from them",
)
REMEMBERED_IMAGES = Setting(
    "remembered_images", MOST_IMAGES, "Most first passes to remember, in images", Number(1, 1024, whole=True)
)
REMEMBERED_MEGABYTES = Setting(
    "remembered_megabytes",
    MOST_MEGABYTES,
    "Most memory for them, in megabytes (an image of 1024x1024 takes a quarter of one)",
    Number(1, 4096, whole=True),
)
CROPS_BOX = Setting(
    "crops_box",
    "",
    "Contact sheet: box of the crops as left, top, right, bottom in per cent of the picture, '30 10 70 50' for "
    "example; empty for the place where the variants differ most",
)
DETAILED = Setting(
    "detail",
    DETAIL[0],
    "Where neither page nor program says: face restoration and other scripts' work on finished images (ADetailer) for "
    "the first variant or for every variant",
    choices=DETAIL,
)
LADDER = Setting(
    "less_memory",
    True,
    "When memory runs out, try again with less: images one by one, the autoencoder in tiles, sampling in tiles. What "
    "this machine needed is remembered for a week, and told in the section's preview, with a button to forget it",
)
AUDIT = Setting(
    "audit_first_passes",
    False,
    "Compute every remembered first pass again and stop where it differs (slow, to find faults)",
)
FOLDER_SHOWN = Setting(
    "folder_shown",
    32,
    "Most results of a folder of pictures that the gallery shows; all are saved",
    Number(0, 1000, whole=True),
)
SETTINGS = (
    LONGEST_SIDE,
    VARIANTS,
    REMEMBER,
    REMEMBERED_IMAGES,
    REMEMBERED_MEGABYTES,
    CROPS_BOX,
    DETAILED,
    LADDER,
    AUDIT,
    FOLDER_SHOWN,
)


def add_settings() -> None:
    """Register the options; called by the host's on_ui_settings."""
    import gradio as gr

    for setting in SETTINGS:
        slider = setting.slider
        field = {} if slider is None else {
            "component": gr.Slider,
            "component_args": {"minimum": slider.low, "maximum": slider.high, "step": slider.step},
        }  # fmt: skip
        if setting.choices:
            field = {"component": gr.Radio, "component_args": {"choices": list(setting.choices)}}
        section = ("hires_strategies", "Hires strategies")
        opts().add_option(setting.name, shared.OptionInfo(setting.default, setting.label, section=section, **field))


def limits(own: Mapping[str, Any] | None = None) -> Limits:
    """The limits as set now; `own` as in Setting.value. Raises StrategyError for anything but a number."""
    return Limits(LONGEST_SIDE.whole(own), VARIANTS.whole(own), fewest_steps({**opts().data, **(own or {})}))


def remembers_first_passes() -> bool:
    return _is_on(REMEMBER)


def first_pass_limits() -> tuple[int, int]:
    """How many images' first passes may be remembered, and in how many bytes."""
    return _count(REMEMBERED_IMAGES), _count(REMEMBERED_MEGABYTES) * MEGABYTE


def crops_box(own: Mapping[str, Any]) -> Box | None:
    """The chosen place of a contact sheet's crops; `own` as above. Raises StrategyError for any other text."""
    return parse_box(str(CROPS_BOX.value(own) or ""))


def detail(own: Mapping[str, Any] | None = None) -> str:
    """Which variants go through what is done to each finished image, where a request does not say: one of DETAIL."""
    value = DETAILED.value(own)
    return value if value in DETAIL else DETAIL[0]


def tries_with_less_memory(own: Mapping[str, Any] | None = None) -> bool:
    """Whether what does not fit into memory is tried again with less; `own` as in Setting.value."""
    return _is_on(LADDER, own)


def audit() -> bool:
    return _is_on(AUDIT)


def _is_on(setting: Setting, own: Mapping[str, Any] | None = None) -> bool:
    """A switch; its default for anything but yes or no."""
    value = setting.value(own)
    return value if isinstance(value, bool) else bool(setting.default)


def _count(setting: Setting) -> int:
    """A number; a wrong value here does not stop any generation."""
    try:
        return setting.whole(least=0)
    except StrategyError:
        assert isinstance(setting.default, int)
        return setting.default
