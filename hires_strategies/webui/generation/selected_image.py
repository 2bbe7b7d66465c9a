"""The gallery's selected image, on which our button runs a strategy: on its first pass, which is made again from its
parameters, or on the picture as it is.

The host's own hires button takes prompts from the page and replaces the image. Ours sets a hidden field of the section
and presses it; the hooks see the field, take everything that makes the first pass from the image's generation
parameters, and put the original back in front of the new images.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.running.eight_bits import eight_bits_on_white
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.forks.gallery import answered, gallery_keeps_original, is_gallery_upscale
from hires_strategies.webui.host.processing import Processed, Processing

from . import first_image
from .image_parameters import ImageParameters
from .request import KEYS, Request

_FIELD = 1 + len(KEYS)  # the tick, the values of KEYS, then the hidden field
# What the hidden field says before the run's token (javascript/selected_image.mjs).
_FIRST_PASS, _PICTURE = "first pass ", "picture "


@dataclass(frozen=True)
class Selected:
    """The image that the button was pressed for, and its text. `token`: what the page calls this run."""

    original: Image
    text: str
    token: str
    goes_on: bool


def is_asked(p: Processing, arguments: Sequence[Any]) -> bool:
    """Whether our button, and not the host's, started this generation."""
    return is_gallery_upscale(p) and _asked(arguments).startswith((_FIRST_PASS, _PICTURE))


def take_over(p: Processing, arguments: Sequence[Any]) -> None:
    """Set `p` up for a run on the selected image. Raises StrategyError if that cannot be."""
    original = p.firstpass_image
    parameters = ImageParameters.of(original)
    goes_on = _asked(arguments).startswith(_PICTURE)
    if goes_on:
        if parameters is not None and parameters.names_first_pass:
            parameters.take_all(p)
    else:
        _of_first_pass(parameters).take_all(p)
    p.enable_hr, p.firstpass_image, p.txt2img_upscale = False, None, False
    text = "" if parameters is None else parameters.text
    token = _asked(arguments).removeprefix(_FIRST_PASS).removeprefix(_PICTURE)
    attachments.hang(p, attachments.ORIGINAL, Selected(original, text, token, goes_on))


def with_start(p: Processing, request: Request | None) -> Request | None:
    """The request, starting from the selected picture if that is to be gone on from."""
    selected = attachments.held(p, attachments.ORIGINAL, Selected)
    if request is None or selected is None or not selected.goes_on:
        return request
    picture = eight_bits_on_white(selected.original)
    picture.info = dict(selected.original.info)
    return replace(request, first_pass_image=picture)


def return_original(p: Processing, processed: Processed) -> str | None:
    """Put the selected image, with its own text, in front of the images made from it. Returns the run's token."""
    selected = attachments.held(p, attachments.ORIGINAL, Selected)
    if selected is None or not processed.images:
        return None
    attachments.drop(p, attachments.ORIGINAL)
    if not gallery_keeps_original():
        processed.images.insert(0, selected.original)
        processed.infotexts.insert(0, selected.text)
        processed.index_of_first_image += 1
        processed.info = selected.text  # shown as the text of the gallery's selected image, which is the original
    answered(processed)
    return selected.token


def _asked(arguments: Sequence[Any]) -> str:
    return str(arguments[_FIELD] or "") if len(arguments) > _FIELD else ""


def _of_first_pass(parameters: ImageParameters | None) -> ImageParameters:
    if parameters is None:
        raise StrategyError(
            "The selected image holds no generation parameters, so its first pass is not known. Are they switched off "
            "in the settings?"
        )
    if not parameters.names_first_pass:
        raise StrategyError(
            "The selected image's generation parameters name no seed or prompt: its first pass is unknown."
        )
    if parameters.has(first_image.KEY):
        raise StrategyError("The selected image was made from another picture, so it has no first pass of its own.")
    return parameters
