"""A picture of the request's in place of a first pass: `p` takes over what the picture says about itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from modules import images
from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.webui.host.forks import infotext_module
from hires_strategies.webui.host.processing import Processing

KEY = "First pass image"


def take_over(p: Processing, image: Image) -> None:
    """Give `p` the picture's size, and its infotext's prompts and seed where the request has none of its own.

    An empty prompt and a seed of -1 count as none. Raises StrategyError where the host's Hires. fix is on as well.
    """
    if p.enable_hr:
        raise StrategyError(
            "'first_pass_image' takes the place of the first pass, so Hires. fix ('enable_hr': true) has nothing to "
            "enlarge: leave one of them out."
        )
    p.width, p.height = image.size
    p.extra_generation_params[KEY] = hashlib.sha256(image.tobytes()).hexdigest()[:10]
    infotext, _ = images.read_info_from_image(image)
    if infotext:
        parameters = infotext_module().parse_generation_parameters(infotext)
        _take_prompts(p, parameters)
        _take_seed(p, parameters)


def forget(p: Processing) -> None:
    """Take the key out: cells of an X/Y/Z plot share one dict."""
    p.extra_generation_params.pop(KEY, None)


def pictures(image: Image, count: int) -> list[Image]:
    """The picture for every image of a batch, without the texts that it came with."""
    plain = image.copy()
    plain.info = {}
    return [plain] * count


def _take_prompts(p: Processing, parameters: Mapping[str, Any]) -> None:
    if not p.prompt:
        p.prompt = parameters.get("Prompt", "")
        # By its settings the host takes the texts of known styles out of the prompts when it reads them.
        p.styles = [*(p.styles or []), *(parameters.get("Styles array") or [])]
    if not p.negative_prompt:
        p.negative_prompt = parameters.get("Negative prompt", "")


def _take_seed(p: Processing, parameters: Mapping[str, Any]) -> None:
    """The seed with its variation, which the noise of a second pass is made of as well."""
    seed = _number(parameters.get("Seed"), int)
    if p.seed not in (None, "", -1) or seed is None:
        return
    p.seed = seed
    strength = _number(parameters.get("Variation seed strength"), float)
    variation = _number(parameters.get("Variation seed"), int)
    if strength and variation is not None and not p.subseed_strength:
        p.subseed, p.subseed_strength = variation, strength


def _number(text: Any, kind: type) -> Any:
    try:
        return kind(text)
    except (TypeError, ValueError):
        return None
