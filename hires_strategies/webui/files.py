"""Where the user's presets, this machine's times, what did not fit into its memory and the strengths that were found
are kept: in the host's data folder, with its other settings.

There they outlive the extension's own folder, which is deleted when the extension is reinstalled.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from modules import paths_internal

from hires_strategies.finding.remembered import Remembered
from hires_strategies.planning.memory_needs import MemoryNeeds
from hires_strategies.planning.timing import Timing
from hires_strategies.presets import PresetFile

FOLDER = "hires-strategies"
_EXTENSION = Path(__file__).resolve().parents[2]  # where they used to be


def preset_file() -> PresetFile:
    """The user's presets."""
    return PresetFile(data_file("presets.json"))


def timing_file() -> Timing:
    """What was learnt from this machine's runs about how long things take."""
    return Timing(data_file("timing.json"))


def memory_file(model: Callable[[], str]) -> MemoryNeeds:
    """What did not fit into this machine's memory; `model` names the loaded model's kind."""
    return MemoryNeeds(data_file("memory-needs.json"), model)


def remembered_file() -> Remembered:
    """The denoising strengths that were found for this machine's checkpoints, and how much change its user accepts."""
    return Remembered(data_file("found-strengths.json"))


def data_file(name: str, extension: Path = _EXTENSION) -> Path:
    """The path of the file `name`, which need not exist; one in the extension's folder is moved here."""
    path, old = Path(paths_internal.data_path) / FOLDER / name, extension / name
    if path.exists() or not old.is_file():
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(old, path)
    except OSError:  # it cannot be moved: use it where it is
        return old
    return path
