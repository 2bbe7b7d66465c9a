"""The user's presets, in the host's data folder."""

from __future__ import annotations

from hires_strategies.presets import PresetFile

from .files import data_file


def preset_file() -> PresetFile:
    return PresetFile(data_file("presets.json"))
