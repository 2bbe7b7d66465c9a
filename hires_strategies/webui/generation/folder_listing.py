"""Which files of a folder are pictures to start from, in the order in which people number them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

ENDINGS = frozenset(
    (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif", ".jxl")
)  # fmt: skip
# What the names of our files have after that of the picture that they were made from; see output.file_names.
_OURS = re.compile(r"(-\d+)?-(hires|stage-\d+|first-pass|sheet|grid)(?=-|$)")


@dataclass(frozen=True)
class Listing:
    """`pictures` in order; `results`: how many results of earlier runs lie among them and are left out."""

    pictures: tuple[Path, ...]
    results: int


def list_pictures(folder: Path, made: Collection[str]) -> Listing:
    """The pictures that lie in a folder itself, by their file names' endings. Raises OSError.

    Hidden files do not count (macOS writes "._house.png" beside "house.png"), nor results of earlier runs: those in
    `made`, by name, and those named for a picture that lies beside them.
    """
    files = [path for path in folder.iterdir() if path.suffix.lower() in ENDINGS and path.name[0] != "."]
    stems = {path.stem for path in files}
    found = [path for path in files if path.is_file()]
    pictures = [path for path in found if path.name not in made and not _is_named_for_another(path.stem, stems)]
    pictures.sort(key=lambda path: natural(path.name))
    return Listing(tuple(pictures), len(found) - len(pictures))


def natural(name: str) -> tuple[object, ...]:
    """A key by which "2.png" comes before "10.png", whatever the case."""
    parts = re.split(r"(\d+)", name.casefold())
    return (*(((0, int(part), "") if part.isdecimal() else (1, 0, part)) for part in parts), name)


def _is_named_for_another(stem: str, stems: Collection[str]) -> bool:
    """Whether a file has the name of a result of another one: "house-hires-2" beside "house"."""
    ends = [end for found in _OURS.finditer(stem) for end in (found.start(), found.start(2) - 1)]
    return any(stem[:end] in stems for end in ends)
