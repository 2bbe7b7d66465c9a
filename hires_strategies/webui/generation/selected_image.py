"""The gallery's selected image, on which our button runs a strategy: its first pass is made again from its parameters.

The host's own hires button takes prompts from the page and replaces the image. Ours sets a hidden field of the section
and presses it; the hooks see the field, take everything that makes the first pass from the image's generation
parameters, and put the original back in front of the new images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.webui.host import attachments, forks
from hires_strategies.webui.host.processing import Processed, Processing

from .image_parameters import ImageParameters
from .request import KEYS

_FIELD = 1 + len(KEYS)  # the tick, the values of KEYS, then the hidden field


def is_asked(p: Processing, arguments: Sequence[Any]) -> bool:
    """Whether our button, and not the host's, started this generation."""
    return forks.is_gallery_upscale(p) and len(arguments) > _FIELD and arguments[_FIELD] is True


def take_first_pass(p: Processing) -> None:
    """Set `p` up to make the first pass of the selected image again. Raises StrategyError if it cannot."""
    original = p.firstpass_image
    parameters = ImageParameters.of(original)
    if parameters is None:
        raise StrategyError(
            "The selected image holds no generation parameters, so its first pass is not known. Are they switched off "
            "in the settings?"
        )
    if not parameters.names_first_pass:
        raise StrategyError(
            "The selected image's generation parameters name no seed or prompt: its first pass is unknown."
        )
    parameters.take_all(p)
    p.enable_hr, p.firstpass_image, p.txt2img_upscale = False, None, False
    attachments.hang(p, attachments.ORIGINAL, (original, parameters.text))


def return_original(p: Processing, processed: Processed) -> None:
    """Put the selected image, with its own text, in front of the images made from it."""
    held = attachments.held(p, attachments.ORIGINAL, tuple)
    if held is None or not processed.images:
        return
    original, text = held
    attachments.drop(p, attachments.ORIGINAL)
    if forks.gallery_keeps_original():
        return
    processed.images.insert(0, original)
    processed.infotexts.insert(0, text)
    processed.index_of_first_image += 1
    processed.info = text  # shown as the text of the gallery's selected image, which is the original
