"""The host's progress bar while stages run, as a program sees it: it never falls, and tells when the run ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.client import WebUI
from tests.live.plots import Axis, plot
from tests.live.running import Running

PATH = "/sdapi/v1/progress?skip_current_image=true"


@dataclass
class Seen:
    """What the host said at a time, both in seconds from the start of the run."""

    after: float
    progress: float
    seconds_left: float


class Watched(Running):
    """A generation whose progress is read until its answer is there."""

    def __init__(self, webui: WebUI, generate: Callable[[], Any]) -> None:
        self.generate = generate
        self.all: list[Seen] = []
        self.ended = 0.0
        super().__init__(webui, None)
        started = time.monotonic()
        while self.thread.is_alive():
            told = webui.get(PATH)
            if told["state"]["job_count"] > 0:
                self.all.append(Seen(time.monotonic() - started, told["progress"], told["eta_relative"]))
            time.sleep(0.02)
        self.ended = time.monotonic() - started

    def _run(self, argument: Any, fields: dict[str, Any]) -> None:
        self.answer = self.generate()


RUNS: dict[str, tuple[Any, dict[str, Any]]] = {
    "a long first pass": ("Latent x2 @0.6 [4 steps]", {"steps": 100}),
    "a sweep over batches": ("Latent x1.5 @0.6 [12 steps]\nLanczos x1.5 @0.5 [12 steps]", {"n_iter": 2}),
    "a chain": ("Latent x1.5 @0.6 [20 steps] > Lanczos x1.5 > Latent x1 @0.5 [8 steps]", {"batch_size": 2}),
    "Direct": ("Direct x2 [12 steps]\nLatent x1.5 @0.5", {}),
    "Hires. fix": (
        "Latent x1.5 @0.6 [12 steps]",
        {"enable_hr": True, "hr_scale": 1.5, "hr_upscaler": "Latent", "denoising_strength": 0.7, "n_iter": 2},
    ),
}


def watched(webui: WebUI, name: str) -> Watched:
    text, fields = RUNS[name]
    argument = {"strategies": text.splitlines(), "reuse_first_pass": False}
    return Watched(webui, lambda: webui.txt2img(argument, **fields))


@pytest.mark.parametrize("name", RUNS)
def test_the_bar_never_falls(webui: WebUI, name: str) -> None:
    shown = [each.progress for each in watched(webui, name).all]
    assert shown == sorted(shown) and shown[-1] > 0.8


@pytest.mark.parametrize("name", RUNS)
def test_the_bar_tells_the_end(webui: WebUI, name: str, pytestconfig: pytest.Config) -> None:
    if not pytestconfig.getoption("--webui-url"):
        pytest.skip("beside other tests nothing takes its time; webui/test_progress.py counts time in work")
    for turn in range(3):  # the first run teaches the times; the machine may be busy in one of the others
        run = watched(webui, name)
        wrong = [abs(each.after + each.seconds_left - run.ended) / run.ended
                 for each in run.all if each.after > run.ended / 5]  # fmt: skip
        if turn and max(wrong) <= 0.25:
            return
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        pytest.skip("The machine is too busy: equal work takes unequal time")
    told = [(round(each.after, 2), round(each.progress, 3), round(each.seconds_left, 2)) for each in run.all]
    raise AssertionError(f"The time left was wrong by up to {max(wrong):.0%} of {run.ended:.1f} s: {told[::10]}")


def test_it_never_falls_over_a_reused_first_pass_and_a_plot(webui: WebUI) -> None:
    text = "Latent x1.5 @0.6 [12 steps]"
    for _ in range(2):
        shown = [each.progress for each in Watched(webui, lambda: webui.txt2img(text, seed=77)).all]
        assert shown == sorted(shown)
    cells = Watched(
        webui, lambda: plot(webui, text, Axis("[Hires] Denoising strength", "0.5, 0.7"), Axis("Steps", "4, 9"))
    )
    shown = [each.progress for each in cells.all]
    assert shown == sorted(shown) and shown[-1] > 0.8
