"""An image as programs send it (base64 text), or as a file holds it -> a picture to start from."""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image, UnidentifiedImageError

from hires_strategies.errors import StrategyError
from hires_strategies.wording import short

from .eight_bits import eight_bits_on_white

Sides = tuple[int, int]  # the shortest and the longest that are taken, in pixels
_ORIENTATION = 0x0112  # EXIF's tag; 1 is upright
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode_image(text: str, sides: Sides, key: str) -> Image.Image:
    """The picture in a base64 text (or "data:" URL): 8-bit RGB, upright, with transparency over white.

    Its `info`, which holds generation parameters, is kept. `sides` are the shortest and the longest side that it may
    have, in pixels, checked before the picture is decoded. Raises StrategyError naming `key`.
    """
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        data = base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError):
        raise StrategyError(f"'{key}' has to be an image as base64 text, found {short(text)}.") from None
    return _read(data, sides, key, f"base64 of {data[:16]!r}")


def read_picture(data: bytes, sides: Sides, name: str) -> Image.Image:
    """The picture in a file's bytes, in the same way; `name` is the file's, for errors."""
    return _read(data, sides, name, f"{data[:16]!r}" if data else "an empty file")


def header(data: bytes, name: str) -> Image.Image:
    """The opened, not decoded picture in a file's bytes: for what its header says. Raises StrategyError."""
    try:
        return Image.open(io.BytesIO(data), formats=_formats())
    except Exception as error:
        raise _unreadable(error, name, f"{data[:16]!r}" if data else "an empty file") from None


def flattened(image: Image.Image, sides: Sides, key: str) -> Image.Image:
    """An opened picture in the same form. Raises StrategyError naming `key`."""
    _check_size(image, sides, key)
    info = dict(image.info)
    flat = _upright(eight_bits_on_white(image), image)
    flat.info = info
    return flat


def _read(data: bytes, sides: Sides, key: str, found: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_formats()) as image:
            return flattened(image, sides, key)
    except StrategyError:
        raise
    except Exception as error:  # Pillow's readers raise many kinds of errors for broken files
        raise _unreadable(error, key, found) from None


def _unreadable(error: Exception, key: str, found: str) -> StrategyError:
    if isinstance(error, UnidentifiedImageError):
        return StrategyError(f"'{key}' holds no image of a known format, found {found}.")
    return StrategyError(f"'{key}' holds no image that can be read: {error}.")


def _formats() -> list[str]:
    """The formats Pillow decodes itself: it hands PostScript to another program, and the text may come from anyone."""
    Image.init()
    return [name for name in Image.ID if name != "EPS"]


def _check_size(image: Image.Image, sides: Sides, key: str) -> None:
    shortest, longest = sides
    if max(image.size) > longest or min(image.size) < shortest:
        raise StrategyError(
            f"'{key}' has {image.width}x{image.height} pixels, and a side has to be from {shortest} to "
            f"{longest} (a setting)."
        )


def _upright(flat: Image.Image, image: Image.Image) -> Image.Image:
    """`flat`, made from the opened `image`, turned upright according to that image's EXIF orientation."""
    turn = None if image.format == "TIFF" else _TURNS.get(image.getexif().get(_ORIENTATION, 1))  # Pillow turns TIFFs
    return flat if turn is None else flat.transpose(turn)
