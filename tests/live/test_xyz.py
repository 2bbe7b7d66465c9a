"""The axes in the host's own X/Y/Z plot: what their values mean, and that a cell is what a run alone would be."""

from __future__ import annotations

import pytest

from tests.live.client import Answer, Refused, WebUI, difference, same
from tests.live.plots import Axis, axis_labels, plot

STRATEGY, DENOISING, UPSCALER = "[Hires] Strategy", "[Hires] Denoising strength", "[Hires] Upscaler"
SCALE, STEPS, CFG = "[Hires] Scale", "[Hires] Steps", "[Hires] CFG scale"
KEY = "Hires strategy"


def texts(answer: Answer) -> list[str]:
    """The strategy of each cell, from its infotext."""
    return [info.split(f"{KEY}: ")[1].split(", ")[0].split("\n")[0].strip('"') for info in answer.info["infotexts"][1:]]


def test_every_axis_is_there_once(webui: WebUI) -> None:
    labels = axis_labels(webui)
    for label in (STRATEGY, DENOISING, UPSCALER, SCALE, STEPS, CFG):
        assert labels.count(label) == 1


def test_cells_are_what_runs_alone_are(webui: WebUI) -> None:
    answer = plot(webui, "Latent x1.5 @0.7", Axis(DENOISING, "0.5-0.7 (+0.1)"), seed=71)
    assert texts(answer) == ["Latent x1.5 @0.5", "Latent x1.5 @0.6", "Latent x1.5 @0.7"]
    for text, cell in zip(texts(answer), answer.images[1:], strict=True):
        alone = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, seed=71)
        assert same(cell, alone.images[0]), f"{text}: {difference(cell, alone.images[0])}"


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
def test_a_strength_of_0_among_the_cells_is_the_upscale_alone(webui: WebUI, upscaler: str) -> None:
    axes = Axis(DENOISING, "0-1 [3]"), Axis(STEPS, "2,3")
    answer = plot(webui, f"{upscaler} x1.5 @0.7", *axes, seed=72, steps=3)
    assert texts(answer) == [f"{upscaler} x1.5 @{at} [{steps} steps]" for steps in (2, 3) for at in ("0", "0.5", "1")]
    for text, cell in zip(texts(answer), answer.images[1:], strict=True):
        alone = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, seed=72, steps=3)
        assert same(cell, alone.images[0]), f"{text}: {difference(cell, alone.images[0])}"


def test_a_strength_that_is_found_among_the_cells_is_a_number(webui: WebUI) -> None:
    answer = plot(webui, "Lanczos x1.5 @0.7", Axis(DENOISING, "auto,0.5,auto+0.1"), seed=73)
    found = [float(text.split("@")[1]) for text in texts(answer)]
    assert found[1] == 0.5 and found[2] == min(round(found[0] + 0.1, 6), 1)
    for text, cell in zip(texts(answer), answer.images[1:], strict=True):
        alone = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, seed=73)
        assert same(cell, alone.images[0]), f"{text}: {difference(cell, alone.images[0])}"


def test_whole_texts_need_no_section(webui: WebUI) -> None:
    answer = plot(webui, False, Axis(STRATEGY, 'Latent x1.5 @0.6, "Lanczos x1.5 > Nearest x1.2"'))
    assert texts(answer) == ["Latent x1.5 @0.6", "Lanczos x1.5 > Nearest x1.2"]
    assert [image.size for image in answer.images[1:]] == [(192, 192), (230, 230)]


def test_axes_switch_an_unticked_section_on(webui: WebUI) -> None:
    answer = plot(webui, False, Axis(SCALE, "1.25,1.5"), steps=3)
    assert texts(answer) == ["Latent x1.25 @0.7", "Latent x1.5 @0.7"]


def test_values_of_one_stage(webui: WebUI) -> None:
    section = "Latent x1.25 @0.6 > Lanczos x1.2 @0.4"
    answer = plot(webui, section, Axis(DENOISING, "2: 0.3, 0.5"), Axis(STEPS, "1: 4"), steps=3)
    assert texts(answer) == [
        "Latent x1.25 @0.6 [4 steps] > Lanczos x1.2 @0.3",
        "Latent x1.25 @0.6 [4 steps] > Lanczos x1.2 @0.5",
    ]


