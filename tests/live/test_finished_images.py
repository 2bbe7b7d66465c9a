"""What other scripts do to each finished image (ADetailer, for faces), for the first variant or for every one.

Run with the stand-in of tests/live/faults and, where it is installed with a model that finds something, with ADetailer.
"""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.live.client import Answer, WebUI, difference, same
from tests.live.running import Running

pytestmark = pytest.mark.usefixtures("computed_first_passes")

FIELDS: dict[str, Any] = {"steps": 3, "seed": 41, "override_settings": {"return_grid": False}}
SWEEP = ["Lanczos x1.5", "Latent x2 @0.7", "Lanczos x1.5 > None x1.5 @0.4"]
STAND_IN = {"Test each image": {"args": [{"on": True}]}}


def adetailer(webui: WebUI) -> dict[str, Any]:
    """Its argument with a model that finds something in the tests' pictures; skips where there is none."""
    if "adetailer" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("ADetailer is not installed")
    try:
        models = webui.get("/adetailer/v1/ad_model")["ad_model"]
    except requests.HTTPError:
        pytest.skip("this ADetailer does not tell its models")
    plain = webui.txt2img(SWEEP[0], **FIELDS)
    for model in sorted(models, key=lambda name: not name.endswith(".pt")):  # a file may have been made for tests
        asked = {"ad_model": model, "ad_mask_k": 1, "ad_mask_filter_method": "Area", "ad_denoising_strength": 0.5}
        argument = {"ADetailer": {"args": [True, False, asked]}}
        if not same(plain.images[0], webui.txt2img(SWEEP[0], alwayson_scripts=argument, **FIELDS).images[0]):
            return argument
    pytest.skip(f"none of ADetailer's models finds anything in the test's picture: {models}")


@pytest.fixture(scope="module", params=["stand-in", "ADetailer"])
def other(request: pytest.FixtureRequest, webui: WebUI) -> dict[str, Any]:
    """alwayson_scripts with an extension that changes each finished image."""
    if request.param == "ADetailer":
        return adetailer(webui)
    return loaded_stand_in(webui)


@pytest.fixture(scope="module")
def stand_in(webui: WebUI) -> dict[str, Any]:
    return loaded_stand_in(webui)


def loaded_stand_in(webui: WebUI) -> dict[str, Any]:
    if "test each image" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    return STAND_IN


def pictures(answer: Answer, kind: str = "variant") -> list[tuple[dict[str, Any], Any, str]]:
    """(record, image, text) of all of a kind."""
    texts = answer.info["infotexts"]
    return [(r, answer.images[r["index"]], texts[r["index"]]) for r in answer.records if r["kind"] == kind]


@pytest.mark.parametrize("batch", [1, 2])
def test_a_variant_is_the_same_picture_alone_and_in_a_sweep(webui: WebUI, other: dict[str, Any], batch: int) -> None:
    sweep = webui.txt2img(
        {"strategies": SWEEP, "detail": "every"}, alwayson_scripts=other, batch_size=batch, n_iter=2, **FIELDS
    )
    alone = [webui.txt2img(each, alwayson_scripts=other, batch_size=batch, n_iter=2, **FIELDS) for each in SWEEP]
    expected = [each for answer in alone for each in pictures(answer)]
    found = pictures(sweep)
    assert len(found) == len(expected) == len(SWEEP) * batch * 2
    for (record, image, text), (own_record, own_image, own_text) in zip(found, expected, strict=True):
        assert same(image, own_image), (record, difference(image, own_image))
        assert text == own_text
        assert (record["strategy"], record["seed"]) == (own_record["strategy"], own_record["seed"])
        assert record["detailed"] is True and record["error"] is None
        assert (record["width"], record["height"]) == image.size


def test_without_it_further_variants_are_as_their_stages_left_them_and_say_so(
    webui: WebUI, other: dict[str, Any]
) -> None:
    argument = {"strategies": SWEEP, "first_pass": True, "stages": True, "sheet": True, "detail": "first"}
    plain, changed = (webui.txt2img(argument, alwayson_scripts=each, **FIELDS) for each in ({}, other))
    generated, *further = range(len(plain.records))
    assert not same(plain.images[generated], changed.images[generated])
    for index in further:
        is_sheet = plain.records[index]["kind"] == "sheet"  # it says what its variants did not go through
        assert same(plain.images[index], changed.images[index]) != is_sheet, plain.records[index]
        assert plain.info["infotexts"][index] == changed.info["infotexts"][index]
    assert [record["detailed"] for record in changed.records] == [True] + [False] * len(further)
    assert "ADetailer model" in changed.info["infotexts"][generated]


def test_the_sheet_shows_what_every_variant_went_through(webui: WebUI, other: dict[str, Any]) -> None:
    argument = {"strategies": SWEEP[:2], "sheet": True, "crops": "whole", "detail": "every"}
    answer = webui.txt2img(argument, alwayson_scripts=other, **FIELDS)
    (record, sheet, text) = pictures(answer, "sheet")[0]
    assert "ADetailer model" in text
    shown = [sheet.crop(tuple(tile["box"])) for tile in record["tiles"]]
    at_own_size = [
        same(one, image.convert("RGB"))
        for one, (_, image, _) in zip(shown, pictures(answer), strict=True)
        if one.size == image.size
    ]
    assert at_own_size and all(at_own_size)  # others are scaled


