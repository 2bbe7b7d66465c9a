"""What a ticked section gives: which images, in which order, with which text and record."""

from __future__ import annotations

import pytest

from tests.live.client import TITLE, Refused, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes")

KEY = "Hires strategy"


def test_left_alone_nothing_changes(webui: WebUI) -> None:
    plain = webui.txt2img()
    unticked = webui.txt2img(False)
    assert same(plain.images[0], unticked.images[0])
    assert KEY not in unticked.info["infotexts"][0]
    assert "hires_strategies" not in unticked.info


def test_the_result_takes_the_place_of_the_first_pass(webui: WebUI) -> None:
    answer = webui.txt2img("Latent x2 @0.7 > Lanczos x1.5")
    assert [image.size for image in answer.images] == [(384, 384)]
    assert f"{KEY}: Latent x2 @0.7 > Lanczos x1.5" in answer.info["infotexts"][0]
    assert "Denoising strength" not in answer.info["infotexts"][0]
    assert "Hires up" not in answer.info["infotexts"][0]
    assert answer.images[0].info["parameters"] == answer.info["infotexts"][0]


def test_a_pixel_chain_is_the_upscalers_alone(webui: WebUI) -> None:
    first = webui.txt2img().images[0]
    answer = webui.txt2img("Nearest x2 > Nearest x1.5")
    assert same(answer.images[0], first.resize((256, 256), 0).resize((384, 384), 0))


def test_several_lines_start_from_one_first_pass(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": ["Latent x2 @0.7", "Lanczos x1.5"], "stages": True, "first_pass": True})
    alone = [webui.txt2img(text).images[0] for text in ("Latent x2 @0.7", "Lanczos x1.5")]
    assert [record["kind"] for record in answer.records] == ["variant", "variant", "first_pass"]
    assert same(answer.images[0], alone[0]), difference(answer.images[0], alone[0])
    assert same(answer.images[1], alone[1]), difference(answer.images[1], alone[1])
    assert same(answer.images[2], webui.txt2img().images[0])
    assert f"{KEY}: Lanczos x1.5" in answer.info["infotexts"][1]
    assert KEY not in answer.info["infotexts"][2]
    assert answer.images[2].info["parameters"] == answer.info["infotexts"][2]


def test_variants_do_not_depend_on_their_order(webui: WebUI) -> None:
    texts = ["Lanczos x1.5 @0.5", "Latent x2 @0.6", "Lanczos x2 @0.4 > Lanczos x1.5 @0.3"]
    one = webui.txt2img({"strategies": texts}, sampler_name="Euler a")
    other = webui.txt2img({"strategies": texts[::-1]}, sampler_name="Euler a")
    for image, again in zip(one.images, other.images[::-1], strict=False):
        assert same(image, again), difference(image, again)


def test_the_order_of_images_in_batches(webui: WebUI) -> None:
    argument = {"strategies": ["Latent x1.5 @0.7 > Lanczos x1.2", "Lanczos x1.5"], "stages": True, "first_pass": True}
    answer = webui.txt2img(argument, batch_size=2, n_iter=2, steps=3, override_settings={"return_grid": False})
    assert [record["kind"] for record in answer.records] == (["variant"] * 8 + ["stage"] * 4 + ["first_pass"] * 4)
    seeds = [1234, 1235, 1236, 1237]
    assert [record["seed"] for record in answer.records] == seeds * 4
    assert [record["index"] for record in answer.records] == list(range(16))
    for image, record in zip(answer.images, answer.records, strict=False):
        assert image.size == (record["width"], record["height"])
        assert f"Seed: {record['seed']}" in image.info["parameters"]


def test_the_hosts_own_grid_comes_first(webui: WebUI) -> None:
    answer = webui.txt2img(
        "Lanczos x1.5", batch_size=2, steps=2, save_images=True, override_settings={"return_grid": True}
    )
    assert [record["index"] for record in answer.records] == [1, 2]


def test_equal_variants_are_one_picture(webui: WebUI) -> None:
    answer = webui.txt2img("Latent x1.5 @{0.95,1}")
    assert len(answer.images) == 1
    assert answer.records[0]["same_as"] == ["Latent x1.5 @1"]


def test_direct_is_txt2img_at_that_size(webui: WebUI) -> None:
    answer = webui.txt2img("Direct x1.5")
    large = webui.txt2img(width=192, height=192)
    assert same(answer.images[0], large.images[0]), difference(answer.images[0], large.images[0])


def test_with_hires_fix_its_result_is_what_goes_on(webui: WebUI) -> None:
    fixed = webui.hires_fix("Latent", 1.5, 0.7)
    answer = webui.txt2img(
        {"strategies": ["Nearest x2"], "first_pass": True},
        enable_hr=True, hr_upscaler="Latent", hr_scale=1.5, denoising_strength=0.7,
    )  # fmt: skip
    assert same(answer.images[0], fixed.images[0].resize((384, 384), 0))
    assert same(answer.images[1], fixed.images[0])


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("Latnt x2 @0.7", ["Line 1, column 1", "'Latnt'", "Did you mean 'Latent'?"]),
        ("Latent x2", ["column 10", "denoising strength"]),
        ("Latent x2 @1.7", ["column 12", "1.7"]),
        ("Latent x0 @0.5", ["scale", "0"]),
        ("Lanczos x16 > Lanczos x8", ["column 15", "8000"]),
        ("Latent x2 @{0..1..0.0001}", ["variants"]),
        ("Latent x2 @0.7 [sampler Eular]", ["'Eular'", "Euler"]),
        ("Latent x2 @0.7 [scheduler Karas]", ["'Karas'", "Karras"]),
        ("", ["empty"]),
        (7, ["7"]),
        ({"strategy": "Latent x2 @0.7"}, ["'strategy'", "strategies"]),
        ({"strategies": ["Latent x2 @0.7"], "stages": "yes"}, ["'stages'", "'yes'"]),
    ],
)
def test_bad_input_is_refused_before_anything_runs(webui: WebUI, argument: object, words: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        webui.txt2img(argument)
    assert caught.value.status == 422
    for word in words:
        assert word in caught.value.detail
    assert same(webui.txt2img().images[0], webui.txt2img().images[0])  # the host generates afterwards


def test_the_section_is_an_always_on_script(webui: WebUI) -> None:
    assert TITLE.lower() in webui.get("/sdapi/v1/scripts")["txt2img"]
    assert TITLE.lower() not in webui.get("/sdapi/v1/scripts")["img2img"]
