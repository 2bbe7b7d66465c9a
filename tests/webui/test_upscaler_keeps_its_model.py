"""A stage does not depend on whether its upscaler had a model already: creating one draws from torch's generator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.live.client import decode, same

FIELDS: dict[str, Any] = {
    "prompt": "a house",
    "seed": 5,
    "steps": 2,
    "width": 64,
    "height": 64,
    "sampler_name": "Euler",
}
HIRES: dict[str, Any] = {"enable_hr": True, "hr_upscaler": "Draws", "hr_scale": 2, "denoising_strength": 0.5}
KEPT = ("lru_cache", "lru_cache on another method", "_cached_model")
CREATED = ("each time", "_cached_model is None")


@pytest.fixture
def stage(api: Callable[..., Any]) -> Callable[[], Any]:
    def run() -> Any:
        argument = {"strategies": ["Draws x2 @0.5"], "reuse_first_pass": False}
        return decode(api(**FIELDS, alwayson_scripts={"Hires strategies": {"args": [argument]}}).images[0])

    return run


@pytest.mark.parametrize("kind", KEPT)
def test_the_first_picture_is_as_the_next_ones(api, stage, monkeypatch, kind: str) -> None:
    from variations import upscaler_keeps_its_model

    scaler = upscaler_keeps_its_model.install(monkeypatch, kind)
    first, second = stage(), stage()
    assert scaler.loads == 1
    assert same(first, second)
    assert same(first, decode(api(**FIELDS, **HIRES).images[0]))


@pytest.mark.parametrize("kind", CREATED)
def test_where_it_is_created_each_time_a_stage_is_hires_fix(api, stage, monkeypatch, kind: str) -> None:
    from variations import upscaler_keeps_its_model

    scaler = upscaler_keeps_its_model.install(monkeypatch, kind)
    assert same(stage(), decode(api(**FIELDS, **HIRES).images[0]))
    assert scaler.loads == 2
