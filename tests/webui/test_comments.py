"""What a generation tells the user beside its pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 3, "steps": 2, "width": 64, "height": 64}


def test_variants_that_are_one_picture_are_told(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.processing import StableDiffusionProcessingTxt2Img

    told: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessingTxt2Img, "comment", lambda self, text: told.append(text))
    argument = {"strategies": ["Latent x2 @{0.5,0.95,1}"], "reuse_first_pass": False}
    strategies = {"Hires strategies": {"args": [argument]}}
    answer = api(**FIELDS, alwayson_scripts=strategies)
    assert len(answer.images) == 2
    assert told == ["Hires strategies: Same picture, made once: Latent x2 @1 = Latent x2 @0.95"]


def test_a_first_pass_that_had_to_go_is_told(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import shared
    from modules.processing import StableDiffusionProcessingTxt2Img

    told: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessingTxt2Img, "comment", lambda self, text: told.append(text))
    monkeypatch.setitem(shared.opts.data, "hires_strategies_remembered_images", 1)
    ours = {"alwayson_scripts": {"Hires strategies": {"args": ["Nearest x2"]}}}
    for seed in (70, 71, 70, 70):
        api(**{**FIELDS, "seed": seed}, **ours)
    dropped, reused = (next((n for n, text in enumerate(told) if words in text), None) for words in (
        "remembered no longer", "first pass reused"))  # fmt: skip
    assert dropped == 0 and reused == 1 and len(told) == 2
