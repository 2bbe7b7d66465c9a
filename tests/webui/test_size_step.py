"""Forge Neo 2.26 rounds Hires. fix to multiples of a setting and stretches the picture: so do stages there."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.live.client import decode, same

STEP = 64
SMALL = {"prompt": "a house", "steps": 2, "width": 64, "height": 96, "cfg_scale": 4, "seed": 5, "sampler_name": "Euler",
         "scheduler": "Automatic"}  # fmt: skip


def rounded(value: float) -> int:
    """The host's modules.ui.sRound."""
    return math.floor(value / STEP + 0.5) * STEP


@pytest.fixture
def neo(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Makes the workbench such a host (modules/processing.py of 5692d2d1, line 1345)."""
    from modules import processing

    def calculate_target_resolution(self: Any) -> None:
        x, y = self.hr_resize_x, self.hr_resize_y
        if x == 0 and y == 0:
            self.extra_generation_params["Hires upscale"] = self.hr_scale
            x, y = self.width * self.hr_scale, self.height * self.hr_scale
        else:
            x, y = x or y * (self.width / self.height), y or x * (self.height / self.width)
        self.hr_upscale_to_x, self.hr_upscale_to_y = rounded(x), rounded(y)

    monkeypatch.setattr(processing, "sRound", rounded, raising=False)
    monkeypatch.setattr(
        processing.StableDiffusionProcessingTxt2Img, "calculate_target_resolution", calculate_target_resolution
    )
    return api


@pytest.mark.parametrize(
    ("stage", "fields", "size"),
    [
        ("Latent x1.3 @0.6", {"hr_scale": 1.3}, (64, 128)),
        ("Lanczos x1.7 @0.6", {"hr_scale": 1.7}, (128, 192)),
        ("Latent 100x170 @0.6", {"hr_resize_x": 100, "hr_resize_y": 170}, (128, 192)),
        ("Lanczos 170x100 @0.6", {"hr_resize_x": 170, "hr_resize_y": 100}, (192, 128)),
    ],
)
def test_a_stage_is_hires_fix(
    neo: Callable[..., Any], stage: str, fields: dict[str, Any], size: tuple[int, int]
) -> None:
    theirs = neo(**SMALL, enable_hr=True, hr_upscaler=stage.split()[0], denoising_strength=0.6, **fields)
    ours = neo(**SMALL, alwayson_scripts={"Hires strategies": {"args": [stage]}})
    one, other = decode(ours.images[0]), decode(theirs.images[0])
    assert one.size == size
    assert same(one, other)


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ({"hr_scale": 1.7}, (128, 192)),
        ({"hr_resize_x": 100}, (128, 128)),
        ({"hr_resize_y": 200}, (128, 192)),
        ({"hr_resize_x": 170, "hr_resize_y": 100}, (192, 128)),
    ],
)
def test_the_page_and_a_strategy_after_hires_fix(
    neo: Callable[..., Any], page: dict[str, Any], size: tuple[int, int]
) -> None:
    from hires_strategies.webui.page.values import first_pass_of

    first = first_pass_of({"width": 64, "height": 96, "hr": True, **page})
    assert (first.width, first.height) == size
    fields = {"hr_scale": 2.0, **page, "hr_upscaler": "Latent", "denoising_strength": 0.6}
    both = neo(**SMALL, enable_hr=True, **fields, alwayson_scripts={"Hires strategies": {"args": ["Lanczos x1"]}})
    assert decode(both.images[0]).size == size


def test_another_step(neo: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import processing

    from hires_strategies.webui.host.forks.latent_shape import size_rules

    assert size_rules().step == STEP
    for step in (8, 16, 256):
        monkeypatch.setattr(processing, "sRound", lambda value, step=step: math.floor(value / step + 0.5) * step)
        assert size_rules().step == step
