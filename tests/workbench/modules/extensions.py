"""The loaded extensions: this repository, and what --extension names."""

from __future__ import annotations

import os
from pathlib import Path

from modules import shared


class Extension:
    """An extension's folder."""

    def __init__(self, name, path, enabled=True, is_builtin=False, metadata=None):
        self.name = name
        self.path = path
        self.enabled = enabled
        self.is_builtin = is_builtin

    def list_files(self, subdir, extension):
        """Its files of a suffix in one of its folders, by name."""
        from modules.scripts import ScriptFile

        folder = Path(self.path) / subdir
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        wanted = [name for name in names if Path(name).suffix.lower() == extension]
        return [ScriptFile(self.path, name, str(folder / name)) for name in wanted]


def active():
    """Those that are switched on: all of them."""
    repository = Path(__file__).resolve().parents[3]
    folders = [repository, *(Path(folder).resolve() for folder in shared.cmd_opts.extension)]
    return [Extension(folder.name, str(folder)) for folder in folders]
