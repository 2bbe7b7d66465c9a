"""Samplers that fail with few steps: where the host's Hires. fix fails, the strategy is refused with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import Refused, WebUI, difference, same

# Those of A1111 v1.10.1; a host's list has some of them. Steps below which they fail after an upscale.
FEWEST = {"DPM++ 2M SDE": 2, "DPM++ 2M SDE Heun": 2, "DPM++ 3M SDE": 2, "DPM fast": 2, "DPM adaptive": 2, "UniPC": 4}


def samplers(webui: WebUI) -> list[str]:
    return webui.names("samplers")


def test_one_step_is_refused_exactly_where_hires_fix_fails(webui: WebUI) -> None:
    for sampler in samplers(webui):
        fields: dict[str, Any] = {"steps": 6, "width": 64, "height": 64}
        text = f"Latent x2 @0.6 [1 steps; sampler {sampler}]"
        try:
            fixed = webui.hires_fix("Latent", 2, 0.6, hr_second_pass_steps=1, hr_sampler_name=sampler, **fields)
        except Refused as failed:
            assert sampler in FEWEST, (sampler, failed)
            with pytest.raises(Refused) as caught:
                webui.txt2img(text, **fields)
            assert caught.value.status == 422
            assert f"runs 1 step, and the sampler {sampler} needs at least {FEWEST[sampler]} here." in str(caught.value)
            continue
        answer = webui.txt2img(text, **fields)
        assert answer.records[0]["error"] is None, sampler
        assert same(answer.images[0], fixed.images[0]), (sampler, difference(answer.images[0], fixed.images[0]))


@pytest.mark.parametrize("sampler", FEWEST)
def test_the_number_that_is_named_works(webui: WebUI, sampler: str) -> None:
    if sampler not in samplers(webui):
        pytest.skip("This host has no such sampler.")
    fewest = FEWEST[sampler]
    answer = webui.txt2img(f"Latent x2 @0.6 [{fewest} steps; sampler {sampler}]", width=64, height=64)
    assert answer.records[0]["error"] is None
    with pytest.raises(Refused) as caught:
        webui.txt2img(f"Latent x2 @0.6 [{fewest - 1} steps; sampler {sampler}]", width=64, height=64)
    assert caught.value.status == 422


def test_a_first_pass_of_too_few_steps_and_a_schedule_that_is_too_long(webui: WebUI) -> None:
    with pytest.raises(Refused, match="runs the last 6 of 1200 steps, and the sampler DDIM has no more than 1000"):
        webui.txt2img("Latent x2 @0.005 [sampler DDIM]", width=64, height=64)
    if "DPM++ 2M SDE" in samplers(webui):
        with pytest.raises(Refused, match="The first pass runs 1 step, and the sampler DPM"):
            webui.txt2img("Nearest x2", steps=1, sampler_name="DPM++ 2M SDE", width=64, height=64)
