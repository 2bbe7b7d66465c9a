"""What an image says about itself is taken within the bounds of a request's own values, or refused in a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_CFG, MAX_SEED, MAX_STEPS
from hires_strategies.notation.json_schema import is_text
from hires_strategies.webui.page.pasted import pasted_strategy, pasted_tick

KEYS = [
    "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Size-1", "Size-2", "Variation seed",
    "Variation seed strength", "Seed resize from", "Seed resize from-1", "Clip skip", "ENSD", "RNG", "VAE", "Eta",
    "Token merging ratio", "Model hash", "Model", "Version", "Hires strategy", "Hires upscale", "Denoising strength",
    "Styles array", "Prompt", "Negative prompt", "Sigma churn", "NGMS", "Emphasis", "Refiner", "Hires prompt",
]  # fmt: skip
numbers = st.one_of(
    st.integers(-(10**30), 10**30).map(str),
    st.floats().map(repr),
    st.sampled_from(["-0", "1e999", "0x10", "1_000", "\u0663", "9" * 5000, "512x512", "-8x8", "nan", "-1", "1.5", "0"]),
)
values = st.one_of(
    numbers,
    numbers,
    st.text(max_size=12),
    st.sampled_from(["Euler", "Karras", "DPM++ 2M Karras", "{", '"', "\ud800", "Euler a"]),
)
lines = st.dictionaries(st.sampled_from(KEYS), values, max_size=8).map(
    lambda named: ", ".join(f"{key}: {value}" for key, value in named.items())
)
prompts = st.text(max_size=20) | st.just("half a pair \ud800")
texts = st.one_of(st.tuples(prompts, lines).map("\n".join), st.text(max_size=60), lines)
common = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


def image_with(text: str) -> Image.Image:
    image = Image.new("RGB", (64, 64))
    image.info["parameters"] = text
    return image


def assert_sane(p: Any) -> None:
    """What the host is given can be run, sent and saved."""
    for name in ("prompt", "negative_prompt"):
        assert isinstance(getattr(p, name), str) and is_text(getattr(p, name))
    for name in ("seed", "subseed"):
        assert type(getattr(p, name)) is int and abs(getattr(p, name)) <= MAX_SEED
    assert 0 <= p.subseed_strength <= 1
    assert type(p.steps) is int and 1 <= p.steps <= MAX_STEPS
    assert 1 <= p.cfg_scale <= MAX_CFG
    assert all(type(side) is int and 8 <= side <= 8000 for side in (p.width, p.height))
    assert all(type(side) is int and 0 <= side <= 8000 for side in (p.seed_resize_from_w, p.seed_resize_from_h))
    from modules import shared

    for name, value in p.override_settings.items():
        assert name in shared.opts.data_labels
        assert not isinstance(value, float) or math.isfinite(value)


def assert_sentence(error: StrategyError) -> None:
    text = str(error)
    assert text.endswith((".", "?")) and len(text.encode("utf-8", "strict")) < 2000


@common
@given(text=texts)
def test_any_text_of_the_selected_image(api: Callable[..., Any], text: str) -> None:
    from modules import processing

    from hires_strategies.webui.generation import selected_image
    from hires_strategies.webui.generation.request import KEYS

    p: Any = processing.StableDiffusionProcessingTxt2Img(prompt="of the page", enable_hr=True, width=64, height=64)
    p.firstpass_image, p.txt2img_upscale = image_with(text), True
    p.seed, p.subseed, p.subseed_strength, p.seed_resize_from_w, p.seed_resize_from_h = -1, -1, 0, 0, 0
    fields = (True, *([None] * len(KEYS)), "first pass 12-34")
    try:
        selected_image.take_over(p, fields)
    except StrategyError as error:
        assert_sentence(error)
    else:
        assert_sane(p)


@common
@given(text=texts)
def test_any_text_of_a_first_pass_image(api: Callable[..., Any], text: str) -> None:
    from modules import processing

    from hires_strategies.webui.generation import first_image

    p: Any = processing.StableDiffusionProcessingTxt2Img(prompt="", negative_prompt="", seed=-1)
    p.subseed, p.subseed_strength, p.seed_resize_from_w, p.seed_resize_from_h = -1, 0, 0, 0
    try:
        first_image.take_over(p, image_with(text))
    except StrategyError as error:
        assert_sentence(error)
    else:
        assert_sane(p)


@common
@given(text=texts)
def test_any_text_pasted_into_the_page(api: Callable[..., Any], text: str) -> None:
    from modules import infotext_utils

    from hires_strategies.webui.page.preview import preview

    parameters = infotext_utils.parse_generation_parameters(text)
    assert type(pasted_tick(parameters)) is bool
    shown = pasted_strategy(parameters)
    assert shown is None or (isinstance(shown, str) and is_text(shown))
    assert preview(shown or "", {"width": 64, "height": 64}).whole


@pytest.mark.parametrize("value", ["Latent x2 @0.7 \ud800", 7, None, ["Latent x2 @0.7"]])
def test_what_cannot_be_a_text_is_not_pasted(value: object) -> None:
    assert pasted_strategy({"Hires strategy": value}) is None
    assert pasted_tick({"Hires strategy": value}) is False
