"""Where the user's presets lie: beside the extension's README, in a file that git ignores and updates leave alone."""

from __future__ import annotations

from pathlib import Path

from hires_strategies.presets import PresetFile


def preset_file() -> PresetFile:
    return PresetFile(Path(__file__).resolve().parents[2] / "presets.json")
