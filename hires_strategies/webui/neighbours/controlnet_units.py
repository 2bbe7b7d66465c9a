"""ControlNet's units among its script's arguments: what they say, and copies of them with something else in them.

A unit is an object of the extension, or over the API a dict; names of fields are the same on A1111 and on Forge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from copy import copy
from enum import Enum
from typing import Any

import numpy as np
from PIL.Image import Image

from hires_strategies.control_units import Unit, Units

BOTH, FIRST_PASS, SECOND_PASS = "Both", "Low res only", "High res only"  # the hires option
_OPTIONS = (BOTH, FIRST_PASS, SECOND_PASS)
# Where else a unit may hold its picture, a mask of it, or a finished map.
_OTHER_PICTURES = ("mask", "mask_image", "input_image", "mask_image_fg", "generated_image")


def is_unit(argument: Any) -> bool:
    return isinstance(argument, dict) or (hasattr(argument, "enabled") and hasattr(argument, "weight"))


def value(unit: Any, name: str, default: Any = None) -> Any:
    return unit.get(name, default) if isinstance(unit, dict) else getattr(unit, name, default)


def hires_option(unit: Any) -> str:
    """BOTH, FIRST_PASS or SECOND_PASS; objects and requests hold an enum, its value or its place."""
    option = value(unit, "hr_option", BOTH)
    option = option.value if isinstance(option, Enum) else option
    if isinstance(option, int) and 0 <= option < len(_OPTIONS):
        return _OPTIONS[option]
    return option if option in _OPTIONS else BOTH


def is_on(unit: Any) -> bool:
    return bool(value(unit, "enabled", True))


def described(unit: Any) -> str:
    """What a unit does: its preprocessor, its model and its weight, whatever its picture is."""
    names = [value(unit, "module"), value(unit, "model")]
    told = [str(name.value if isinstance(name, Enum) else name) for name in names if name is not None]
    return " ".join([*(name for name in told if name.lower() != "none"), f"weight {value(unit, 'weight', 1.0):g}"])


def copies(arguments: Sequence[Any]) -> list[Any]:
    """The script's arguments with a copy of each unit: the extension writes into those it is given."""
    return [copy(argument) if is_unit(argument) else argument for argument in arguments]


def all_off(arguments: Sequence[Any]) -> list[Any]:
    """The script's arguments with every unit disabled."""
    off = copies(arguments)
    for unit in filter(is_unit, off):
        _put(unit, "enabled", False)
    return off


def for_stage(
    arguments: Sequence[Any], asked: Units, picture: Callable[[], Image | str], tell: Callable[[str], None]
) -> list[Any]:
    """The script's arguments as a stage asks for them. `picture` is the picture so far, or why there is none."""
    changed: list[Any] = []
    number = 0
    for argument in copies(arguments):
        if is_unit(argument):
            want, number = asked.of(number), number + 1
            argument = argument if want is None else _changed(argument, want, picture, tell)
        changed.append(argument)
    for want in asked.named:
        if want.number >= number:
            tell(f"There is no ControlNet unit {want.number}.")
    return changed


def always(unit: Any) -> None:
    """Let the unit act in whatever pass it is prepared for."""
    option = value(unit, "hr_option", None)
    if isinstance(option, Enum):
        _put(unit, "hr_option", type(option)(BOTH))
    elif option is not None:
        _put(unit, "hr_option", 0 if isinstance(option, int) else BOTH)


def disable(unit: Any) -> None:
    _put(unit, "enabled", False)


def _changed(unit: Any, want: Unit, picture: Callable[[], Image | str], tell: Callable[[str], None]) -> Any:
    if not want.on:
        disable(unit)
        return unit
    unit = _switched_on(unit)
    always(unit)
    if want.weight is not None:
        _put(unit, "weight", want.weight)
        if value(unit, "advanced_weighting") is not None:  # it would count instead
            _put(unit, "advanced_weighting", None)
    if want.picture:
        found = picture()
        if isinstance(found, str):
            disable(unit)
            tell(f"ControlNet unit {want.number} is off in this stage: {found}")
        else:
            _use_picture(unit, np.array(found.convert("RGB")))
    return unit


def _switched_on(unit: Any) -> Any:
    """The unit, enabled. A1111's puts missing settings right when it is made, and only if it is made enabled."""
    if not isinstance(unit, dict) and not is_on(unit):
        with suppress(TypeError, ValueError):
            return type(unit)(**{**vars(unit), "enabled": True})
    _put(unit, "enabled", True)
    return unit


def _use_picture(unit: Any, pixels: Any) -> None:
    """Make `pixels`, H x W x 3 of 0 to 255, the unit's image."""
    for name in _OTHER_PICTURES:
        if isinstance(unit, dict):
            unit.pop(name, None)
        elif getattr(unit, name, None) is not None:
            setattr(unit, name, None)
    _put(unit, "image", pixels)
    if value(unit, "image_fg") is not None:  # Forge: what was drawn over the picture
        _put(unit, "image_fg", np.zeros((*pixels.shape[:2], 4), pixels.dtype))
    if value(unit, "use_preview_as_input"):
        _put(unit, "use_preview_as_input", False)


def _put(unit: Any, name: str, new: Any) -> None:
    if isinstance(unit, dict):
        unit[name] = new
    else:
        setattr(unit, name, new)
