"""first_pass_image: a picture to start from in place of a first pass."""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from tests.live.client import BASE, Answer, Refused, WebUI, difference, same

# A request that names neither prompts nor a seed: they come from the picture's infotext.
EMPTY = {"prompt": "", "negative_prompt": "", "seed": -1}


def encoded(image: Image.Image, text: str | None = None) -> str:
    """PNG as base64, with generation parameters where there are any."""
    info = PngImagePlugin.PngInfo()
    if text:
        info.add_text("parameters", text)
    data = io.BytesIO()
    image.save(data, "PNG", pnginfo=info)
    return base64.b64encode(data.getvalue()).decode()


def run(webui: WebUI, strategies: Any, image: str, fields: dict[str, Any], **argument: Any) -> Answer:
    return webui.txt2img({"strategies": strategies, "first_pass_image": image, **argument}, **fields)


@pytest.fixture(scope="module")
def first(webui: WebUI) -> Answer:
    return webui.txt2img()


@pytest.fixture(scope="module")
def png(first: Answer) -> str:
    return encoded(first.images[0], first.info["infotexts"][0])


@pytest.mark.parametrize("text", ["Lanczos x2 @0.5", "Lanczos x1.5 @0.6 [sampler DPM++ 2M] > Nearest x2", "None x2"])
def test_a_pixel_stage_goes_on_as_from_the_first_pass_itself(webui: WebUI, png: str, text: str) -> None:
    """Bit for bit: seed, prompts and what the autoencoder draws are those of the picture's own generation."""
    whole = webui.txt2img(text)
    from_image = run(webui, text, png, EMPTY)
    assert same(from_image.images[0], whole.images[0]), difference(from_image.images[0], whole.images[0])
    assert from_image.info["seed"] == BASE["seed"]
    assert from_image.info["prompt"] == BASE["prompt"]
    assert from_image.info["negative_prompt"] == BASE["negative_prompt"]


def test_a_variation_seed_comes_along(webui: WebUI) -> None:
    fields = {"subseed": 77, "subseed_strength": 0.4}
    varied = webui.txt2img(**fields)
    whole = webui.txt2img("Lanczos x1.5 @0.6", **fields)
    png = encoded(varied.images[0], varied.info["infotexts"][0])
    from_image = run(webui, "Lanczos x1.5 @0.6", png, EMPTY)
    assert same(from_image.images[0], whole.images[0]), difference(from_image.images[0], whole.images[0])


def test_what_the_request_gives_wins_over_the_picture(webui: WebUI, first: Answer, png: str) -> None:
    fields = {"prompt": "a tower", "negative_prompt": "fog", "seed": 5}
    answer = run(webui, "Lanczos x1.5 @0.6", png, fields)
    assert [answer.info[key] for key in fields] == list(fields.values())
    without_text = run(webui, "Lanczos x1.5 @0.6", encoded(first.images[0]), fields)
    assert same(answer.images[0], without_text.images[0])


def test_a_picture_without_text_takes_a_random_seed(webui: WebUI, first: Answer) -> None:
    answer = run(webui, "Nearest x2", encoded(first.images[0]), EMPTY)
    assert same(answer.images[0], first.images[0].resize((256, 256), Image.Resampling.NEAREST))
    assert answer.info["seed"] >= 0
    assert answer.info["prompt"] == ""


def test_latent_stages_and_the_records(webui: WebUI, png: str, first: Answer) -> None:
    answer = run(webui, ["Latent x1.5 @0.6", "Latent x2 @0.7 > Nearest x1.5"], png, EMPTY, stages=True, first_pass=True)
    assert [record["kind"] for record in answer.records] == ["variant", "variant", "stage", "first_pass"]
    assert [image.size for image in answer.images] == [(192, 192), (384, 384), (256, 256), (128, 128)]
    assert {record["seed"] for record in answer.records} == {BASE["seed"]}
    assert {record["first_pass_reused"] for record in answer.records} == {False}
    assert same(answer.images[3], first.images[0])
    alone = run(webui, "Latent x1.5 @0.6", png, EMPTY)
    assert same(alone.images[0], answer.images[0]), difference(alone.images[0], answer.images[0])


def test_latent_stages_do_not_depend_on_what_ran_before(webui: WebUI, png: str) -> None:
    alone = run(webui, "Latent x1.5 @0.6", png, EMPTY)
    behind = run(webui, ["Lanczos x1.2 @0.5", "Latent x1.5 @0.6"], png, EMPTY)
    assert same(alone.images[0], behind.images[1]), difference(alone.images[0], behind.images[1])


