"""What has been done of a folder of pictures: one file of lines for each folder, in our part of the host's data folder.

A line is written when all results of a picture are in their files, so an interrupt or a crash leaves out at most the
picture that ran. Its key is everything that the results were made from, so what a changed strategy asks for is not
done; and a picture counts as done only while its results are there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hires_strategies.json_text import object_in
from hires_strategies.lines import lines_of
from hires_strategies.webui.files import data_file


class Done:
    """The results of one folder's pictures. `path`: the file of lines, which need not exist."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: dict[str, dict[str, int]] = {}
        for line in _lines(path):
            entry = _entry(line)
            if entry is not None:
                self._sizes[entry[0]] = entry[1]

    @classmethod
    def of(cls, folder: Path) -> Done:
        """The record of a folder, which goes by its path."""
        name = hashlib.sha256(os.path.normcase(folder).encode("utf-8", "surrogatepass")).hexdigest()[:16]
        return cls(data_file(f"folders/{name}.jsonl"))

    def results(self, key: str) -> list[str] | None:
        """The files of a finished picture; None if it was not finished, or one of them is gone or another one now."""
        sizes = self._sizes.get(key)
        return list(sizes) if sizes and all(_size(file) == size for file, size in sizes.items()) else None

    def names_in(self, folder: Path) -> set[str]:
        """The names of all results that were put into a folder."""
        own = os.path.normcase(folder)
        files = [file for sizes in self._sizes.values() for file in sizes]
        return {os.path.basename(file) for file in files if os.path.normcase(os.path.dirname(file)) == own}

    def add(self, key: str, name: str, files: Sequence[str]) -> None:
        """Note the results of the picture of that file name, and be sure that the note is on the disk.

        Raises OSError.
        """
        self._sizes[key] = {file: os.path.getsize(file) for file in files}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            # A line of its own even after one that a crash left unfinished.
            file.write("\n" + json.dumps({"key": key, "picture": name, "results": self._sizes[key]}) + "\n")
            file.flush()
            os.fsync(file.fileno())


def key_of(made_from: Any) -> str:
    """The key of everything that a picture's results are made from: numbers, texts, and lists and mappings of them."""
    text = json.dumps(made_from, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _lines(path: Path) -> list[str]:
    try:
        return lines_of(path.read_text(encoding="utf-8", errors="replace"))
    except FileNotFoundError:
        return []


def _entry(line: str) -> tuple[str, dict[str, int]] | None:
    """The key, and the files with their sizes, of a line; None for an empty, unfinished or strange one."""
    value = object_in(line) or {}
    key, files = value.get("key"), value.get("results")
    if not isinstance(key, str) or not isinstance(files, dict):
        return None
    return (key, files) if all(isinstance(size, int) for size in files.values()) else None


def _size(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:
        return -1
