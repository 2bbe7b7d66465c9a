"""Every file that we write gets a unique name, whatever the host's patterns and numbers are.

The host makes the name, as for an image of its own. Just before it writes, its callback lets us change it: the suffix
that says what the picture is goes to the end (`-hires-2`, `-stage-1`, `-first-pass`, `-sheet`), followed by a number
if a file of that name, or its text, already exists.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from modules import errors, images
from PIL.Image import Image

from hires_strategies.webui.generation import of_folder
from hires_strategies.webui.host.processing import Processing, opts
from hires_strategies.wording import describe

_OF_ORIGINAL = re.compile(rf"{re.escape(of_folder.ORIGINAL_NAME)}(-\d+)?(.*)")
_LONGEST = 255  # bytes in a file name on most systems


@dataclass(frozen=True)
class File:
    """A picture to write. `suffix` says what it is; `seed` and `prompt` are those of the image it belongs to."""

    image: Image
    text: str
    seed: int
    prompt: str
    suffix: str


@dataclass
class _Writing:
    """`reserved`: a file that reserves the name until the picture takes it. `named` is called when it does."""

    p: Processing
    suffix: str
    named: Callable[[], None]
    reserved: Path | None = None


_writing: ContextVar[_Writing | None] = ContextVar("hires_strategies_writing", default=None)


def as_named(p: Processing, **values: Any) -> Processing:
    """A copy of `p` for file name patterns to read, with the values of one image."""
    q = copy(p)
    for name, value in values.items():
        setattr(q, name, value)
    return q


def save_sample(p: Processing, file: File, named: Callable[[], None] = lambda: None) -> str | None:
    """Write a picture where the host writes the generated images; returns a sentence if that failed.

    `named` is called when nobody else can take the file's name any more.
    """
    place = {"path": p.outpath_samples, "basename": "", "extension": opts().samples_format}
    return _save(_Writing(p, file.suffix, named), file, place)


def save_grid(p: Processing, file: File, named: Callable[[], None] = lambda: None) -> str | None:
    """Write a picture where the host writes its grids, named likewise; all else as in save_sample."""
    short = not opts().grid_extended_filename
    place = {"path": p.outpath_grids, "basename": "grid", "extension": opts().grid_format}
    return _save(_Writing(p, file.suffix, named), file, {**place, "short_filename": short, "grid": True})


def _save(writing: _Writing, file: File, place: dict[str, Any]) -> str | None:
    token = _writing.set(writing)
    try:
        images.save_image(file.image, seed=file.seed, prompt=file.prompt, info=file.text, p=writing.p, **place)
    except Exception as error:
        errors.report("Hires strategies: a picture could not be saved", exc_info=True)
        return f"The picture could not be saved: {describe(error)}"
    finally:
        _writing.reset(token)
        if writing.reserved is not None:
            writing.reserved.unlink(missing_ok=True)
    return None


def before_image_saved(params: Any) -> None:
    """Called by the host for every file it is about to write: gives ours a free name."""
    writing = _writing.get()
    if writing is not None and params.p is writing.p:
        params.filename, _ = _beside_its_original(params.p, params.filename) or (params.filename, "")
        params.filename, writing.reserved = _free(params.filename, writing.suffix)
        writing.named()
    elif (placed := _beside_its_original(params.p, params.filename)) is not None:
        params.filename = _first_free(*placed)


def _beside_its_original(p: Any, filename: str) -> tuple[str, str] | None:
    """Where a result of a picture of a folder goes, if it is to lie beside that one; and the host's own suffix."""
    picture = of_folder.held(p)
    if picture is None or picture.beside is None:
        return None
    stem, extension = os.path.splitext(os.path.basename(filename))
    found = _OF_ORIGINAL.fullmatch(stem)
    number, rest = (found.group(1) or "", found.group(2)) if found else ("", "")
    own = "-grid" if found is None and stem.startswith("grid") else "-hires"
    return str(picture.beside.with_name(picture.beside.stem + number + extension)), own + rest


def _first_free(filename: str, suffix: str) -> str:
    """A free name for a file of the host's own, which nobody reserves."""
    stem, extension = os.path.splitext(filename)
    tails = (suffix if number == 1 else f"{suffix}-{number}" for number in count(1))
    names = (_shortened(stem, tail, extension) for tail in tails)
    return next(name for name in names if not _is_taken(name, extension)) + extension


def _free(filename: str, suffix: str) -> tuple[str, Path | None]:
    """The name with its suffix, and a number if it is taken; and the file that reserves the name.

    The host writes that file first and then moves it to its final name, so nobody sees an empty picture, and no
    two processes take the same name.
    """
    stem, extension = os.path.splitext(filename)
    number = 1
    while True:
        tail = suffix if number == 1 else f"{suffix}-{number}"
        name = _shortened(stem, tail, extension)
        number += 1
        if _is_taken(name, extension):
            continue
        reserved = Path(f"{name}.tmp")
        try:
            reserved.open("x").close()
        except FileExistsError:
            continue
        except OSError:
            return name + extension, None  # the host will report what is wrong with it
        if not _is_taken(name, extension):  # still free now that it is reserved
            return name + extension, reserved
        reserved.unlink(missing_ok=True)


def _is_taken(name: str, extension: str) -> bool:
    """Whether a file that the host would write exists: the picture, its text, its smaller copy."""
    options = opts()
    endings = {extension}
    if options.save_txt:
        endings.add(".txt")
    if options.export_for_4chan:
        endings.add(".jpg")
    return any(os.path.exists(name + ending) for ending in endings)


def _shortened(stem: str, tail: str, extension: str) -> str:
    """stem + tail, with the stem cut to fit a file name: the host would cut the end, where the tail is."""
    folder, name = os.path.split(stem)
    after = max(len(extension), len(".tmp"))
    room = _LONGEST - after - len(tail.encode())
    if hasattr(os, "statvfs") and os.path.isdir(folder):
        longest = os.statvfs(folder).f_namemax
        room = min(room, longest - after - len(tail.encode()))
        whole = longest - after - len(tail) - len(os.path.join(folder, ""))  # to which the host cuts the whole path
        name = name[: max(whole, 1)]
    shortened = name.encode()[: max(room, 1)].decode(errors="ignore")
    return os.path.join(folder, shortened + tail)
