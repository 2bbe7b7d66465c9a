"""A picture from the request instead of a first pass: `p` takes over what the picture says about itself."""

from __future__ import annotations

import hashlib

from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.webui.host.processing import Processing

from .image_parameters import ImageParameters

KEY = "First pass image"


def check_hires_fix_is_off(p: Processing) -> None:
    """Raise StrategyError if the host's Hires. fix is on beside a picture to start from."""
    if p.enable_hr:
        raise StrategyError(
            "A picture takes the place of the first pass, so Hires. fix ('enable_hr': true) has nothing to enlarge: "
            "leave one of them out."
        )


def take_over(p: Processing, image: Image, texts: bool | None = None) -> None:
    """Give `p` the picture's size and what its infotext says.

    With `texts`, everything that it says of prompts, seed and settings; without (False), nothing; with None, its
    prompts and seed if the request has none of its own (an empty prompt and a seed of -1 count as none). Raises
    StrategyError if the host's Hires. fix is on as well.
    """
    check_hires_fix_is_off(p)
    take_texts(p, image, texts)
    p.width, p.height = image.size
    p.extra_generation_params[KEY] = hashlib.sha256(image.tobytes()).hexdigest()[:10]


def take_texts(p: Processing, image: Image, texts: bool | None) -> None:
    """Give `p` what the picture's infotext says, as above. Only the picture's header needs to be read."""
    own_seed = p.seed not in (None, "", -1)
    if texts is False or (not texts and p.prompt and p.negative_prompt and own_seed):
        return
    parameters = ImageParameters.of(image)
    if parameters is None or not parameters.are_of_a_generation:
        return
    if texts:
        parameters.take_all(p)
        return
    if not p.prompt:
        parameters.take_prompt(p)
    if not p.negative_prompt:
        parameters.take_negative(p)
    if not own_seed:
        _take_seed(p, parameters)


def forget(p: Processing) -> None:
    """Remove the key: cells of an X/Y/Z plot share one dict."""
    p.extra_generation_params.pop(KEY, None)


def pictures(image: Image, count: int) -> list[Image]:
    """The picture once for every image of a batch, without the texts it came with."""
    plain = image.copy()
    plain.info = {}
    return [plain] * count


def _take_seed(p: Processing, parameters: ImageParameters) -> None:
    """The seed; its variation and resize only if the request has none of its own."""
    variation, size = (p.subseed, p.subseed_strength), (p.seed_resize_from_w, p.seed_resize_from_h)
    parameters.take_seed(p)
    if variation[1]:
        p.subseed, p.subseed_strength = variation
    if min(size) > 0:
        p.seed_resize_from_w, p.seed_resize_from_h = size
