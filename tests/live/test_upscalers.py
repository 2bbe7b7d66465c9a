"""Pixel upscalers as Hires. fix uses them: models whose own scale is 1, and models that cannot be loaded.

The upscalers are those of tests/live/faults/scripts/upscalers.py; `one_scale_model.py` makes a real 1x ESRGAN as well.
"""

from __future__ import annotations

import pytest
from PIL import Image, ImageFilter

from tests.live.client import Answer, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes", "extension")

STEPS = {"steps": 3}
REAL = "one-ESRGAN-x1"


@pytest.fixture(scope="module")
def extension(webui: WebUI) -> None:
    if "Test sharpen" not in webui.names("upscalers"):
        pytest.skip("this WebUI runs without the tests' upscalers")


@pytest.fixture(scope="module")
def first(webui: WebUI) -> Image.Image:
    return webui.txt2img(**STEPS).images[0].convert("RGB")


def only(answer: Answer) -> Image.Image:
    assert answer.records[0]["error"] is None
    return answer.images[0]


@pytest.mark.parametrize("upscaler", ["Test sharpen", "Test same", REAL])
@pytest.mark.parametrize("scale", [1, 1.3, 2])
def test_a_model_of_scale_1_with_sampling_is_hires_fix(webui: WebUI, upscaler: str, scale: float) -> None:
    if upscaler not in webui.names("upscalers"):
        pytest.skip(f"this WebUI has no {upscaler}")
    theirs = webui.hires_fix(upscaler, scale, 0.5, **STEPS).images[0]
    ours = only(webui.txt2img(f"{upscaler} x{scale} @0.5", **STEPS))
    assert same(ours, theirs), difference(ours, theirs)


def test_a_model_of_scale_1_alone_is_used_and_resized(webui: WebUI, first: Image.Image) -> None:
    sharp = first.filter(ImageFilter.SHARPEN)
    assert same(only(webui.txt2img("Test sharpen x1", **STEPS)), sharp)
    assert same(only(webui.txt2img("Test sharpen x1 @0", **STEPS)), sharp)
    assert same(only(webui.txt2img("Test sharpen 128x128", **STEPS)), sharp)
    twice = sharp.resize((256, 256), Image.Resampling.LANCZOS)
    assert same(only(webui.txt2img("Test sharpen x2", **STEPS)), twice)
    # Then sampled as Hires. fix samples what it leaves alone.
    chain = only(webui.txt2img("Test sharpen x1 > None x1 @0.5", **STEPS))
    assert not same(chain, only(webui.txt2img("None x1 @0.5", **STEPS)))


def test_a_model_that_leaves_every_pixel_as_it_is_has_run(webui: WebUI, first: Image.Image) -> None:
    assert same(only(webui.txt2img("Test same x1", **STEPS)), first)


def test_a_larger_model_at_the_pictures_own_size_enlarges_and_shrinks(webui: WebUI, first: Image.Image) -> None:
    name = webui.model_upscaler()
    at_own_size = only(webui.txt2img(f"{name} x1", **STEPS))
    assert at_own_size.size == first.size
    assert not same(at_own_size, first)


@pytest.mark.parametrize(
    ("upscaler", "sentence"),
    [
        (
            "Test missing",
            "the model of the upscaler 'Test missing' could not be downloaded from "
            "https://models.invalid/test-missing.pth: <urlopen error Name or service not known>.",
        ),
        ("Test silent", "the upscaler 'Test silent' returned its input unchanged (the host's console says why)."),
    ],
)
@pytest.mark.parametrize("text", ["{} x2", "{} x2 @0.5", "{} x1"])
def test_a_model_that_cannot_be_had_says_why(webui: WebUI, upscaler: str, sentence: str, text: str) -> None:
    text = text.format(upscaler)
    answer = webui.txt2img(text, **STEPS)
    assert answer.records[0]["error"] == f"'{text}' failed: {sentence}"


def test_what_the_host_only_prints_is_told_where_it_keeps_it(webui: WebUI) -> None:
    error = webui.txt2img("Test quiet x2", **STEPS).records[0]["error"]
    told = "the upscaler 'Test quiet' could not load its model: bad file inside quiet.pth."
    assert error == f"'Test quiet x2' failed: {told}"
