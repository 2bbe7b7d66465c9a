"""Any picture that Pillow opens -> 8-bit RGB, with transparency over white.

Pillow's own conversion clips anything deeper than 8 bits: a 16-bit photograph comes out white.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image, ImageCms

# The value of white in samples that Pillow passes on unscaled, by its name for the raw format.
_WHITE = {"I;12": 4095}
_WHITE_OF_16_BITS = 65535
# One step of a gray or black-and-white PNG's samples, on the 8-bit scale that Pillow converts them to.
_STEPS = {"1": 255, "L;2": 85, "L;4": 17}
_WITH_ALPHA = ("RGBA", "LA", "PA", "RGBa", "La")


def eight_bits_on_white(image: Image.Image) -> Image.Image:
    """The picture (the first, if there are several) as RGB, converted to sRGB if it has a colour profile.

    Raises ValueError for samples whose white is unknown: floats outside 0 to 1, 32-bit integers.
    """
    raw = _raw_mode(image)
    transparent = _transparent(image, raw)
    if transparent is not None:
        image.info["transparency"] = transparent
    if image.mode.startswith("I") or image.mode == "F":
        image = _from_deep(image, raw)
    profile = image.info.get("icc_profile")
    alpha = image.convert("RGBA").getchannel("A") if _has_alpha(image) else None
    colours = _as_srgb(image, profile) if profile else None
    if colours is None:
        colours = (image.convert("RGBA") if alpha is not None else image).convert("RGB")
    if alpha is None:
        return colours
    return Image.composite(colours, Image.new("RGB", colours.size, "white"), alpha)


def _raw_mode(image: Image.Image) -> str:
    """Pillow's name for the file's raw sample format; it is lost once the picture is decoded."""
    tiles: Any = getattr(image, "tile", None)
    arguments = tiles[0][3] if tiles else ""
    first = arguments if isinstance(arguments, str) else next(iter(arguments or ()), "")
    return first if isinstance(first, str) else ""


def _transparent(image: Image.Image, raw: str) -> Any:
    """The transparent colour in the picture's own samples: Pillow keeps a PNG's as stored in the file."""
    colour = image.info.get("transparency")
    if isinstance(colour, int) and raw in _STEPS:
        return colour * _STEPS[raw]
    if isinstance(colour, tuple) and raw == "RGB;16B":
        return tuple(sample >> 8 for sample in colour)
    return colour


def _from_deep(image: Image.Image, raw: str) -> Image.Image:
    """A gray picture deeper than 8 bits, as L, or as LA if it declares a transparent gray."""
    samples = np.asarray(image)
    unit = _unit(image, samples, raw)
    if getattr(image, "tag_v2", {}).get(262) == 0:  # TIFF: white is zero
        unit = 1 - unit
    gray = Image.fromarray(np.rint(unit * 255).astype(np.uint8))
    colour = image.info.get("transparency")
    if isinstance(colour, int):
        gray.putalpha(Image.fromarray(np.where(samples == colour, 0, 255).astype(np.uint8)))
    if "icc_profile" in image.info:
        gray.info["icc_profile"] = image.info["icc_profile"]
    return gray


def _unit(image: Image.Image, samples: Any, raw: str) -> Any:
    """The samples as floats from 0 to 1, H,W."""
    if image.mode == "F":
        lowest, highest = float(samples.min()), float(samples.max())
        if not (lowest >= 0 and highest <= 1):  # NaN fails this, too
            raise ValueError(f"its floats go from {lowest:g} to {highest:g}, and 0 to 1 is what can be read")
        return samples.astype(np.float64)
    # Older Pillow versions call every 16-bit gray PNG "I".
    if image.mode == "I" and "I;16" not in raw and image.format not in ("PNG", "PPM"):
        raise ValueError("its gray has 32 bits, of which nobody knows the white: save it with 8 or 16")
    if raw.endswith("S"):
        raise ValueError("its gray has a sign, so nobody knows the black: save it with 8 or 16 bits, unsigned")
    return samples.astype(np.float64) / _WHITE.get(raw, _WHITE_OF_16_BITS)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in _WITH_ALPHA or "transparency" in image.info


def _as_srgb(image: Image.Image, profile: bytes) -> Image.Image | None:
    """The picture converted by its profile; None if that is sRGB already, does not fit the picture or is unreadable."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return None
        plain = image.convert({"RGBA": "RGB", "P": "RGB", "PA": "RGB", "LA": "L"}.get(image.mode, image.mode))
        return ImageCms.profileToProfile(plain, own, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, OSError, ValueError):
        return None
