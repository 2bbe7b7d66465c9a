"""What the host's process_images does to each decoded picture before it saves it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any

import numpy as np
from modules import errors, face_restoration, processing
from PIL import Image

from hires_strategies.errors import StageFailed
from hires_strategies.wording import describe

from .forks.finished_images import overlay_of, through_hook, with_overlay
from .parameters import Recorded
from .processing import Processing


def finish(p: Processing, image: Image.Image) -> Image.Image:
    """Image p.batch_index of the running batch after face restoration, the scripts' hooks for each image, colour
    correction and overlay, in the host's order. What an error in a script's hook leaves is used, as by the host."""
    if p.restore_faces:
        image = Image.fromarray(face_restoration.restore_faces(np.asarray(image)))
    image = through_hook(p, "postprocess_image", image)
    overlay = overlay_of(p)
    corrections = getattr(p, "color_corrections", None)
    if corrections is not None and p.batch_index < len(corrections):
        image = processing.apply_color_correction(corrections[p.batch_index], image)
    if overlay is not None:
        image = with_overlay(p, image, overlay)
    return through_hook(p, "postprocess_image_after_composite", image)


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
