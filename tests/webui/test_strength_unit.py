"""The page says a stage's strength as a denoising strength or as the start sigma that it means, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

VALUES = {"width": 64, "height": 64, "steps": 20, "sampler": "Euler", "scheduler": "Automatic"}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Latent x2 @0.5", "Latent x2 @sigma 1.5482"),
        ("Latent x2 @0.5 [sampler DPM++ 2M]", "Latent x2 @sigma 1.1817 [sampler DPM++ 2M]"),
        ("Lanczos x2", None),
        ("Direct x2", None),
        ("Latent x2 @0", None),
        ("Latent x2 @sig", None),
    ],
)
def test_there_and_back(api: Callable[..., Any], text: str, other: str | None) -> None:
    from modules import sd_models

    from hires_strategies.webui.page.strength_unit import with_other_unit

    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights()
    assert with_other_unit(text, 0, 0, VALUES) == (other or text)
    if other is not None:
        assert with_other_unit(other, 0, 0, VALUES) == text


def test_a_sweep(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.strength_unit import with_other_unit

    text = "Latent x2 @{0.5,0.7}"
    other = with_other_unit(text, 0, 0, VALUES)
    assert other.startswith("Latent x2 @sigma {1.5482,") and with_other_unit(other, 0, 0, VALUES) == text


def test_a_start_between_two_steps_becomes_the_strength_of_the_longer_one(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.strength_unit import with_other_unit

    text = "None x1.5\nNone x2 > Latent x2 @sigma 1.5"
    assert with_other_unit(text, 1, 1, VALUES) == "None x1.5\nNone x2 > Latent x2 @0.5"
    assert with_other_unit(text, 1, 0, VALUES) == text
    assert with_other_unit(text, 1, 5, VALUES) == text