def test_any_size_is_kept_exactly(webui: WebUI) -> None:
    picture = Image.effect_mandelbrot((100, 68), (-2, -1.5, 1, 1.5), 50).convert("RGB")
    answer = run(webui, ["Nearest x2", "Nearest x1.5 @0.4", "Latent x2 @0.5"], encoded(picture), {"seed": 3})
    assert [image.size for image in answer.images] == [(200, 136), (144, 96), (200, 136)]
    assert same(answer.images[0], picture.resize((200, 136), Image.Resampling.NEAREST))
    assert "Size: 100x68" in answer.info["infotexts"][0]


def test_in_batches_every_image_starts_from_it(webui: WebUI, png: str) -> None:
    fields = {**EMPTY, "batch_size": 2, "n_iter": 2, "override_settings": {"return_grid": False}}
    answer = run(webui, "Lanczos x1.5 @0.6", png, fields)
    assert answer.info["all_seeds"] == [1234, 1235, 1236, 1237]
    second = run(webui, "Lanczos x1.5 @0.6", png, {**fields, "seed": 1236, "n_iter": 1})
    assert (len(answer.images), len(second.images)) == (4, 2)
    for image, again in zip(answer.images[2:], second.images, strict=True):
        assert same(image, again), difference(image, again)


def test_the_infotext_says_that_there_was_a_picture(webui: WebUI, png: str) -> None:
    assert "First pass image: " in run(webui, "None x2", png, EMPTY).info["infotexts"][0]
    assert "First pass image" not in webui.txt2img("None x2").info["infotexts"][0]


def test_nothing_of_it_stays_for_the_next_request(webui: WebUI, first: Answer, png: str) -> None:
    run(webui, "Latent x1.5 @0.6", png, {"prompt": "a tower", "seed": 5})
    assert same(webui.txt2img().images[0], first.images[0])
    assert same(webui.txt2img("Nearest x2").images[0], first.images[0].resize((256, 256), Image.Resampling.NEAREST))


@pytest.mark.parametrize(
    ("image", "fields", "words"),
    [
        ("abc", {}, ["'first_pass_image'", "base64"]),
        ("aGVsbG8=", {}, ["'first_pass_image'", "no image"]),
        (encoded(Image.new("RGB", (9000, 8))), {}, ["9000x8", "8 to 8000"]),
        (encoded(Image.new("RGB", (64, 64))), {"enable_hr": True}, ["Hires. fix", "enable_hr"]),
        (encoded(Image.new("RGB", (5000, 64))), {}, ["'Latent x2 @0.7'", "10000x128", "8000"]),
    ],
)
def test_a_picture_that_cannot_be_used(webui: WebUI, image: str, fields: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        run(webui, "Latent x2 @0.7", image, fields)
    assert caught.value.status == 422
    for word in words:
        assert word in caught.value.detail


HOSTILE = {
    "Seed": ["99999999999999999999999999", "-99999999999999999999999999", "1e9", "nan", "abc", "9" * 5000],
    "Variation seed": ["99999999999999999999999999", "x"],
    "Variation seed strength": ["nan", "inf", "2", "-1", "1e400", "x"],
    "Seed resize from": ["1000000000x64", "64x0x1", "-8x64"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in HOSTILE.items() for value in values])
def test_a_value_of_the_picture_that_cannot_be_is_named(webui: WebUI, first: Answer, key: str, value: str) -> None:
    values = {"Steps": "6", "Sampler": "Euler", "Seed": "5", "Variation seed": "3", "Variation seed strength": "0.5"}
    text = "a house\n" + ", ".join(f"{name}: {each}" for name, each in {**values, key: value}.items())
    with pytest.raises(Refused) as caught:
        run(webui, "Nearest x2", encoded(first.images[0], text), EMPTY)
    assert caught.value.status == 422
    assert f"'{key}'" in caught.value.detail and value[:20] in caught.value.detail
    answer = run(webui, "Nearest x2", encoded(first.images[0], text), {**EMPTY, "seed": 4})
    assert answer.info["seed"] == 4


def test_a_text_that_the_host_cannot_read_is_a_sentence(webui: WebUI, first: Answer) -> None:
    text = "a house\nSteps: 6, Sampler: Euler, Seed: 5, Size: 64x64, First pass size: axb, Version: v1.10.1"
    try:
        run(webui, "Nearest x2", encoded(first.images[0], text), EMPTY)
    except Refused as refused:
        assert refused.status == 422
