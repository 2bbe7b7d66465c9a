"""What the host's process_images does to each decoded picture before it saves it."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
from modules import errors, face_restoration, processing, scripts, shared
from PIL import Image

from hires_strategies.errors import StageFailed
from hires_strategies.wording import describe

from .parameters import Recorded
from .processing import Processing


def finish(p: Processing, image: Image.Image) -> Image.Image:
    """Image p.batch_index of the running batch after face restoration, the scripts' hooks for each image, colour
    correction and overlay, in the host's order. What an error in a script's hook leaves is used, as by the host."""
    if p.restore_faces:
        image = Image.fromarray(face_restoration.restore_faces(np.asarray(image)))
    image = _through_hook(p, "postprocess_image", image)
    overlay = _overlay(p)
    corrections = getattr(p, "color_corrections", None)
    if corrections is not None and p.batch_index < len(corrections):
        image = processing.apply_color_correction(corrections[p.batch_index], image)
    if overlay is not None:
        image = _with_overlay(p, image, overlay)
    return _through_hook(p, "postprocess_image_after_composite", image)


def of_batch(p: Processing) -> Processing:
    """A copy of `p`, which is sampling, as its batch's finished images are worked on: prompts with their network tags,
    generation parameters that record what is written."""
    q = copy(p)
    start = p.iteration * p.batch_size
    prompts = p.all_prompts[start : start + len(p.prompts)]
    q.prompts = prompts if len(prompts) == len(p.prompts) else p.prompts
    q.extra_generation_params = Recorded(p.extra_generation_params)
    return q


def at_own_size(q: Processing, position: int, image: Image.Image) -> Image.Image:
    """An image of such a batch, finished between two stages. Raises StageFailed if a script gives it another size, and
    whatever a script of the host's list raised."""
    q.batch_index = position
    with watched() as troubles:
        finished = finish(q, image.copy()).convert("RGB")
    if troubles:
        raise StageFailed(f"a script failed: {troubles[0]}")
    if finished.size != image.size:
        width, height = finished.size
        raise StageFailed(f"a script made {width}x{height} of {image.width}x{image.height} pixels in 'detail'")
    return finished


@contextmanager
def watched() -> Iterator[list[str]]:
    """The errors that the host reports meanwhile: it swallows those of the scripts' hooks."""
    found: list[str] = []
    report = errors.report

    def noted(*args: Any, **kwargs: Any) -> Any:
        error = _being_handled()
        if error is not None:
            found.append(describe(error))
        return report(*args, **kwargs)

    errors.report = noted
    try:
        yield found
    finally:
        errors.report = report


def _being_handled() -> Exception | None:
    error = sys.exc_info()[1]
    return error if isinstance(error, Exception) else None


def _through_hook(p: Processing, hook: str, image: Image.Image) -> Image.Image:
    if p.scripts is None or not hasattr(p.scripts, hook):  # the second one exists since A1111 1.8
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


def _overlay(p: Processing) -> Any:
    """What an extension may have put on `p`, though txt2img has none, as the scripts change it (since A1111 1.8)."""
    mask, overlays = getattr(p, "mask_for_overlay", None), getattr(p, "overlay_images", None)
    used = getattr(shared.opts, "overlay_inpaint", True) and overlays is not None and p.batch_index < len(overlays)
    overlay = overlays[p.batch_index] if used and overlays is not None else None
    if p.scripts is None or not hasattr(p.scripts, "postprocess_maskoverlay"):
        return overlay
    arguments = scripts.PostProcessMaskOverlayArgs(p.batch_index, mask, overlay)
    p.scripts.postprocess_maskoverlay(p, arguments)
    return arguments.overlay_image


def _with_overlay(p: Processing, image: Image.Image, overlay: Any) -> Image.Image:
    """A1111 1.6 and 1.7 take the list and an index; from 1.9 on there is a second picture in the answer."""
    paste_to = getattr(p, "paste_to", None)
    if len(inspect.signature(processing.apply_overlay).parameters) > 3:
        result = processing.apply_overlay(image, paste_to, 0, [overlay])  # type: ignore[call-arg]
    else:
        result = processing.apply_overlay(image, paste_to, overlay)
    covered: Image.Image = result[0] if isinstance(result, tuple) else result
    return covered
