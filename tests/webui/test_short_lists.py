"""Hosts whose lists of upscalers are short: what is torch's or Pillow's can be named there too, and presets fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from variations import few_upscalers

from hires_strategies.notation.text import parse
from tests.live.client import decode, same

SMALL: dict[str, Any] = {"steps": 2, "width": 64, "height": 64, "sampler_name": "Euler", "prompt": "a house", "seed": 1}
LISTS = [(), ("4x_own",), ("4x odd, {name}; @1 > x2",)]


@pytest.fixture(params=LISTS, ids=["no model", "a model", "an odd name"])
def models(request: Any, api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    few_upscalers.install(monkeypatch, *request.param)
    names: tuple[str, ...] = request.param
    return names


def planned(lines: Any) -> dict[str, Any]:
    from hires_strategies.webui.api.routes import plan_answer

    answer: dict[str, Any] = plan_answer({"strategies": list(lines), "width": 64, "height": 64})
    return answer


def test_every_preset_is_one_of_this_host(models: tuple[str, ...]) -> None:
    from hires_strategies.webui.host.lists import builtin_presets

    presets = builtin_presets()
    plans = {name: planned(lines) for name, lines in presets.items()}
    assert not [name for name, plan in plans.items() if plan["merges"]]
    strategies = [strategy for lines in presets.values() for strategy in parse("\n".join(lines))]
    used = {stage.upscaler for strategy in strategies for stage in strategy.stages}
    assert used >= {*models}
    assert ("ESRGAN 4x" in presets) == bool(models)
    assert {"Latent 2x", "Pixel 2x", "Find the upscaler", "With and without a second pass"} <= presets.keys()


def test_page_plot_and_program_are_offered_the_same(models: tuple[str, ...]) -> None:
    from hires_strategies.webui import xyz_axes
    from hires_strategies.webui.api import routes
    from hires_strategies.webui.host.lists import builtin_presets
    from hires_strategies.webui.page import preset_list

    presets = builtin_presets()
    assert preset_list.load_preset("Pixel 2x", "") == ("\n".join(presets["Pixel 2x"]), "")
    assert preset_list.list_presets()[0]["choices"] == list(presets)
    assert set(presets["Pixel 2x"]) <= set(xyz_axes.strategy_choices())
    told = json.loads(bytes(routes.list_presets().body))
    assert told["Pixel 2x"] == {"strategies": list(presets["Pixel 2x"]), "builtin": True}


def test_those_that_are_not_the_hosts_are_marked(models: tuple[str, ...]) -> None:
    from hires_strategies.webui.api import routes
    from hires_strategies.webui.page.preview import preview

    told = json.loads(bytes(routes.upscalers().body))
    of = {each["name"]: each.get("from") for each in told}
    assert of == {
        **{each["name"]: "torch" for each in told if each["latent"]},
        "None": None, "Lanczos": "Pillow", "Nearest": "Pillow", **dict.fromkeys(models),
    }  # fmt: skip
    page = {"width": 64, "height": 64, "steps": 4, "sampler": "Euler"}
    assert "Nearest (of Pillow) to" in preview("Nearest x2", page).plan
    assert "Latent (of torch) to" in preview("Latent x2 @0.7", page).plan
    assert "None to" in preview("None x2", page).plan


@pytest.mark.parametrize(
    ("name", "how"), [("Lanczos", Image.Resampling.LANCZOS), ("Nearest", Image.Resampling.NEAREST)]
)
def test_a_plain_resize_is_pillows(api: Callable[..., Any], models: tuple[str, ...], name: str, how: Any) -> None:
    argument = {"strategies": [f"{name} x1.5"], "first_pass": True}
    answer = api(**SMALL, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    enlarged, first = map(decode, answer.images)
    assert same(enlarged, first.resize((96, 96), Image.Resampling[name.upper()]))


def test_a_latent_stage_is_the_one_of_a_host_that_lists_it(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def images() -> Any:
        return api(**SMALL, alwayson_scripts={"Hires strategies": {"args": ["Latent (bicubic) x1.5 @0.6"]}}).images

    expected = images()
    few_upscalers.install(monkeypatch)
    assert images() == expected


def test_a_host_that_lists_all_marks_none(api: Callable[..., Any]) -> None:
    from hires_strategies import presets
    from hires_strategies.webui.api import routes
    from hires_strategies.webui.host.lists import builtin_presets

    told = json.loads(bytes(routes.upscalers().body))
    assert all("from" not in each for each in told) and {"Latent", "Lanczos"} <= {each["name"] for each in told}
    assert builtin_presets() == presets.builtin()
