"""Models that mix picture and noise, x_t = (1 - t) x0 + t n: the workbench's own as one, sampled as A1111 does SD 3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

FLOW = {"override_settings": {"sd_model_checkpoint": "figures-flow"}}
SMALL = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "Euler"}


@pytest.mark.parametrize(
    ("upscaler", "more"),
    [
        ("Latent", {}),
        ("Lanczos", {"sampler_name": "DPM++ 2M", "scheduler": "SGM Uniform"}),
        ("None", {"batch_size": 2}),
    ],
)
def test_a_stage_is_hires_fix(api: Callable[..., Any], upscaler: str, more: dict[str, Any]) -> None:
    from tests.live.client import decode, same

    fields = {**SMALL, **FLOW, **more}
    theirs = api(**fields, enable_hr=True, hr_upscaler=upscaler, hr_scale=2, denoising_strength=0.6)
    ours = api(**fields, alwayson_scripts={"Hires strategies": {"args": [f"{upscaler} x2 @0.6"]}})
    assert all(same(decode(one), decode(other)) for one, other in zip(ours.images, theirs.images, strict=True))


def test_the_flow_model_is_the_trained_one_over_another_measure_of_noise(api: Callable[..., Any]) -> None:
    from modules import sd_models, sd_samplers_kdiffusion, shared

    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights()
        eps = sd_samplers_kdiffusion._EpsDenoiser(shared.sd_model)
        trained = shared.sd_model
        sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match("figures-flow"))
        flow = shared.sd_model.create_denoiser()
        beside = shared.sd_model
        sd_models.reload_model_weights()
    beside.taken_apart = False  # both are used at once here
    cond = {"c_crossattn": [trained.get_learned_conditioning(["a house"])]}
    x0, noise = torch.randn(1, 4, 8, 8), torch.randn(1, 4, 8, 8)
    for t in (0.1, 0.5, 0.9):
        sigma = torch.tensor([t / (1 - t)])
        with torch.no_grad():
            one = flow((1 - t) * x0 + t * noise, torch.tensor([t]), cond)
            other = eps(x0 + sigma * noise, sigma, cond)
        assert torch.allclose(one, other, atol=1e-3 / (1 - t)), t


def test_such_a_model_takes_over_as_a_refiner(api: Callable[..., Any]) -> None:
    text = "Latent x1.5 @0.8 [refiner figures-flow; refiner at 0.5]"
    info = json.loads(api(**SMALL, alwayson_scripts={"Hires strategies": {"args": [text]}}).info)
    assert [record["error"] for record in info["hires_strategies"]] == [None]
