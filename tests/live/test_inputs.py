"""What programs send in other forms than the page: deep pictures, lists of every length, odd sizes."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.live.client import TITLE, Answer, Refused, WebUI, difference, same


def deep_png() -> tuple[str, Any]:
    """A gray picture of 16 bits as base64, and its right pixels in 8."""
    ramp = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    data = io.BytesIO()
    Image.fromarray(ramp).save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode(), np.rint(ramp / 257).astype(np.uint8)


@pytest.mark.parametrize("text", ["None x1", "Nearest x2"])
def test_a_picture_of_16_bits_is_what_it_looks_like(webui: WebUI, text: str) -> None:
    image, right = deep_png()
    answer = webui.txt2img({"strategies": text, "first_pass_image": image})
    scale = answer.images[0].width // 64
    assert np.array_equal(np.asarray(answer.images[0])[::scale, ::scale, 0], right)


def answer_to_list(webui: WebUI, arguments: Any, **fields: Any) -> Answer:
    return webui.txt2img(alwayson_scripts={TITLE: {"args": arguments}}, **{"steps": 2, **fields})


PAIR = "Nearest x2\nNearest x1.5"
PAGE = [True, PAIR, False, False, True, "whole", True, False]  # every value that the page sends


@pytest.mark.parametrize(
    ("arguments", "sheet"),
    [
        *[(PAGE[:length], length >= 5) for length in range(2, len(PAGE) + 1)],
        ([*PAGE[:4], False, *PAGE[5:]], False),
        ([PAIR], False),
        ([PAIR, *PAGE[1:]], False),
        ([{"strategies": [PAIR]}], False),
        ([{"strategies": [PAIR], "sheet": True}], True),
        ([{"strategies": [PAIR], "sheet": False}, *PAGE[1:]], False),
    ],
)
def test_a_sheet_is_made_where_it_was_asked_for(webui: WebUI, arguments: list[Any], sheet: bool) -> None:
    """A queue sends all of the page's values, a program those it knows; the host completes the list."""
    kinds = [record["kind"] for record in answer_to_list(webui, arguments).records]
    assert kinds == ["variant", "variant", *["sheet"] * sheet]


def test_an_infotext_asks_for_no_sheet(webui: WebUI) -> None:
    text = webui.txt2img(PAIR, steps=2).info["infotexts"][0]
    answer = webui.answer_to(
        {"infotext": text.replace("Hires strategy: Nearest x2", "Hires strategy: Nearest x{2..3}")}
    )
    assert [record["kind"] for record in answer.records] == ["variant", "variant"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("Lanczos x2", "'args' has to be a list, .* and not a text, found one that begins with 'Lanczos"),
        ('{"strategies": ["Lanczos x2"]}', "'args' has to be a list, .* and not a text"),
        ([["Lanczos x2"]], "has to be true, false, a strategy text or an object, found .'Lanczos x2'."),
        ([2], "found 2"),
        ([True], None),
        ([True, None], "found None"),
        ([True, 7], "found 7"),
        ([True, PAIR, "yes"], "'stages' has to be true or false, found 'yes'"),
    ],
)
def test_a_list_that_is_none_is_told_so(webui: WebUI, arguments: Any, words: str | None) -> None:
    if words is None:  # the text that the page begins with
        assert len(answer_to_list(webui, arguments).images) == 1
        return
    with pytest.raises(Refused, match=words) as caught:
        answer_to_list(webui, arguments)
    assert caught.value.status == 422


