"""No setting of the host is read without a way for its absence: here all are missing that some host lacks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from variations import missing_settings

from hires_strategies.notation.text import parse

FIELDS: dict[str, Any] = {"steps": 2, "width": 64, "height": 64, "prompt": "a house", "seed": 1, "restore_faces": False}
EVERYTHING = {"stages": True, "first_pass": True, "sheet": True, "detail": "every"}


@pytest.fixture(autouse=True)
def without(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    missing_settings.install(monkeypatch)


@pytest.mark.parametrize("sampler", ["Euler a", "DDIM"])
@pytest.mark.parametrize("hires", [{}, {"enable_hr": True, "hr_upscaler": "Latent", "denoising_strength": 0.6}])
def test_a_generation_with_all_that_can_be_asked(api: Callable[..., Any], sampler: str, hires: dict[str, Any]) -> None:
    strategies = ["Latent x1.5 @{0.5,0.7} > Nearest x1.25 [detail]", "R-ESRGAN 4x+ x1.5 @0.4"]
    argument = {"strategies": strategies, **EVERYTHING}
    answer = api(**FIELDS, **hires, sampler_name=sampler, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    records = json.loads(answer.info)["hires_strategies"]
    assert [record["kind"] for record in records].count("sheet") == 1
    assert not [record["error"] for record in records if record.get("error")]


def test_the_page(api: Callable[..., Any]) -> None:
    from modules import ui

    from hires_strategies.webui.page.preview import preview

    ui.create_ui()
    page = {"width": 64, "height": 64, "steps": 4, "sampler": "DPM++ 2M", "scheduler": "Karras"}
    seen = preview("Latent x2 @0.7", page)
    assert parse("Latent x2 @0.7") and "start sigma" in seen.plan


def test_the_gallerys_button(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.host.forks.gallery import gallery_keeps_original

    assert gallery_keeps_original() is False