def test_one_field_in_two_stages(webui: WebUI) -> None:
    section = "Latent x1.25 @0.6 > Lanczos x1.2 @0.4"
    answer = plot(webui, section, Axis(DENOISING, "1: 0.5, 0.7"), Axis(DENOISING, "2: 0.2"), steps=3)
    assert texts(answer) == ["Latent x1.25 @0.5 > Lanczos x1.2 @0.2", "Latent x1.25 @0.7 > Lanczos x1.2 @0.2"]


def test_axes_in_any_order(webui: WebUI) -> None:
    axes = Axis(CFG, "3,6"), Axis(STRATEGY, "Latent x1.25 @0.6"), Axis("Seed", "5,6")
    answer = plot(webui, False, *axes, steps=3)
    assert texts(answer) == ["Latent x1.25 @0.6 [cfg 3]", "Latent x1.25 @0.6 [cfg 6]"] * 2


def test_the_drop_down(webui: WebUI) -> None:
    answer = plot(webui, "Lanczos x1.25 @0.5", Axis(UPSCALER, ["Latent", "Nearest"]), steps=3)
    assert texts(answer) == ["Latent x1.25 @0.5", "Nearest x1.25 @0.5"]


def test_cells_share_the_first_pass(webui: WebUI) -> None:
    """The last cell's first pass is the first one's: a generation afterwards finds it, too."""
    plot(webui, "Latent x1.5 @0.7", Axis(DENOISING, "0.4,0.5"), Axis(UPSCALER, "Latent,Lanczos"), seed=4242)
    assert webui.txt2img("Lanczos x1.5", seed=4242).records[0]["first_pass_reused"]


def test_no_value_stays_behind(webui: WebUI) -> None:
    plot(webui, "Latent x1.5 @0.7", Axis(DENOISING, "0.4,0.5"), steps=3)
    assert KEY not in webui.txt2img(False, steps=3).info["infotexts"][0]


def test_cells_without_our_axes_are_the_sections(webui: WebUI) -> None:
    answer = plot(webui, "Lanczos x1.5", Axis("Seed", "5,6"), steps=3)
    assert texts(answer) == ["Lanczos x1.5"] * 2


@pytest.mark.parametrize(
    ("section", "axes", "words"),
    [
        ("Latent x2 @0.7", [Axis(STRATEGY, "Latent x2 @0.7, Latnt x2 @0.7")], ["'Latnt'", "'Latent'"]),
        ("Latent x2 @0.7", [Axis(STRATEGY, '"Latent x2 @{0.5,0.7}"')], ["2 variants", "axis"]),
        ("Latent x2 @{0.5,0.7}", [Axis(CFG, "3,4")], ["2 variants", "axis"]),
        ("Latent x2 @0.7", [Axis(DENOISING, "0.5,1.5")], ["1.5"]),
        ("Latent x2 @0.7", [Axis(DENOISING, "0.5,strong")], ["strong"]),
        ("Latent x2 @0.7", [Axis(DENOISING, "0.5-0.9 (+0)")], ["step of 0"]),
        ("Latent x2 @0.7", [Axis(DENOISING, "2: 0.5")], ["no stage 2"]),
        ("Latent x2 @0.7", [Axis(UPSCALER, "Lanczos,Lancos")], ["'Lancos'", "'Lanczos'"]),
        ("Latent x2 @0.7", [Axis(SCALE, "2,16,100")], ["100"]),
        ("Lanczos x8 > Lanczos x8", [Axis(SCALE, "1: 16")], ["8000"]),
        ("Lanczos x2", [Axis(STEPS, "5")], ["no stage"]),
        (False, [Axis(DENOISING, "2: 0.5"), Axis(STRATEGY, "Latent x2 @0.7")], ["no stage 2"]),
        ("", [Axis(CFG, "5")], ["empty"]),
        ("Latent x2 @0.7", [Axis(STEPS, "5.5")], ["whole", "5.5"]),
        ("Latent x2 @0.7", [Axis(STRATEGY, "")], ["no values"]),
    ],
)
def test_bad_values_are_refused_before_the_first_cell(
    webui: WebUI, section: object, axes: list[Axis], words: list[str]
) -> None:
    with pytest.raises(Refused) as caught:
        plot(webui, section, *axes)
    assert caught.value.status == 422
    for word in words:
        assert word in caught.value.detail
