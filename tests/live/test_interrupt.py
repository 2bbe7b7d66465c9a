"""Interrupt, skip and progress while stages run."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from tests.live.client import Answer, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes")


class Running:
    """A generation in the background, with the progress that the host reports meanwhile."""

    def __init__(self, webui: WebUI, argument: Any, **fields: Any) -> None:
        self.webui = webui
        self.answer: Answer | None = None
        self.seen: list[dict[str, Any]] = []
        self.thread = threading.Thread(target=self._run, args=(argument, fields))
        self.thread.start()

    def _run(self, argument: Any, fields: dict[str, Any]) -> None:
        self.answer = self.webui.txt2img(argument, **fields)

    def wait_for(self, text: str) -> None:
        """Wait until the host's progress text says `text`."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.thread.is_alive():
            progress = self.webui.get("/sdapi/v1/progress?skip_current_image=true")
            self.seen.append(progress)
            if text in (progress.get("textinfo") or ""):
                return
            time.sleep(0.02)
        raise AssertionError(
            f"The progress never said {text!r}; it said {[each.get('textinfo') for each in self.seen]}."
        )

    def result(self) -> Answer:
        self.thread.join()
        assert self.answer is not None
        return self.answer


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


def test_progress_grows_to_the_end(webui: WebUI) -> None:
    running = Running(webui, "Latent x1.5 @0.6 [12 steps]\nLanczos x1.5 @0.5 [12 steps]", n_iter=2, steps=12)
    while running.thread.is_alive():
        running.seen.append(webui.get("/sdapi/v1/progress?skip_current_image=true"))
        time.sleep(0.02)
    busy = [each for each in running.seen if each["state"]["job_count"] > 0]
    stages = [each for each in busy if each["state"]["job_no"] >= 1]
    values = [each["progress"] for each in stages]
    assert values == sorted(values)
    assert {each["state"]["job_count"] for each in stages} == {6}
    assert max(each["state"]["job_no"] for each in busy) in (5, 6)
