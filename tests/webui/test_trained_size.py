"""What the loaded model was trained on, by what each host says of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest


def model(**marks: Any) -> SimpleNamespace:
    return SimpleNamespace(**marks)


def on_forge(prediction: str = "epsilon", **marks: Any) -> SimpleNamespace:
    unet = SimpleNamespace(model=SimpleNamespace(predictor=SimpleNamespace(prediction_type=prediction)))
    return model(forge_objects=SimpleNamespace(unet=unet), **marks)


@pytest.mark.parametrize(
    ("loaded", "side"),
    [
        (model(is_sd1=True, is_sd2=False, is_sdxl=False), 512),
        (model(is_sd2=True, parameterization="eps"), 512),
        (model(is_sd2=True, parameterization="v"), 768),
        (model(is_sdxl=True), 1024),
        (model(is_sd3=True, is_sdxl=False), 1024),
        (on_forge(is_sd1=True), 512),
        (on_forge("v_prediction", is_sd2=True), 768),
        (on_forge(is_sdxl=True), 1024),
        (on_forge(is_sd1=False, is_sd2=False, is_sdxl=False), 1024),  # Flux and what came later
        (None, 512),
    ],
)
def test_it_is_known_of_every_family(
    loaded: Any, side: int, api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import shared

    from hires_strategies.webui.host.forks.trained_size import trained_side

    monkeypatch.setattr(shared, "sd_model", loaded)
    assert trained_side() == side


def test_a_plan_over_the_api_has_its_tiles(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import shared

    from hires_strategies.webui.generation.request import read_plan
    from hires_strategies.webui.host.lists import host_vocabulary
    from hires_strategies.webui.settings import limits

    body = {"strategies": "Lanczos x2 @0.3 [tile]", "width": 1024, "height": 1024}
    monkeypatch.setattr(shared.sd_model, "is_sdxl", True, raising=False)
    monkeypatch.setattr(shared.sd_model, "is_sd1", False, raising=False)
    (node,) = read_plan(body, host_vocabulary(limits())).stages
    assert node.tiles is not None and node.tiles.width * 8 == 1024
