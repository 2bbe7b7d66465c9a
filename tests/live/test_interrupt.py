"""Interrupt and skip while stages run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import WebUI, difference, same
from tests.live.plots import Axis, plot
from tests.live.running import Running

pytestmark = pytest.mark.usefixtures("computed_first_passes")


class RunningPlot(Running):
    """A plot of two cells, each a chain of two stages."""

    def __init__(self, webui: WebUI) -> None:
        super().__init__(webui, "Latent x1.5 @0.6 [60 steps] > Nearest x2")

    def _run(self, argument: Any, fields: dict[str, Any]) -> None:
        self.answer = plot(self.webui, argument, Axis("Seed", "1, 2"))


def click_interrupt(webui: WebUI) -> None:
    """Click the page's own button, whose first click stops after the current image."""
    config = webui.get("/config")
    button = next(each["id"] for each in config["components"] if each["props"].get("elem_id") == "txt2img_interrupt")
    clicks = [
        index
        for index, each in enumerate(config["dependencies"])
        if button in each["targets"] or [button, "click"] in each["targets"]
    ]
    for index in clicks:
        if config["dependencies"][index]["backend_fn"]:
            webui.post("/run/predict", {"fn_index": index, "data": [], "session_hash": "test"})


SWEEP = [f"Latent x2 @{strength} [40 steps]" for strength in (0.5, 0.6, 0.7)]


def test_the_first_click_stops_after_the_stage_that_runs(webui: WebUI) -> None:
    alone = webui.txt2img(SWEEP[0])
    running = Running(webui, {"strategies": SWEEP})
    running.wait_for("stage 1 of 3")
    click_interrupt(webui)
    answer = running.result()
    assert same(answer.images[0], alone.images[0]), difference(answer.images[0], alone.images[0])
    assert answer.records[0]["error"] is None
    finished = [record["strategy"] for record in answer.records if record["error"] is None]
    assert finished == SWEEP[:1]
    assert [text for text in answer.info["infotexts"] if "@0.6" in text or "@0.7" in text] == []


def test_the_second_click_stops_at_once(webui: WebUI) -> None:
    first = "Lanczos x1.5 @0.3"
    running = Running(webui, {"strategies": [first, f"{first} > Latent x2 @0.9 [60 steps]", "Nearest x3"]})
    running.wait_for("60 steps")
    click_interrupt(webui)
    click_interrupt(webui)
    answer = running.result()
    assert [record["strategy"] for record in answer.records if record["error"] is None] == [first]
    assert f"Hires strategy: {first}" in answer.info["infotexts"][0]


@pytest.mark.parametrize("path", ["/sdapi/v1/interrupt", "/sdapi/v1/skip", "click"])
def test_a_first_pass_that_was_stopped_carries_no_strategy(webui: WebUI, path: str) -> None:
    running = Running(webui, {"strategies": SWEEP, "sheet": True, "first_pass": True}, steps=60)
    running.wait_for_step(2)
    if path == "click":
        click_interrupt(webui)
    else:
        webui.post(path)
    answer = running.result()
    assert len(answer.images) == 1 and answer.images[0].size == (128, 128)
    assert "Hires strategy" not in answer.info["infotexts"][0]
    (record,) = answer.records
    assert "no stage ran" in record["error"].lower() and record["stage"] is None
    if path == "click":
        assert same(answer.images[0], webui.txt2img(steps=60).images[0])


def test_a_plot_ends_with_the_cell_that_runs(webui: WebUI) -> None:
    thread = RunningPlot(webui)
    thread.wait_for("stage 1 of 2")
    click_interrupt(webui)
    answer = thread.result()
    errors = [record["error"] for record in answer.records if record["kind"] == "variant"]
    assert len(errors) == 1 and errors[0] == "'Nearest x2' did not run: the user stopped it."


def test_interrupt_keeps_what_is_finished(webui: WebUI) -> None:
    finished = webui.txt2img("Lanczos x1.5 @0.3")
    running = Running(webui, {"strategies": ["Lanczos x1.5 @0.3 > Latent x2 @0.9 [60 steps]", "Lanczos x1.5 @0.3"]})
    running.wait_for("60 steps")
    webui.post("/sdapi/v1/interrupt")
    answer = running.result()
    assert same(answer.images[0], finished.images[0]), difference(answer.images[0], finished.images[0])
    assert "interrupted" in answer.records[0]["error"]
    assert answer.records[0]["stage"] == "Lanczos x1.5 @0.3"
    for text in answer.info["infotexts"]:  # what is shown, not what was asked for
        assert "Hires strategy: Lanczos x1.5 @0.3" in text and "Latent" not in text
    after = webui.txt2img("Lanczos x1.5 @0.3")
    assert same(after.images[0], finished.images[0])


def test_skip_ends_one_batch(webui: WebUI) -> None:
    text = "Latent x2 @0.9 [40 steps]"
    alone = webui.txt2img(text, seed=1235, override_settings={"return_grid": False})
    running = Running(webui, text, n_iter=2, override_settings={"return_grid": False})
    running.wait_for("40 steps")
    webui.post("/sdapi/v1/skip")
    answer = running.result()
    assert answer.images[0].size == (128, 128)
    assert "skipped" in answer.records[0]["error"]
    assert "Hires strategy" not in answer.info["infotexts"][0]
    assert f"Hires strategy: {text}" in answer.info["infotexts"][1]
    assert same(answer.images[1], alone.images[0])
    assert answer.records[1]["error"] is None
