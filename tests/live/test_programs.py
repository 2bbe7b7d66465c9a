"""What programs do with txt2img: every form of the argument, other people's clients, two requests at once."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
import webuiapi

from hires_strategies.notation.text import parse
from tests.live.client import BASE, TITLE, Answer, Refused, WebUI, difference, same
from tests.strategy_objects import strategy_to_object

TEXT = "Latent x1.5 @0.6 [5 steps] > Nearest x1.3"
RECORD = {
    "index", "kind", "strategy", "same_as", "stage", "seed", "width", "height", "denoising_strength", "start_sigma",
    "seconds", "model_evaluations", "first_pass_reused", "why_not_reused", "error", "notes", "detailed", "variant",
    "plan_stage", "image", "worker",
}  # fmt: skip


@pytest.fixture(scope="module")
def expected(webui: WebUI) -> Answer:
    return webui.txt2img(TEXT)


@pytest.mark.parametrize(
    "argument",
    [
        {"strategies": TEXT},
        {"strategies": [TEXT]},
        {"strategies": strategy_to_object(parse(TEXT)[0])},
        {"strategies": [strategy_to_object(parse(TEXT)[0])]},
        json.dumps({"strategies": [TEXT]}),
        TEXT.replace(" x1.5", "  x 1.50"),
    ],
)
def test_all_forms_of_the_argument_give_the_same_picture(webui: WebUI, expected: Answer, argument: Any) -> None:
    answer = webui.txt2img(argument)
    assert same(answer.images[0], expected.images[0]), difference(answer.images[0], expected.images[0])
    assert answer.records[0]["strategy"] == TEXT
    assert f"Hires strategy: {TEXT}" in answer.info["infotexts"][0]


def test_the_pages_list_of_arguments_works_too(webui: WebUI, expected: Answer) -> None:
    section = {TITLE: {"args": [True, f"{TEXT}\nNearest x2", False, True]}}
    answer = webui.txt2img(alwayson_scripts=section)
    assert [record["kind"] for record in answer.records] == ["variant", "variant", "first_pass"]
    assert same(answer.images[0], expected.images[0])


def test_a_record_is_complete(webui: WebUI) -> None:
    answer = webui.txt2img({"strategies": [TEXT, "Nearest x2"], "stages": True, "first_pass": True, "sheet": True})
    assert [record["index"] for record in answer.records] == list(range(len(answer.images)))
    for image, record in zip(answer.images, answer.records, strict=True):
        assert set(record) == (RECORD | {"tiles"} if record["kind"] == "sheet" else RECORD)
        assert image.size == (record["width"], record["height"])
        assert record["error"] is None
    kinds = [record["kind"] for record in answer.records]
    assert kinds[:4] == ["variant", "variant", "stage", "first_pass"]
    assert kinds[4:] in ([], ["sheet"])
    first, _, stage, first_pass = answer.records[:4]
    assert (first["strategy"], first["stage"], first["model_evaluations"]) == (TEXT, "Nearest x1.3", 5)
    assert stage["strategy"] == stage["stage"] == "Latent x1.5 @0.6 [5 steps]"
    assert stage["start_sigma"] > 0 and first["seconds"] >= stage["seconds"] > 0
    assert (first_pass["strategy"], first_pass["stage"], first_pass["seed"]) == (None, None, BASE["seed"])


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"strategies": [TEXT], "hires": True}, ["Unknown key 'hires'", "reuse_first_pass"]),
        ({"strategies": [{"stages": [{"upscaler": "Latent", "scale": 2}]}]}, ["strategies[0].stages[0]", "'Latent'"]),
        ({"strategies": [TEXT, {"stages": [{"upscaler": "Lanczos", "scale": -2}]}]}, ["'scale'", "above 0", "-2"]),
        ({"strategies": [TEXT], "sheet": "yes"}, ["'sheet'", "true or false", "'yes'"]),
        ({"strategies": [TEXT, 5]}, ["'strategies[1]'", "found 5"]),
        ({"strategies": ["\ud800"]}, ["\\ud800"]),
        ('{"strategies": []}', ["'strategies'", "[]"]),
        ([], ["found []"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_runs(
    webui: WebUI, expected: Answer, argument: Any, words: list[str]
) -> None:
    with pytest.raises(Refused) as caught:
        webui.txt2img(argument)
    assert caught.value.status == 422
    for word in words:
        assert word in caught.value.detail
    assert same(webui.txt2img(TEXT).images[0], expected.images[0])


def test_an_infotext_brings_the_strategy_back(webui: WebUI, expected: Answer) -> None:
    answer = webui.answer_to({"infotext": expected.info["infotexts"][0]})
    assert same(answer.images[0], expected.images[0]), difference(answer.images[0], expected.images[0])
    plain = webui.answer_to({"infotext": webui.txt2img().info["infotexts"][0]})
    assert "hires_strategies" not in plain.info


def test_images_are_saved_or_left_out_as_the_request_says(webui: WebUI, expected: Answer) -> None:
    saved = webui.txt2img({"strategies": [TEXT, "Nearest x2"]}, save_images=True)
    assert same(saved.images[0], expected.images[0])
    assert len(saved.images) == 2
    unsent = webui.txt2img({"strategies": [TEXT, "Nearest x2"]}, send_images=False)
    assert unsent.images == []
    assert [record["kind"] for record in unsent.records] == ["variant", "variant"]


def test_x_y_z_plot_keeps_its_images(webui: WebUI, expected: Answer) -> None:
    if "x/y/z plot" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has no X/Y/Z plot")
    # Axis type 1 is the seed: x axis "1234,7", nothing on y and z; a legend, and the cells beside the grid.
    arguments = [1, "1234,7", "", 0, "", "", 0, "", "", True, True, False, False, False, False, False, 0, False]
    answer = webui.txt2img({"strategies": [TEXT, "Nearest x2"]}, script_name="x/y/z plot", script_args=arguments)
    cells = [image for image in answer.images if image.size == expected.images[0].size]
    assert any(same(image, expected.images[0]) for image in cells)
    assert {record["seed"] for record in answer.records} == {1234, 7}
    for record in answer.records:
        assert answer.images[record["index"]].size == (record["width"], record["height"])


def test_somebody_elses_client(webui: WebUI, expected: Answer) -> None:
    """PyPI webuiapi, which knows nothing of this extension."""
    address = urlsplit(webui.url)
    client = webuiapi.WebUIApi(address.hostname, address.port, sampler="Euler", steps=6)
    fields = {key: BASE[key] for key in ("prompt", "negative_prompt", "width", "height", "cfg_scale", "seed")}
    section = {TITLE: {"args": [{"strategies": [TEXT, "Nearest x2"], "first_pass": True}]}}
    answer = client.txt2img(**fields, scheduler="Automatic", alwayson_scripts=section)
    assert same(answer.image, expected.images[0]), difference(answer.image, expected.images[0])
    assert len(answer.images) == 3
    assert [record["kind"] for record in answer.info["hires_strategies"]] == ["variant", "variant", "first_pass"]
    with pytest.raises(RuntimeError, match=r"422.*Did you mean .*Latent"):
        client.txt2img(**fields, scheduler="Automatic", alwayson_scripts={TITLE: {"args": ["Latnt x2 @0.7"]}})


def test_two_requests_at_once_know_nothing_of_each_other(webui: WebUI, expected: Answer) -> None:
    """The host's queue orders them; every answer is what the request gives alone."""
    requests: list[tuple[Any, dict[str, Any]]] = [
        (TEXT, {}),
        ({"strategies": ["Lanczos x1.5 @0.5", "Nearest x2"], "stages": True}, {"seed": 5, "prompt": "a tower"}),
        (None, {"seed": 6}),
        ("Latnt x2 @0.7", {}),
        (TEXT, {"batch_size": 2}),
    ]
    alone = [_answer(webui, *each) for each in requests]
    together: list[Any] = [None] * len(requests)

    def send(index: int) -> None:
        together[index] = _answer(WebUI(webui.url), *requests[index])

    threads = [threading.Thread(target=send, args=(index,)) for index in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(alone, together, strict=True):
        if isinstance(one, str):
            assert one == other
            continue
        assert len(one.images) == len(other.images)
        for image, again in zip(one.images, other.images, strict=True):
            assert same(image, again), difference(image, again)
        assert _lasting(one) == _lasting(other)


def _answer(webui: WebUI, argument: Any, fields: dict[str, Any]) -> Answer | str:
    try:
        return webui.txt2img(argument, **fields)
    except Refused as refused:
        return str(refused)


def _lasting(answer: Answer) -> list[dict[str, Any]]:
    """The records without what may differ from run to run."""
    passing = ("seconds", "first_pass_reused", "why_not_reused")
    records = answer.info.get("hires_strategies", [])
    return [{key: value for key, value in record.items() if key not in passing} for record in records]
