"""Pictures: resized, put into grids, written to files with their infotext."""

from __future__ import annotations

import datetime
import math
import os
import re
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, PngImagePlugin

from modules import shared
from modules.shared import opts

LANCZOS = Image.Resampling.LANCZOS


def resize_image(resize_mode, im, width, height, upscaler_name=None):
    """`im` as width x height: 0 stretches; 1 fills and crops the middle. An unknown upscaler is "None", silently."""
    name = upscaler_name or opts.upscaler_for_img2img

    def resize(w: int, h: int) -> Image.Image:
        image = im
        scale = max(w / image.width, h / image.height)
        if name not in (None, "None") and image.mode != "L" and scale > 1.0:
            upscaler = next((data for data in shared.sd_upscalers if data.name == name), shared.sd_upscalers[0])
            if upscaler.name != name:
                print(f"could not find upscaler named {name}, using {upscaler.name} as a fallback")
            image = upscaler.scaler.upscale(image, scale, upscaler.data_path)
        return image if image.size == (w, h) else image.resize((w, h), resample=LANCZOS)

    if resize_mode == 0:
        return resize(width, height)
    assert resize_mode == 1, f"The workbench has no resize mode {resize_mode}."
    wider = width / height > im.width / im.height
    w, h = (width, im.height * width // im.width) if wider else (im.width * height // im.height, height)
    result = Image.new("RGB", (width, height))
    result.paste(resize(w, h), (width // 2 - w // 2, height // 2 - h // 2))
    return result


def image_grid(imgs, batch_size=1, rows=None):
    """All pictures in one, each in the middle of its cell; about as many rows as columns where `rows` is not given."""
    rows = min(rows or round(math.sqrt(len(imgs))), len(imgs))
    columns = math.ceil(len(imgs) / rows)
    width, height = max(img.width for img in imgs), max(img.height for img in imgs)
    grid = Image.new("RGB", (columns * width, rows * height), "black")
    for number, img in enumerate(imgs):
        x, y = number % columns * width, number // columns * height
        grid.paste(img, (x + (width - img.width) // 2, y + (height - img.height) // 2))
    return grid


class GridAnnotation:
    """A text beside a grid."""

    def __init__(self, text="", is_active=True):
        self.text = text
        self.is_active = is_active


def get_font(fontsize):
    """The font of grids."""
    return ImageFont.load_default(fontsize)


def draw_grid_annotations(im, width, height, hor_texts, ver_texts, margin=0):
    """A grid of width x height cells with texts above its columns and left of its rows."""
    font = get_font(max(10, width // 12))
    left = width // 2 if any(part.text for texts in ver_texts for part in texts) else 0
    top = 2 * int(font.size) if any(part.text for texts in hor_texts for part in texts) else 0
    result = Image.new("RGB", (im.width + left, im.height + top), "white")
    result.paste(im, (left, top))
    draw = ImageDraw.Draw(result)
    for column, texts in enumerate(hor_texts):
        label = "\n".join(part.text for part in texts)
        draw.text((left + (column + 0.5) * width, top / 2), label, "black", font, anchor="mm")
    for row, texts in enumerate(ver_texts):
        label = "\n".join(part.text for part in texts)
        draw.text((left / 2, top + (row + 0.5) * height), label, "black", font, anchor="mm")
    return result


def save_image(
    image, path, basename, seed=None, prompt=None, extension="png", info=None, short_filename=False, no_prompt=False,
    grid=False, pnginfo_section_name="parameters", p=None, existing_info=None, forced_filename=None, suffix="",
    save_to_dirs=None,
):  # fmt: skip
    """Write a PNG under `path`, by default into a folder of today; returns (its path, None)."""
    if save_to_dirs is None:
        save_to_dirs = opts.grid_save_to_dirs if grid else opts.save_to_dirs and not no_prompt
    folder = Path(path) / (str(datetime.date.today()) if save_to_dirs else "")
    folder.mkdir(parents=True, exist_ok=True)
    name = forced_filename
    if name is None:
        parts = [] if short_filename or seed is None else [f"{seed}{suffix}"]
        number = _next_number(folder, basename)
        name = "-".join([f"{basename}-{number:04}" if basename else f"{number:05}", *parts])
    texts = PngImagePlugin.PngInfo()
    written = {**(existing_info or {}), **({} if info is None else {pnginfo_section_name: info})}
    for key, value in written.items() if opts.enable_pnginfo else ():
        texts.add_text(key, str(value))
    target = folder / f"{name}.png"
    image.save(target, pnginfo=texts)
    image.already_saved_as = str(target)
    return str(target), None


def _next_number(folder: Path, basename: str) -> int:
    """One more than the highest number that a file of this name has."""
    start = f"{basename}-" if basename else ""
    found = (re.match(rf"{re.escape(start)}(\d+)", name) for name in os.listdir(folder))
    return max((int(match.group(1)) for match in found if match), default=-1) + 1


def read_info_from_image(image):
    """(the infotext or None, all other texts of the file)."""
    items = dict(image.info or {})
    return items.pop("parameters", None), items


def read(fp, **kwargs):
    """A picture from a file."""
    return Image.open(fp, **kwargs)
