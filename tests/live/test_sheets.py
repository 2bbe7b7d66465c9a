"""The contact sheet of a generation over the API: last, made of what came out, and by the host's own rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.live.client import TITLE, Answer, Refused, WebUI, same
from tests.live.plots import Axis, plot

SWEEP = "Latent x2 @{0.4,0.7}"


def sheets(answer: Answer) -> list[int]:
    return [record["index"] for record in answer.records if record["kind"] == "sheet"]


def test_it_comes_last_and_holds_the_variants(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [SWEEP], "sheet": True, "crops": "whole", "first_pass": True, "stages": True})
    assert sheets(answer) == [len(answer.images) - 1]
    sheet = np.asarray(answer.images[-1].convert("RGB"))
    for record in answer.records:
        if record["kind"] == "variant":
            assert holds(sheet, np.asarray(answer.images[record["index"]].convert("RGB"))), record


def test_its_record_says_where_each_variant_lies(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": ["Latent x2 @{0.4,0.7,0.95,1}"], "sheet": True, "crops": "whole"})
    variants = {record["strategy"]: answer.images[record["index"]] for record in answer.records[:-1]}
    tiles = answer.records[-1]["tiles"]
    assert [tile["strategy"] for tile in tiles] == list(variants) and len(tiles) == 3, "two of the four are one picture"
    assert all("tiles" not in record for record in answer.records[:-1])
    for tile in tiles:
        assert same(answer.images[-1].crop(tile["box"]), variants[tile["strategy"]])


def holds(sheet: np.ndarray, picture: np.ndarray) -> bool:
    """Whether a picture stands in a sheet as it is."""
    height, width = picture.shape[:2]
    corner = picture[0, 0]
    rows, columns = np.nonzero((sheet[: -height + 1 or None, : -width + 1 or None] == corner).all(axis=2))
    return any(
        np.array_equal(sheet[row : row + height, column : column + width], picture)
        for row, column in zip(rows, columns, strict=True)
    )


def test_crops_are_smaller_than_whole_pictures(webui: WebUI) -> None:
    crops, whole = (
        webui.txt2img({"strategies": [SWEEP], "sheet": True, "crops": crops}, width=256, height=256)
        for crops in ("differences", "whole")
    )
    one, other = crops.images[-1], whole.images[-1]
    assert one.width * one.height < other.width * other.height
    assert len(crops.images) == len(whole.images) == 3
    assert same(crops.images[0], whole.images[0])


def test_its_text_restores_the_whole_sweep(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [SWEEP], "sheet": True})
    text = answer.info["infotexts"][-1]
    again = webui.answer_to({"infotext": text})
    assert len(again.images) == 2
    assert all(same(again.images[n], answer.images[n]) for n in range(2))


def test_every_image_of_a_batch_has_its_own(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [SWEEP], "sheet": True}, batch_size=2, n_iter=2)
    assert sheets(answer) == [8, 9, 10, 11]
    assert [answer.records[n]["seed"] for n in sheets(answer)] == [1234, 1235, 1236, 1237]


@pytest.mark.parametrize(
    "strategies", [["Latent x2 @0.7"], ["Latent x2 @{0.95,1}"], ["Lanczos x2", "Lanczos x2"]], ids=str
)
def test_one_picture_needs_none(webui: WebUI, strategies: list[str]) -> None:
    answer = webui.txt2img({"strategies": strategies, "sheet": True})
    assert sheets(answer) == [] and len(answer.images) == 1


@pytest.mark.parametrize("arguments", [[{"strategies": [SWEEP]}], [SWEEP], [True, SWEEP]], ids=str)
def test_none_without_being_asked(webui: WebUI, arguments: list[Any]) -> None:
    """Not even where the host completes a list with the page's defaults, one of which is to make a sheet."""
    answer = webui.txt2img(alwayson_scripts={TITLE: {"args": arguments}})
    assert sheets(answer) == [] and len(answer.images) == 2


def test_none_inside_an_xyz_plot(webui: WebUI) -> None:
    argument = {"strategies": ["Latent x2 @0.7"], "sheet": True}
    answer = plot(webui, argument, Axis("[Hires] Denoising strength", "0.5,0.7"))
    assert sheets(answer) == []


def test_variants_without_a_first_pass(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": ["Direct x1.5", "Direct x2"], "sheet": True})
    assert sheets(answer) == [2]


def test_a_chosen_box(webui: WebUI) -> None:
    box = {"override_settings": {"hires_strategies_crops_box": "0 0 25 50"}}
    answer = webui.txt2img({"strategies": [SWEEP], "sheet": True}, **box)
    found = np.asarray(answer.images[-1].convert("RGB"))
    assert holds(found, np.asarray(answer.images[0].convert("RGB"))[:128, :64])


def test_a_box_that_is_none_is_refused_before_anything_runs(webui: WebUI) -> None:
    box = {"override_settings": {"hires_strategies_crops_box": "70 0 25 50"}}
    with pytest.raises(Refused, match=r"422: .*left, top, right and bottom in per cent.*70 0 25 50"):
        webui.txt2img({"strategies": [SWEEP], "sheet": True}, **box)


def test_one_over_the_hosts_limit_is_scaled_down(webui: WebUI) -> None:
    argument = {"strategies": [SWEEP], "sheet": True, "crops": "whole"}
    answer = webui.txt2img(argument, override_settings={"img_max_size_mp": 0.05})
    sheet = answer.images[-1]
    assert sheets(answer) == [2] and sheet.width * sheet.height <= 50_000


def test_a_prompt_of_any_script(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [SWEEP], "sheet": True}, prompt="漢字, かな, 한글, עברית, 🐈, \u0000\ue123")
    assert sheets(answer) == [2]


@pytest.mark.parametrize("value", ["abc", None, -1, 0, 1.5, True, [1]], ids=str)
@pytest.mark.parametrize("option", ["hires_strategies_variants", "hires_strategies_longest_side"])
def test_a_limit_that_is_none_is_refused(webui: WebUI, option: str, value: Any) -> None:
    with pytest.raises(Refused, match=rf"422: .*'{option}' has to be a whole number of at least 1, found"):
        webui.txt2img("Nearest x2", override_settings={option: value}, width=64, height=64, steps=1)


@pytest.mark.parametrize("value", ["abc", None, -1, [1]], ids=str)
def test_settings_of_the_memory_stop_nothing(webui: WebUI, value: Any) -> None:
    names = ("remember_first_passes", "remembered_images", "remembered_megabytes", "audit_first_passes")
    options = {f"hires_strategies_{name}": value for name in names}
    for argument in (None, "Nearest x2"):
        assert len(webui.txt2img(argument, override_settings=options, width=64, height=64, steps=1).images) == 1
