"""An image as programs send it, base64 text -> a picture to start from."""

from __future__ import annotations

import base64
import binascii
import io

from PIL import Image, ImageOps, UnidentifiedImageError

from hires_strategies.errors import StrategyError
from hires_strategies.planning.sizes import LATENT_SIDE
from hires_strategies.wording import short


def decode_image(text: str, longest_side: int, key: str) -> Image.Image:
    """The RGB picture of a base64 text (a "data:" address too), upright, transparency on white.

    Its `info` is kept: generation parameters are in it. Sides are from 8 to `longest_side` pixels, checked before the
    picture is unpacked. Raises StrategyError that names `key`.
    """
    payload = text.partition(",")[2] if text.startswith("data:") else text
    try:
        data = base64.b64decode("".join(payload.split()), validate=True)
    except (binascii.Error, ValueError):
        raise StrategyError(f"'{key}' has to be an image as base64 text, found {short(text)}.") from None
    try:
        with Image.open(io.BytesIO(data)) as image:
            _check_size(image, longest_side, key)
            info = dict(image.info)
            flat = _on_white(ImageOps.exif_transpose(image) or image)
    except StrategyError:
        raise
    except UnidentifiedImageError:
        raise StrategyError(f"'{key}' holds no image of a known format, found base64 of {data[:16]!r}.") from None
    except Exception as error:  # Pillow's readers raise many kinds for broken files
        raise StrategyError(f"'{key}' holds no image that can be read: {error}.") from None
    flat.info = info
    return flat


def _check_size(image: Image.Image, longest_side: int, key: str) -> None:
    if max(image.size) > longest_side or min(image.size) < LATENT_SIDE:
        raise StrategyError(
            f"'{key}' has {image.width}x{image.height} pixels, and a side has to be from {LATENT_SIDE} to "
            f"{longest_side} (a setting)."
        )


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode not in ("RGBA", "LA", "PA") and "transparency" not in image.info:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
