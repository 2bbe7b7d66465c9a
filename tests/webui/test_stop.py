"""Interrupt, skip and "interrupt after current image", pressed at a known call of the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.client import decode, same

FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 5, "steps": 4, "width": 64, "height": 64}
SWEEP = "Latent x2 @{0.4..0.8..0.1} [3 steps]"


class Answered:
    def __init__(self, answer: Any) -> None:
        self.info = json.loads(answer.info)
        self.texts: list[str] = self.info["infotexts"]
        self.records: list[dict[str, Any]] = self.info.get("hires_strategies", [])
        self.images = [decode(image) for image in answer.images]
        self.strategies = [
            text.split("Hires strategy: ")[1].split(", Version")[0] if "Hires strategy: " in text else None
            for text in self.texts
        ]


Generate = Callable[..., Answered]
Press = Callable[[Any], None]


@pytest.fixture
def generate(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Generate:
    """A generation, with what is done to the host's state at certain calls of the model, counted from 1."""
    from modules import shared
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    forward, calls = CFGDenoiser.forward, [0]
    presses: dict[int, Press] = {}

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] in presses:
            presses[calls[0]](shared.state)
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", counting)

    def run(text: str | None, at: dict[int, Press], ours: dict[str, Any] | None = None, **fields: Any) -> Answered:
        calls[0] = 0
        presses.clear()
        presses.update(at)
        scripts = {}
        if text:
            argument = {"strategies": text.splitlines(), "reuse_first_pass": False, **(ours or {})}
            scripts = {"Hires strategies": {"args": [argument]}}
        return Answered(api(**{**FIELDS, **fields}, alwayson_scripts=scripts))

    return run


def interrupt(state: Any) -> None:
    state.interrupt()


def skip(state: Any) -> None:
    state.skip()


def stop(state: Any) -> None:
    state.stop_generating()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, api: Any) -> list[str]:
    from modules.processing import StableDiffusionProcessingTxt2Img

    sentences: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessingTxt2Img, "comment", lambda self, text: sentences.append(text))
    return sentences


def finished(answer: Answered) -> list[str | None]:
    return [text for text, record in zip(answer.strategies, answer.records, strict=True) if not record["error"]]


def test_stop_after_the_current_image_keeps_the_variants_that_are_finished(generate: Generate, told: list[str]) -> None:
    whole = generate(SWEEP, {})
    told.clear()
    answer = generate(SWEEP, {4 + 3 + 2: stop})  # in the second variant
    assert finished(answer) == ["Latent x2 @0.4 [3 steps]", "Latent x2 @0.5 [3 steps]"]
    assert all(same(one, other) for one, other in zip(answer.images[:2], whole.images[:2], strict=True))
    assert told == [
        "Hires strategies: 'Latent x2 @0.6 [3 steps]' did not run: the user stopped it. Of 5 stages 3 did not run."
    ]


def test_a_second_click_stops_at_once(generate: Generate, told: list[str]) -> None:
    answer = generate(SWEEP, {4 + 3 + 2: stop, 4 + 3 + 3: interrupt})
    assert finished(answer) == ["Latent x2 @0.4 [3 steps]"]
    assert told[0] == "Hires strategies: 'Latent x2 @0.5 [3 steps]' was not finished: the user interrupted it."


def test_in_a_chain_what_waits_does_not_run(generate: Generate) -> None:
    answer = generate("Latent x2 @0.5 > Lanczos x2\nNearest x3", {4 + 2: stop}, {"stages": True})
    assert answer.strategies[0] == "Latent x2 @0.5" and answer.images[0].size == (128, 128)
    assert answer.records[0]["stage"] == "Latent x2 @0.5"
    assert answer.records[0]["error"] == "'Lanczos x2' did not run: the user stopped it."
    assert "Nearest x3" not in answer.strategies


@pytest.mark.parametrize(
    ("press", "sentence"),
    [
        (stop, "No stage ran: the user stopped it after the first pass."),
        (interrupt, "The first pass was not finished, and no stage ran: the user interrupted it."),
        (skip, "The first pass was not finished, and no stage ran: the user skipped it."),
    ],
)
@pytest.mark.parametrize("hires_fix", [False, True])
def test_a_first_pass_that_was_stopped_carries_no_strategy_and_has_a_record(
    generate: Generate, told: list[str], press: Press, sentence: str, hires_fix: bool
) -> None:
    fields = {"enable_hr": hires_fix, "hr_scale": 1.5, "hr_upscaler": "Latent", "denoising_strength": 0.7}
    plain = generate(None, {2: press}, **fields)
    told.clear()
    answer = generate(SWEEP, {2: press}, {"stages": True, "first_pass": True, "sheet": True}, **fields)
    assert [same(image, plain.images[0]) for image in answer.images] == [True]
    assert answer.texts == plain.texts
    (record,) = answer.records
    assert (record["error"], record["stage"]) == (sentence, None)
    assert (record["width"], record["height"]) == answer.images[0].size
    assert told == [f"Hires strategies: {sentence}"]


def test_skip_goes_on_with_the_next_batch_and_stop_does_not(generate: Generate) -> None:
    text, fields = "Latent x2 @0.5", {"n_iter": 2, "override_settings": {"return_grid": False}}
    skipped = generate(text, {2: skip}, **fields)
    assert [record["error"] is None for record in skipped.records] == [False, True]
    assert skipped.strategies == [None, text]
    for at in (2, 4 + 2):
        stopped = generate(text, {at: stop}, **fields)
        assert len(stopped.images) == 1 and stopped.strategies == [None if at == 2 else text]


@pytest.mark.parametrize("press", [stop, interrupt])
def test_direct_alone_still_gives_a_picture(generate: Generate, press: Press) -> None:
    plain = generate(None, {2: press}, width=128, height=128)
    answer = generate("Direct x2\nDirect x3", {2: press})
    assert same(answer.images[0], plain.images[0])
    assert answer.strategies[0] == ("Direct x2" if press is stop else None)
    assert (answer.records[0]["error"] is None) == (press is stop)


def test_a_host_without_the_first_click(generate: Generate, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import shared

    monkeypatch.delattr(type(shared.state), "stopping_generation")
    monkeypatch.delattr(shared.state, "stopping_generation", raising=False)
    from hires_strategies.webui.host.forks.job import stops_after_this_image

    assert not stops_after_this_image()