@pytest.mark.parametrize("size", [(135, 128), (128, 100), (71, 131)])
@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("Latent x2 @0.7", {"hr_upscaler": "Latent", "hr_scale": 2}),
        ("Lanczos x2 @0.7", {"hr_upscaler": "Lanczos", "hr_scale": 2}),
        ("None x1.3 @0.7", {"hr_upscaler": "None", "hr_scale": 1.3}),
        ("Latent (bicubic) 200x168 @0.7", {"hr_upscaler": "Latent (bicubic)", "hr_resize_x": 200, "hr_resize_y": 168}),
        ("Nearest 168x207 @0.7", {"hr_upscaler": "Nearest", "hr_resize_x": 168, "hr_resize_y": 207}),
    ],
)
def test_odd_sizes_are_hires_fix(webui: WebUI, text: str, fields: dict[str, Any], size: tuple[int, int]) -> None:
    asked = {"width": size[0], "height": size[1], "steps": 3}
    theirs = webui.txt2img(enable_hr=True, denoising_strength=0.7, **fields, **asked)
    ours = webui.txt2img({"strategies": text, "reuse_first_pass": False}, **asked)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": text, **asked})
    assert (plan["stages"][0]["width"], plan["stages"][0]["height"]) == theirs.images[0].size


def test_an_odd_size_from_noise_alone_is_txt2img(webui: WebUI) -> None:
    theirs = webui.txt2img(width=int(71 * 1.5), height=int(131 * 1.5), steps=3)
    ours = webui.txt2img("Direct x1.5", width=71, height=131, steps=3)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_a_remembered_first_pass_of_an_odd_size_goes_on_the_same(webui: WebUI) -> None:
    asked = {"width": 71, "height": 131, "steps": 3}
    fresh = webui.txt2img({"strategies": "Latent x2 @0.7", "reuse_first_pass": False}, **asked)
    webui.txt2img(**asked)
    again = webui.txt2img("Latent x2 @0.7", **asked)
    assert again.records[0]["first_pass_reused"]
    assert same(again.images[0], fresh.images[0]), difference(again.images[0], fresh.images[0])


def test_stages_after_hires_fix_of_an_odd_size_start_from_its_picture(webui: WebUI) -> None:
    asked = {"width": 71, "height": 131, "steps": 3, "hr_upscaler": "Latent", "hr_scale": 1.5}
    theirs = webui.txt2img(enable_hr=True, denoising_strength=0.7, **asked)
    ours = webui.txt2img("Nearest x2", enable_hr=True, denoising_strength=0.7, **asked)
    width, height = theirs.images[0].size
    assert same(ours.images[0], theirs.images[0].resize((width * 2, height * 2), Image.Resampling.NEAREST))


def test_a_strength_of_0_is_the_upscale_alone(webui: WebUI) -> None:
    """A pixel one as without a strength; a latent one decoded: what comes out is the first pass, larger and blurred."""
    argument = {"strategies": ["Lanczos x2 @{0,0.5}", "Lanczos x2", "Latent x2 @{0..1..0.5}"], "first_pass": True}
    answer = webui.txt2img(argument, steps=3, seed=73)
    assert [record["strategy"] for record in answer.records] == [
        "Lanczos x2 @0", "Lanczos x2 @0.5", "Latent x2 @0", "Latent x2 @0.5", "Latent x2 @1", None
    ]  # fmt: skip
    assert answer.records[0]["same_as"] == ["Lanczos x2"]
    latent, first = answer.records[2], answer.images[-1].convert("RGB")
    assert (latent["start_sigma"], latent["model_evaluations"], latent["error"]) == (None, 0, None)
    assert same(answer.images[0], first.resize((256, 256), Image.Resampling.LANCZOS))
    larger = np.asarray(answer.images[0]).astype(int)
    distances = [abs(np.asarray(answer.images[index]).astype(int) - larger).mean() for index in (2, 3, 4)]
    assert 0 < distances[0] < min(distances[1:])
    again = webui.txt2img("Latent x2 @0", steps=3, seed=73)
    assert same(again.images[0], answer.images[2])
    assert "Hires strategy: Latent x2 @0" in again.info["infotexts"][0]
    pasted = webui.answer_to({"infotext": again.info["infotexts"][0]})
    assert same(pasted.images[0], again.images[0])
