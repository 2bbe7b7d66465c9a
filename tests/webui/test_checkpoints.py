"""The checkpoint of the stages: a refiner leaves its own loaded, and each host loads the main one again in its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from variations import checkpoint_is_chosen_first

SMALL: dict[str, Any] = {"steps": 2, "width": 64, "height": 64, "sampler_name": "Euler", "prompt": "a house", "seed": 1}
Generate = Callable[..., list[str]]


@pytest.fixture
def generate(api: Callable[..., Any]) -> Generate:
    """The images of a generation with a strategy, and of its refined first pass."""

    def images(**fields: Any) -> list[str]:
        argument = {"strategies": ["None x1.5 @0.5"], "first_pass": True, "reuse_first_pass": False}
        answer = api(**SMALL, **fields, alwayson_scripts={"Hires strategies": {"args": [argument]}})
        found: list[str] = answer.images
        return found

    return images


@pytest.fixture
def refiner(api: Callable[..., Any]) -> dict[str, Any]:
    from modules import sd_models

    return {"refiner_checkpoint": list(sd_models.checkpoints_list)[1], "refiner_switch_at": 0.5}


@pytest.mark.parametrize("neo", [False, True])
def test_where_a_checkpoint_is_chosen_first(
    generate: Generate, refiner: dict[str, Any], monkeypatch: pytest.MonkeyPatch, neo: bool
) -> None:
    from modules import sd_models, shared

    expected = generate(**refiner)
    chosen = shared.opts.sd_model_checkpoint
    loads = checkpoint_is_chosen_first.install(monkeypatch, neo=neo)
    assert generate(**refiner) == expected
    main, other, *_ = sd_models.checkpoints_list
    assert loads == [other, main] and shared.opts.sd_model_checkpoint == chosen
    assert generate(**refiner) == expected


@pytest.mark.parametrize("neo", [False, True])
def test_after_hires_fix_with_a_checkpoint_of_its_own(
    generate: Generate, refiner: dict[str, Any], monkeypatch: pytest.MonkeyPatch, neo: bool
) -> None:
    """Strategies go on from its result with its checkpoint."""
    from modules import sd_models, shared

    hires = {"enable_hr": True, "hr_scale": 1.5, "hr_upscaler": "None", "denoising_strength": 0.5}
    fields = {**refiner, **hires, "override_settings": {"hires_fix_refiner_pass": "both passes"}}
    own = {"hr_checkpoint_name": list(sd_models.checkpoints_list)[1]}
    refining = {**fields, "refiner_checkpoint": next(iter(sd_models.checkpoints_list))}
    for each in (fields, {**refining, **own}):
        expected = generate(**each)
        with monkeypatch.context() as patch:
            chosen = shared.opts.sd_model_checkpoint
            loads = checkpoint_is_chosen_first.install(patch, neo=neo)
            assert generate(**each) == expected
            assert shared.opts.sd_model_checkpoint == chosen
        assert loads
