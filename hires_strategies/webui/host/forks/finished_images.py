"""What the host does to each finished image: hooks, and an overlay over it."""

from __future__ import annotations

import inspect
from typing import Any

from modules import processing, scripts
from PIL import Image

from hires_strategies.webui.host.processing import Processing

from .settings import setting


def through_hook(p: Processing, hook: str, image: Image.Image) -> Image.Image:
    """An image after a hook of the scripts; the second one for an image exists since A1111 1.8."""
    if p.scripts is None or not hasattr(p.scripts, hook):
        return image
    arguments: Any = _arguments(image, p)
    getattr(p.scripts, hook)(p, arguments)
    result: Image.Image = arguments.image
    return result


def _arguments(image: Image.Image, p: Processing) -> Any:
    """Forge and Neo number the images of the whole generation in it."""
    if len(inspect.signature(scripts.PostprocessImageArgs).parameters) > 1:
        return scripts.PostprocessImageArgs(image, p.batch_index + p.iteration * p.batch_size)  # type: ignore[call-arg]
    return scripts.PostprocessImageArgs(image)


def overlay_of(p: Processing) -> Any:
    """What an extension may have put on `p`, though txt2img has none, as the scripts change it (since A1111 1.8)."""
    mask, overlays = getattr(p, "mask_for_overlay", None), getattr(p, "overlay_images", None)
    used = setting("overlay_inpaint") and overlays is not None and p.batch_index < len(overlays)
    overlay = overlays[p.batch_index] if used and overlays is not None else None
    if p.scripts is None or not hasattr(p.scripts, "postprocess_maskoverlay"):
        return overlay
    arguments = scripts.PostProcessMaskOverlayArgs(p.batch_index, mask, overlay)
    p.scripts.postprocess_maskoverlay(p, arguments)
    return arguments.overlay_image


def with_overlay(p: Processing, image: Image.Image, overlay: Any) -> Image.Image:
    """A1111 1.6 and 1.7 take the list and an index; from 1.9 on there is a second picture in the answer."""
    paste_to = getattr(p, "paste_to", None)
    if len(inspect.signature(processing.apply_overlay).parameters) > 3:
        result = processing.apply_overlay(image, paste_to, 0, [overlay])  # type: ignore[call-arg]
    else:
        result = processing.apply_overlay(image, paste_to, overlay)
    covered: Image.Image = result[0] if isinstance(result, tuple) else result
    return covered
