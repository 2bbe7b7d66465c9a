"""The start sigma that the plan says is the one that the sampler takes, for every sampler and schedule of the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.client import Refused, WebUI, same

SMALL = {"width": 64, "height": 64, "steps": 4, "sampler_name": "Euler", "scheduler": "Automatic"}
SETTINGS = {
    "rho": 3.0,
    "sigma_min": 0.2,
    "sigma_max": 9.0,
    "use_old_karras_scheduler_sigmas": True,
    "always_discard_next_to_last_sigma": True,
}


@pytest.fixture(params=[False, True], ids=["as they are", "changed"])
def settings(webui: WebUI, request: pytest.FixtureRequest) -> Iterator[None]:
    if not request.param:
        yield
        return
    before = webui.get("/sdapi/v1/options")
    webui.post("/sdapi/v1/options", SETTINGS)
    yield
    webui.post("/sdapi/v1/options", {name: before[name] for name in SETTINGS})


def _each(webui: WebUI) -> list[str]:
    """An option for every sampler and for every schedule type."""
    samplers = [f"sampler {name}" for name in webui.names("samplers")]
    return samplers + [f"scheduler {each['label']}" for each in webui.get("/sdapi/v1/schedulers")]


def test_every_sampler_and_schedule(webui: WebUI, settings: None) -> None:
    texts = [f"Latent x1.1 @0.6 [{each}]" for each in _each(webui)]
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": texts, **SMALL})
    shown: dict[str, Any] = {}
    for record in webui.txt2img({"strategies": texts}, **SMALL).records:
        for text in (record.get("asked") or record["strategy"], *record["same_as"]):
            shown[text] = record
    compared = 0
    for text, last in zip(plan["variants"], plan["last_stages"], strict=True):
        record, sigma = shown[text], plan["stages"][last]["start_sigma"]
        if record["error"] is None:  # some refuse so few steps
            assert record["start_sigma"] == (sigma and pytest.approx(sigma, rel=1e-3)), text
            assert record["model_evaluations"] > 0, text
            compared += 1
    assert compared > len(texts) / 2


def test_every_sampler_and_schedule_starts_where_it_is_asked_to(webui: WebUI, settings: None) -> None:
    """Exactly, or at the nearest of its steps; the plan says beforehand which of the two, and where.

    Some schedule types make nonsense of some models on some hosts (Neo's Uniform of Z-Image): those are refused.
    """
    every = [f"Latent x1.1 @sigma 0.9 [{each}]" for each in _each(webui)]
    texts = [text for text in every if _can_start(webui, text)]
    assert len(texts) > len(every) / 2
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": texts, **SMALL})
    exact, near = 0, 0
    for record in webui.txt2img({"strategies": texts}, **SMALL).records:
        text = record.get("asked") or record["strategy"]
        stage = plan["stages"][plan["last_stages"][plan["variants"].index(text)]]
        if record["error"] is not None:
            assert "needs at least" in record["error"] or "steps" in record["error"], record["error"]
            continue
        assert record["start_sigma"] == pytest.approx(stage["start_sigma"], rel=1e-3), text
        assert record["denoising_strength"] == stage["denoising_strength"], text
        if record["start_sigma"] == pytest.approx(0.9, rel=1e-4):
            exact += 1
        else:
            near += 1
            assert any("nearest step" in note for note in record["notes"]), text
            assert record["start_sigma"] == pytest.approx(0.9, rel=0.2), text
    assert exact > len(texts) / 2 and near < 5


def _can_start(webui: WebUI, text: str) -> bool:
    try:
        webui.post("/hires-strategies/v1/plan", {"strategies": [text], **SMALL})
    except Refused as error:
        assert "cannot start there" in error.detail
        return False
    return True


def test_a_start_sigma_gives_the_same_bits_again_and_those_of_its_strength(webui: WebUI) -> None:
    options = ["sampler Euler", "scheduler Karras", "sampler DPM++ 2M SDE", "sampler DDIM"]
    options = [each for each in options if each.split(" ", 1)[1] in (*webui.names("samplers"), "Karras")]
    for option in options:
        strength = f"Latent x1.1 @0.5 [{option}]"
        first = webui.txt2img({"strategies": [strength], "reuse_first_pass": False}, **SMALL)
        sigma = first.records[0]["start_sigma"]
        if sigma is None:
            continue
        text = f"Latent x1.1 @sigma {sigma:.5g} [{option}]"
        again = webui.txt2img({"strategies": [text, strength]}, **SMALL)
        assert len(again.records) == 1 and again.records[0]["same_as"] == [strength]
        assert same(first.images[0], again.images[0]), option
        own = [webui.txt2img({"strategies": [f"Latent x1.1 @sigma 0.8 [{option}]"]}, **SMALL) for _ in range(2)]
        assert same(own[0].images[0], own[1].images[0]), option
