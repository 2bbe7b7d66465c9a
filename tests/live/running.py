"""A generation in the background, with the progress that the host reports meanwhile."""

from __future__ import annotations

import threading
import time
from typing import Any

from tests.live.client import Answer, WebUI


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

    def wait_for_step(self, step: int) -> None:
        """Wait until the first pass is at a step."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.thread.is_alive():
            state = self.webui.get("/sdapi/v1/progress?skip_current_image=true")["state"]
            if state["sampling_steps"] == 60 and step <= state["sampling_step"] < 60:
                return
            time.sleep(0.02)
        raise AssertionError(f"The first pass was not seen at step {step}.")

    def result(self) -> Answer:
        self.thread.join()
        assert self.answer is not None
        return self.answer
