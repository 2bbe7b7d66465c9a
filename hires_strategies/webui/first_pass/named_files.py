"""Files that another script's arguments name: their contents count, and a file can change under its name."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hires_strategies.running.no_key import Unkeyable
from hires_strategies.webui.host.forks.loaded import models_folder
from hires_strategies.webui.host.processing import opts

_LONGEST = 1000  # characters of a path; a picture as text is longer
_MOST_FILES = 1000
_MODELS = {".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".onnx", ".gguf"}


class NamedFiles:
    """What a script's texts name, given the folder of its extension."""

    def __init__(self, extension: Path) -> None:
        self._extension = extension

    def __call__(self, text: str) -> Any | None:
        """Path, time and size of the file that a text is the path of, of all files in the folder that it is, or of the
        model that it is the name of, wherever models are; None for any other text. Raises Unkeyable for a folder of
        very many files."""
        if not text or len(text) > _LONGEST or any(each in text for each in "\n\r\0"):
            return None
        if (found := _state(text)) is not None:
            return _of_path(text, found)
        if Path(text).suffix.lower() not in _MODELS:
            return None
        places = (os.path.join(folder, text) for folder in self._model_folders())
        return [_told(place, each) for place in places if (each := _state(place)) is not None] or None

    def _model_folders(self) -> Iterator[str]:
        yield from (str(self._extension / name) for name in ("", "model", "models"))
        yield from (value for value in opts().data.values() if isinstance(value, str) and os.path.isabs(value))
        try:
            yield from (entry.path for entry in os.scandir(models_folder()) if entry.is_dir())
        except OSError:
            return


def _state(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except (OSError, ValueError):
        return None


def _told(path: str, found: os.stat_result) -> tuple[str, int, int]:
    return path, found.st_mtime_ns, found.st_size


def _of_path(path: str, found: os.stat_result) -> Any | None:
    if stat.S_ISREG(found.st_mode):
        return _told(path, found)
    if not stat.S_ISDIR(found.st_mode) or os.path.basename(path) == path:
        return None  # a word, which happens to be a folder's name, too
    files = []
    for folder, _, names in os.walk(path):
        for name in sorted(names):
            each = os.path.join(folder, name)
            if (state := _state(each)) is not None:
                files.append(_told(each, state))
        if len(files) > _MOST_FILES:
            raise Unkeyable(f"is a folder of more than {_MOST_FILES:,} files")
    return sorted(files)