def test_after_an_interrupt_the_texts_name_what_ran(webui: WebUI, other: dict[str, Any]) -> None:
    strategies = ["Nearest x1.5 > Latent x2 @0.9 [60 steps]", "Lanczos x2"]
    running = Running(webui, {"strategies": strategies}, alwayson_scripts=other, **FIELDS)
    running.wait_for("60 steps")
    webui.post("/sdapi/v1/interrupt")
    found = pictures(running.result())
    assert "Hires strategy: Nearest x1.5, " in found[0][2]
    assert [record["stage"] for record, _, _ in found] == ["Nearest x1.5", None]
    assert "Hires strategy" not in found[1][2] and "ADetailer" not in found[1][2]


def test_restored_faces_in_every_variant(webui: WebUI, stand_in: dict[str, Any]) -> None:
    settings = {"face_restoration_model": "Test faces", "return_grid": False}
    fields = {**FIELDS, "override_settings": settings, "restore_faces": True}
    sweep = webui.txt2img({"strategies": SWEEP, "detail": "every"}, **fields)
    first = webui.txt2img({"strategies": SWEEP, "detail": "first"}, **fields)
    alone = [webui.txt2img(each, **fields) for each in SWEEP]
    assert all(same(image, own.images[0]) for image, own in zip(sweep.images, alone, strict=True))
    assert sweep.info["infotexts"] == [own.info["infotexts"][0] for own in alone]
    told = ["Face restoration: Test faces" in text for text in first.info["infotexts"]]
    assert told == [True, False, False]
    assert not same(first.images[1], sweep.images[1])


def test_an_error_in_one_variant_costs_no_picture(webui: WebUI, stand_in: dict[str, Any]) -> None:
    def run(**trouble: Any) -> Answer:
        script = {"Test each image": {"args": [{"on": True, **trouble}]}}
        return webui.txt2img({"strategies": SWEEP, "detail": "every"}, alwayson_scripts=script, **FIELDS)

    good, bad = run(), run(fail=[2])
    assert same(bad.images[0], good.images[0]) and same(bad.images[2], good.images[2])
    assert same(bad.images[1], webui.txt2img(SWEEP[1], **FIELDS).images[0])
    assert bad.records[1]["error"] == "A script failed: no face in this picture."
    assert [record["error"] for record in bad.records[::2]] == [None, None]


def test_an_interrupt_in_between_keeps_what_is_finished(webui: WebUI, stand_in: dict[str, Any]) -> None:
    def run(**trouble: Any) -> Answer:
        script = {"Test each image": {"args": [{"on": True, **trouble}]}}
        return webui.txt2img({"strategies": SWEEP, "detail": "every"}, alwayson_scripts=script, **FIELDS)

    plain = webui.txt2img({"strategies": SWEEP}, **FIELDS)
    good, stopped = run(), run(interrupt=2)
    assert same(stopped.images[0], good.images[0])
    assert all(same(one, other) for one, other in zip(stopped.images[1:], plain.images[1:], strict=True))
    errors = [record["error"] for record in stopped.records]
    assert errors[0] is None
    assert "was not finished: the user interrupted it" in errors[1] and "no other script" in errors[2].lower()
    assert stopped.info["infotexts"][1:] == plain.info["infotexts"][1:]
    again = run()
    assert all(same(one, other) for one, other in zip(again.images, good.images, strict=True))


def test_the_setting_holds_where_nothing_else_is_said(webui: WebUI, stand_in: dict[str, Any]) -> None:
    fields = {**FIELDS, "override_settings": {"return_grid": False, "hires_strategies_detail": "every"}}
    by_setting = webui.txt2img({"strategies": SWEEP}, alwayson_scripts=stand_in, **fields)
    by_request = webui.txt2img({"strategies": SWEEP, "detail": "first"}, alwayson_scripts=stand_in, **fields)
    assert [record["detailed"] for record in by_setting.records] == [True, True, True]
    assert [record["detailed"] for record in by_request.records] == [True, False, False]


CHAIN = "Nearest x1.5 [detail] > Latent x1.5 @0.6"


def test_between_two_stages(webui: WebUI, other: dict[str, Any]) -> None:
    argument = {"strategies": [CHAIN, CHAIN.replace("[detail] ", "")], "stages": True, "detail": "first"}
    answer = webui.txt2img(argument, alwayson_scripts=other, batch_size=2, **FIELDS)
    finished = webui.txt2img("Nearest x1.5", alwayson_scripts=other, batch_size=2, **FIELDS)
    stages = pictures(answer, "stage")
    assert [record["strategy"] for record, _, _ in stages] == ["Nearest x1.5 [detail]"] * 2 + ["Nearest x1.5"] * 2
    for (record, image, text), whole in zip(stages[:2], finished.images, strict=True):
        assert same(image, whole), (record, difference(image, whole))
        assert "ADetailer model" in text
    for _, image, text in stages[2:]:
        assert not any(same(image, whole) for whole in finished.images) and "ADetailer" not in text
    alone = webui.txt2img(CHAIN, alwayson_scripts=other, batch_size=2, **FIELDS)
    plain = webui.txt2img(CHAIN, batch_size=2, **FIELDS)
    assert all(same(one, own) for one, own in zip(answer.images[:2], alone.images, strict=True))
    assert not any(same(one, own) for one, own in zip(alone.images, plain.images, strict=True))


def test_a_script_that_changes_the_size_between_two_stages_fails_the_stage(
    webui: WebUI, stand_in: dict[str, Any]
) -> None:
    script = {"Test each image": {"args": [{"on": True, "enlarge": 8}]}}
    answer = webui.txt2img({"strategies": ["Lanczos x1.5", CHAIN]}, alwayson_scripts=script, **FIELDS)
    assert "a script made 200x200 of 192x192 pixels" in answer.records[1]["error"]
    assert answer.records[0]["error"] is None and answer.images[0].size == (200, 200)
