"""Pictures written to files: the name by the user's pattern, the text within and beside it."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Callable
from typing import Any

from PIL import PngImagePlugin

from modules import script_callbacks
from modules.shared import opts

_FORBIDDEN = str.maketrans(dict.fromkeys('#<>:"/\\|?*\n\r\t', "_"))
_LONGEST_PART = 128
_USER_COMMENT, _EXIF = 0x9286, 0x8769
_NOTHING = object()  # the pattern, and the text before it, are left out


def _part(text: str, spaces: bool = True) -> str:
    text = (text if spaces else text.replace(" ", "_")).translate(_FORBIDDEN)
    return text.lstrip(" ")[:_LONGEST_PART].rstrip(" .")


class FilenameGenerator:
    """Fills a pattern with the values of one image."""

    replacements: dict[str, Callable[[Any], Any]] = {
        "seed": lambda self: "" if self.seed is None else self.seed,
        "steps": lambda self: self.p.steps,
        "cfg": lambda self: self.p.cfg_scale,
        "width": lambda self: self.image.width,
        "height": lambda self: self.image.height,
        "prompt": lambda self: _part(self.prompt, spaces=False),
        "prompt_spaces": lambda self: _part(self.prompt),
        "prompt_words": lambda self: _part(" ".join(re.findall(r"\w+", self.prompt)[:8]) or "empty"),
        "date": lambda self: datetime.date.today(),
        "batch_number": lambda self: _NOTHING if self.p.batch_size == 1 else self.p.batch_index + 1,
        "batch_size": lambda self: self.p.batch_size,
        "generation_number": lambda self: (
            _NOTHING
            if self.p.n_iter == self.p.batch_size == 1
            else self.p.iteration * self.p.batch_size + self.p.batch_index + 1
        ),
        "denoising": lambda self: self.p.denoising_strength or _NOTHING,
        "none": lambda self: "",
    }

    def __init__(self, p, seed, prompt, image, zip=False, basename=""):
        self.p, self.seed, self.prompt, self.image, self.zip, self.basename = p, seed, prompt, image, zip, basename

    def apply(self, x):
        """The pattern `x`, filled; what is unknown stays in its brackets."""
        result = ""
        for text, name in re.findall(r"([^\[]*)(?:\[([^\[\]]+)\])?", x):
            find = self.replacements.get(name.lower())
            value = find(self) if find else f"[{name}]" if name else ""
            result += "" if value is _NOTHING else f"{text}{value}"
        return result


def save_image(
    image, path, basename, seed=None, prompt=None, extension="png", info=None, short_filename=False, no_prompt=False,
    grid=False, pnginfo_section_name="parameters", p=None, existing_info=None, forced_filename=None, suffix="",
    save_to_dirs=None,
):  # fmt: skip
    """Write a picture under `path`; returns (its path, the path of the text beside it or None)."""
    names = FilenameGenerator(p, seed, prompt, image, basename=basename)
    if save_to_dirs is None:
        save_to_dirs = opts.grid_save_to_dirs if grid else opts.save_to_dirs and not no_prompt
    if save_to_dirs:
        path = os.path.join(path, names.apply(opts.directories_filename_pattern or "[prompt_words]").strip(" "))
    os.makedirs(path, exist_ok=True)
    name = forced_filename
    if name is None:
        pattern = opts.samples_filename_pattern or ("[seed]" if opts.save_to_dirs else "[seed]-[prompt_spaces]")
        shown = ("" if short_filename or seed is None else names.apply(pattern)) + suffix
        name = _numbered(path, basename, shown) if opts.save_images_add_number or shown == "" else shown
    written = {**(existing_info or {}), **({} if info is None else {pnginfo_section_name: info})}
    params = script_callbacks.ImageSaveParams(image, p, os.path.join(path, f"{name}.{extension}"), written)
    script_callbacks.before_image_saved_callback(params)
    stem, ending = os.path.splitext(params.filename)
    if hasattr(os, "statvfs"):
        stem = stem[: os.statvfs(path).f_namemax - max(4, len(ending))]  # the whole path, as the host does
    params.image.save(f"{stem}.tmp", format={".jpg": "jpeg"}.get(ending, ending[1:]), **_texts(ending, written))
    os.replace(f"{stem}.tmp", stem + ending)
    params.image.already_saved_as = stem + ending
    beside = f"{stem}.txt" if opts.save_txt and info is not None else None
    if beside is not None:
        with open(beside, "w", encoding="utf8") as file:
            file.write(f"{info}\n")
    return stem + ending, beside


def _texts(ending: str, written: dict[str, Any]) -> dict[str, Any]:
    """What Pillow takes to write texts into a file of a kind."""
    if not opts.enable_pnginfo:
        return {}
    if ending == ".png":
        texts = PngImagePlugin.PngInfo()
        for key, value in written.items():
            texts.add_text(key, str(value))
        return {"pnginfo": texts}
    from PIL import Image

    exif = Image.Exif()
    exif[_EXIF] = {_USER_COMMENT: b"UNICODE\0" + written.get("parameters", "").encode("utf-16be")}
    return {"exif": exif}


def read_comment(image: Any) -> str | None:
    """The infotext of a file that is no PNG."""
    comment = image.getexif().get_ifd(_EXIF).get(_USER_COMMENT, b"")
    return comment[8:].decode("utf-16be") if comment.startswith(b"UNICODE") else None


def _numbered(folder: str, basename: str, shown: str) -> str:
    """The name with a number in front: one more than the highest number that a file of this basename has."""
    start = f"{basename}-" if basename else ""
    found = (re.match(rf"{re.escape(start)}(\d+)(?:-|\.|$)", name) for name in os.listdir(folder))
    number = max((int(match.group(1)) for match in found if match), default=-1) + 1
    parts = [f"{basename}-{number:04}" if basename else f"{number:05}", *([shown] if shown else [])]
    return "-".join(parts)
