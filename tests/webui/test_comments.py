"""What a generation tells the user beside its pictures."""

from __future__ import annotations

import html
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


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Latent x2 @0", "'Latent x2 @0' is the upscale alone: latents that are enlarged and not sampled again give a"),
        ("Lanczos x2 @0", None),
        ("R-ESRGAN 4x+ x1 @0.5", "'R-ESRGAN 4x+ x1 @0.5' does without its upscaler"),
    ],
)
def test_a_stage_that_does_something_else_than_it_says_is_told(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, text: str, words: str | None
) -> None:
    from modules.processing import StableDiffusionProcessingTxt2Img

    from hires_strategies.webui.page.preview import preview

    told: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessingTxt2Img, "comment", lambda self, text: told.append(text))
    argument = {"strategies": text, "reuse_first_pass": False}
    api(**FIELDS, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert len(told) == (words is not None)
    shown = html.unescape(preview(text, {"width": 64, "height": 64, "steps": 2}).whole)
    assert ("hires-strategies-remark" in shown) == (words is not None)
    if words is not None:
        assert told[0].startswith(f"Hires strategies: {words}")
        assert words in shown


def test_the_preview_tells_the_size_that_comes_out(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.preview import preview

    shown = preview("Lanczos x2 @0.5", {"width": 135, "height": 128, "steps": 2}).whole
    assert "First pass: 128\N{MULTIPLICATION SIGN}128 (asked for 135\N{MULTIPLICATION SIGN}128)" in shown
    assert "264\N{MULTIPLICATION SIGN}256" in shown
