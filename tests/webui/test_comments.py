"""What a generation tells the user beside its pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def test_variants_that_are_one_picture_are_told(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.processing import StableDiffusionProcessingTxt2Img

    told: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessingTxt2Img, "comment", lambda self, text: told.append(text))
    argument = {"strategies": ["Latent x2 @{0.5,0.95,1}"], "reuse_first_pass": False}
    strategies = {"Hires strategies": {"args": [argument]}}
    answer = api(prompt="a house", seed=3, steps=2, width=64, height=64, alwayson_scripts=strategies)
    assert len(answer.images) == 2
    assert told == ["Hires strategies: Same picture, made once: Latent x2 @1 = Latent x2 @0.95"]
