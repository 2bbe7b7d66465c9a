"""The start sigma that the plan says is the one that the sampler takes, for every sampler and schedule of the host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.client import WebUI

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


def test_every_sampler_and_schedule(webui: WebUI, settings: None) -> None:
    texts = [f"Latent x1.1 @0.6 [sampler {name}]" for name in webui.names("samplers")]
    texts += [f"Latent x1.1 @0.6 [scheduler {each['label']}]" for each in webui.get("/sdapi/v1/schedulers")]
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": texts, **SMALL})
    shown: dict[str, Any] = {}
    for record in webui.txt2img({"strategies": texts}, **SMALL).records:
        for text in (record["strategy"], *record["same_as"]):
            shown[text] = record
    compared = 0
    for text, last in zip(plan["variants"], plan["last_stages"], strict=True):
        record, sigma = shown[text], plan["stages"][last]["start_sigma"]
        if record["error"] is None:  # some refuse so few steps
            assert record["start_sigma"] == (sigma and pytest.approx(sigma, rel=1e-3)), text
            assert record["model_evaluations"] > 0, text
            compared += 1
    assert compared > len(texts) / 2
