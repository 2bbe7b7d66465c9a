"""What the host may lay over a finished picture. txt2img has none of it unless an extension puts it on `p`."""

from __future__ import annotations

import numpy as np
from PIL import Image


def apply_color_correction(correction, original_image):
    """The picture with the mean colour of `correction`, an array H,W,3; the host matches the whole histogram."""
    array = np.asarray(original_image.convert("RGB"), dtype=np.float32)
    shifted = array + (np.asarray(correction, dtype=np.float32).mean(axis=(0, 1)) - array.mean(axis=(0, 1)))
    return Image.fromarray(shifted.clip(0, 255).astype(np.uint8))


def apply_overlay(image, paste_loc, overlay):
    """(the picture under an RGBA overlay, the picture alone)."""
    if overlay is None:
        return image, image.copy()
    alone = image.copy()
    covered = image.convert("RGBA")
    covered.alpha_composite(overlay)
    return covered.convert("RGB"), alone
