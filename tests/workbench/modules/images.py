"""Pictures: resized, put into grids, written to files with their infotext."""

from __future__ import annotations

import math

from PIL import Image, ImageDraw, ImageFont

from modules import _saving, shared
from modules._saving import FilenameGenerator, save_image
from modules.shared import opts

__all__ = ["FilenameGenerator", "save_image"]

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


def read_info_from_image(image):
    """(the infotext or None, all other texts of the file)."""
    items = dict(image.info or {})
    infotext = items.pop("parameters", None)
    if items.pop("exif", None) is not None:
        infotext = _saving.read_comment(image) or infotext
    return infotext, items


def read(fp, **kwargs):
    """A picture from a file."""
    return Image.open(fp, **kwargs)
