"""Small JSON files that several processes and an editor may read and write."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import StrategyError
from .json_text import object_in
from .wording import short

_SPACE = " \t\r\n"  # what JSON allows between tokens


@dataclass(frozen=True)
class Entry:
    """One name in a file's outermost object, its value, and both as written in the file ('"name": value')."""

    name: str
    value: Any
    text: str

    @classmethod
    def of(cls, name: str, value: object) -> Entry:
        """An entry to write, in the file's own style."""
        body = json.dumps(value, ensure_ascii=False, indent=2).replace("\n", "\n  ")
        return cls(name, value, f"{json.dumps(name, ensure_ascii=False)}: {body}")


def read_entries(path: Path) -> list[Entry]:
    """The entries of a JSON file in its order, repeated names included; none if there is no file.

    Raises ValueError for anything but a JSON object, and OSError for a file that cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors write a byte order mark
    except FileNotFoundError:
        return []
    try:
        body = json.loads(text)
    except RecursionError:
        raise ValueError("too many brackets within each other") from None
    if not isinstance(body, dict):
        raise ValueError(f"it has to be an object of names, found {short(body)}")
    return _entries(text)


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Replace the file by an object of these entries; those that were read are written unchanged."""
    body = ",\n".join(f"  {entry.text}" for entry in entries)
    _replace(path, f"{{\n{body}\n}}\n" if body else "{}\n")


def read_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; an empty one for a file that is not there, cannot be read or holds anything else."""
    try:
        return object_in(path.read_text(encoding="utf-8")) or {}
    except (OSError, ValueError):
        return {}


def write_json(path: Path, body: object) -> None:
    """Replace a JSON file atomically: a reader, or a crash half-way, finds the old or the new one, never a part."""
    _replace(path, json.dumps(body, ensure_ascii=False, indent=2) + "\n")


def _entries(text: str) -> list[Entry]:
    """The entries of a text that is known to be an object."""
    read = json.JSONDecoder().raw_decode
    entries = []
    at = _past_space(text, text.index("{") + 1)
    while text[at] != "}":
        begin = at
        name, at = read(text, at)
        colon = _past_space(text, at)
        value, at = read(text, _past_space(text, colon + 1))
        entries.append(Entry(name, value, text[begin:at]))
        at = _past_space(text, at)
        if text[at] == ",":
            at = _past_space(text, at + 1)
    return entries


def _past_space(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, path)
    except (OSError, UnicodeEncodeError) as error:
        with suppress(OSError):  # its folder may be a file
            temporary.unlink(missing_ok=True)
        raise StrategyError(f"'{path}' cannot be written: {error}.") from None
