"""A stage that fails: what is finished is kept, the image says why, and the next generation is as on a fresh start.

Needs the extension in tests/live/faults in the WebUI; the workbench is started with it.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import Answer, Refused, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes")

TWO = "Lanczos x1.5 @0.4", "Lanczos x1.5 @0.5"


@pytest.fixture(scope="module", autouse=True)
def _faults(webui: WebUI) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")


def failing(webui: WebUI, where: str, call: int, argument: Any, **fields: Any) -> Answer:
    fault = {"Test faults": {"args": [{"where": where, "call": call}]}}
    return webui.txt2img(argument, alwayson_scripts=fault, **fields)


@pytest.mark.parametrize(
    ("where", "call", "words"),
    [
        ("create_sampler", 3, "out of memory"),  # the first pass's sampler is call 1, the first stage's call 2
        ("nan", 3, "NaN"),
        ("encode", 2, "out of memory"),
        ("upscale", 2, "out of memory"),
    ],
)
def test_the_last_finished_stage_is_returned(webui: WebUI, where: str, call: int, words: str) -> None:
    # Lanczos resizes without the host's function on Neo 2.26, whose list does not have it.
    first, second = (each.replace("Lanczos", webui.model_upscaler()) if where == "upscale" else each for each in TWO)
    argument = {"strategies": [f"{first} > {second}"], "reuse_first_pass": False}
    whole = webui.txt2img(argument)
    finished = webui.txt2img({**argument, "strategies": [first]})
    broken = failing(webui, where, call, argument)
    assert same(broken.images[0], finished.images[0]), difference(broken.images[0], finished.images[0])
    record = broken.records[0]
    assert words.lower() in record["error"].lower()
    assert record["stage"] == first
    again = webui.txt2img(argument)
    assert same(again.images[0], whole.images[0]), difference(again.images[0], whole.images[0])


def test_an_upscaler_that_does_nothing_is_a_failed_stage(webui: WebUI) -> None:
    upscaler = webui.model_upscaler()
    broken = failing(webui, "unchanged", 1, f"Latent x1.5 @0.6 > {upscaler} x2")
    assert broken.images[0].size == (192, 192)
    assert f"'{upscaler}' returned its input unchanged" in broken.records[0]["error"]


def test_one_branch_fails_and_the_others_go_on(webui: WebUI) -> None:
    texts = ["Latent x1.5 @0.6 > Lanczos x2 @0.3", "Latent x1.5 @0.6"]
    argument = {"strategies": texts, "reuse_first_pass": False}
    whole = webui.txt2img(argument)
    broken = failing(webui, "encode", 1, argument)
    assert same(broken.images[0], whole.images[1])
    assert same(broken.images[1], whole.images[1])
    assert [bool(record["error"]) for record in broken.records] == [True, False]


def test_a_first_stage_that_fails_leaves_the_first_pass(webui: WebUI) -> None:
    plain = webui.txt2img()
    broken = failing(webui, "encode", 1, {"strategies": ["Lanczos x2 @0.4"], "reuse_first_pass": False})
    assert same(broken.images[0], plain.images[0])
    assert broken.records[0]["stage"] is None


def test_a_failed_direct_alone_is_an_error_and_no_picture(webui: WebUI) -> None:
    with pytest.raises(Refused) as caught:
        failing(webui, "create_sampler", 1, "Direct x1.5")
    assert caught.value.status == 500
    assert same(webui.txt2img().images[0], webui.txt2img().images[0])
