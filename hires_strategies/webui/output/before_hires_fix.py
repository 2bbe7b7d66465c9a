"""The host's setting "Save a copy of image before applying highres fix": with a strategy, that is the first pass."""

from __future__ import annotations

from collections.abc import Callable

from modules import errors
from PIL.Image import Image

from hires_strategies.webui.generation.generated_images import Made, text_of
from hires_strategies.webui.host import infotext
from hires_strategies.webui.host.processing import Processing, opts

from . import file_names

SUFFIX = "-before-highres-fix"


def save(p: Processing, decode: Callable[[], list[Image]], made: list[Made]) -> bool:
    """Save the running batch's first passes, each with its own text, if the user wants them; returns whether it did.

    If Hires. fix is on, the host itself saves the picture before it.
    """
    if not opts().save_images_before_highres_fix or p.enable_hr or not p.save_samples():
        return False
    try:
        pictures = decode()
    except Exception:  # a stage that needs them will say so
        errors.report("Hires strategies: the first pass could not be decoded", exc_info=True)
        return False
    q = file_names.as_named(p, extra_generation_params=dict(p.extra_generation_params), denoising_strength=None)
    infotext.remove(q)
    for position, picture in enumerate(pictures):
        q.batch_index = position
        text = text_of(q, made, position)
        file = file_names.File(picture.copy(), text, made[position].seed, made[position].prompt, SUFFIX)
        if trouble := file_names.save_sample(q, file):
            p.comment(f"Hires strategies: {trouble}")
    return True
