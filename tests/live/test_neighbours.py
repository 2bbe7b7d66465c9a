"""First passes beside other extensions: idle, they leave the memory alone; switched on, their settings count, or a
sentence says why nothing is remembered."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from tests.live.client import Answer, WebUI, difference, same
from tests.live.test_first_passes import AUDIT, SEEDS, SHOW, SMALL, known, reused, stages_only


@pytest.fixture
def units(webui: WebUI) -> None:
    if "test units" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI runs without the tests' own extension (tests/live/faults)")


def told(title: str, *arguments: Any) -> dict[str, Any]:
    return {"alwayson_scripts": {title: {"args": list(arguments)}}}


def why(answer: Answer) -> str | None:
    found = {record["why_not_reused"] for record in answer.records}
    assert len(found) == 1
    return found.pop()


def audited(webui: WebUI, **fields: Any) -> Answer:
    return webui.txt2img(SHOW, **{**SMALL, **fields}, override_settings={**AUDIT, "return_grid": False})


def test_with_everything_that_is_installed_idle(webui: WebUI) -> None:
    webui.txt2img(False, **SMALL)  # some extensions put themselves into the sampling at the first generation
    fields = known(webui, width=128, height=128, steps=4, sampler_name="Euler a", prompt=f"a house {uuid4().hex}")
    text = "Latent x1.5 @0.6"
    hit = webui.txt2img(text, **fields, override_settings=AUDIT)
    fresh = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, **fields)
    assert reused(hit) and why(hit) is None
    assert same(hit.images[0], fresh.images[0]), difference(hit.images[0], fresh.images[0])


UNIT: dict[str, Any] = {"enabled": True, "weight": 0.5, "image": 0.25}


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize("sample", ["", "partial", "method"])
def test_a_unit_that_is_on_is_remembered(webui: WebUI, sample: str) -> None:
    fields = known(webui, **told("Test units", [{**UNIT, "sample": sample}]))
    answer = audited(webui, **fields)
    assert reused(answer) and why(answer) is None
    assert not stages_only(webui, **{**fields, "alwayson_scripts": {}})


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize(
    "change",
    [
        {"weight": 0.6},
        {"image": 0.26},
        {"mode": "multiply"},
        {"region": 3},
        {"gain": 2},
        {"enabled": False},
        {"sample": "partial"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_unit_holds_counts(webui: WebUI, change: dict[str, Any]) -> None:
    fields = known(webui, **told("Test units", [UNIT, {**UNIT, "weight": 0.1}]))
    other = told("Test units", [UNIT, {**UNIT, "weight": 0.1, **change}])
    assert not stages_only(webui, **{**fields, **other})
    assert stages_only(webui, **fields)


@pytest.mark.usefixtures("units")
def test_a_file_that_a_unit_names_counts(webui: WebUI, tmp_path: Path) -> None:
    file = tmp_path / "strength.txt"
    file.write_text("0.1")
    fields = known(webui, **told("Test units", [{**UNIT, "file": str(file)}]))
    assert stages_only(webui, **fields)
    file.write_text("0.25")
    assert not stages_only(webui, **fields)


@pytest.mark.usefixtures("units")
def test_a_unit_that_is_off_counts_for_nothing(webui: WebUI) -> None:
    fields = known(webui, **told("Test units", [{"weight": 1}]))
    for other in ([{"weight": 2, "image": 0.5}], [{"held": "iterator"}], [{"held": "lock"}]):
        assert stages_only(webui, **{**fields, **told("Test units", other)})


@pytest.mark.usefixtures("units")
def test_a_unit_that_is_switched_on_from_elsewhere_counts(webui: WebUI) -> None:
    fields = known(webui, **told("Test units", [{"weight": 0.5, "image": 0.25, "by_p": True}]))
    assert stages_only(webui, **fields)
    other = told("Test units", [{"weight": 0.6, "image": 0.25, "by_p": True}])
    assert not stages_only(webui, **{**fields, **other})


@pytest.mark.usefixtures("units")
@pytest.mark.parametrize(
    ("unit", "sentence"),
    [
        ({"held": "iterator"}, "'1.held' of argument 1 of Test units is of the kind 'list_iterator', which cannot be"),
        ({"held": "lock"}, "'1.held' of argument 1 of Test units is of the kind 'lock', which cannot be compared."),
        ({"held": "function"}, "'1.held' of argument 1 of Test units is the function "),
        ({"sample": "closure"}, "Test units samples in a way of its own, which cannot be compared."),
    ],
    ids=str,
)
def test_what_cannot_be_compared_is_told(webui: WebUI, unit: dict[str, Any], sentence: str) -> None:
    fields = known(webui, **told("Test units", [{**UNIT, **unit}]))
    answer = audited(webui, **fields)
    assert not reused(answer)
    assert (why(answer) or "").startswith(f"First pass not remembered: {sentence}")
    assert "<!--" not in answer.info["infotexts"][0]


@pytest.mark.usefixtures("units")
def test_under_a_unit_a_batch_is_one(webui: WebUI) -> None:
    """What a unit does to an image may depend on the others."""
    fields = known(webui, batch_size=2, **told("Test units", [UNIT]))
    assert not stages_only(webui, **{**fields, "batch_size": 1})
    assert reused(audited(webui, **fields))


def test_reasons_of_the_generation(webui: WebUI) -> None:
    off = {"hires_strategies_remember_first_passes": False}
    none = {"hires_strategies_remembered_images": 1}
    hires = {"enable_hr": True, "hr_upscaler": "Latent", "hr_scale": 1.5, "denoising_strength": 0.7}
    fields = {"seed": next(SEEDS), **SMALL}
    asked = {"strategies": [SHOW], "reuse_first_pass": False}
    assert why(webui.txt2img(SHOW, **fields, **hires)) == "First pass not remembered: Hires. fix is on."
    answer = webui.txt2img(asked, **fields)
    assert why(answer) == "First pass not remembered: the request says so (reuse_first_pass: false)."
    answer = webui.txt2img(SHOW, **fields, batch_size=2, override_settings=none)
    assert "The settings allow 1 image and 64 MB, and this batch is 2 images and " in (why(answer) or "")
    answer = webui.txt2img(SHOW, **fields, override_settings=off)
    assert why(answer) == "First pass not remembered: The settings turn that off."
    assert why(webui.txt2img(SHOW, **fields)) is None
    both = webui.txt2img({"strategies": ["Direct x1.5", SHOW], "reuse_first_pass": False}, **fields)
    assert both.records[0]["why_not_reused"] is None and both.records[1]["why_not_reused"] is not None


def picture(colour: str) -> str:
    data = io.BytesIO()
    image = Image.new("RGB", (64, 64), "black")
    image.paste(colour, (16, 16, 48, 48))
    image.save(data, "PNG")
    return base64.b64encode(data.getvalue()).decode()


# Others' scripts switched on, by their titles: arguments, and the same with one setting changed.
ON: dict[str, tuple[list[Any], list[Any]]] = {
    "ADetailer": ([True, True, {"ad_model": "None"}], [True, True, {"ad_model": "None", "ad_confidence": 0.5}]),
    "Tiled Diffusion": (
        [True, "MultiDiffusion", False, True, 64, 64, 16, 16],
        [True, "MultiDiffusion", False, True, 64, 64, 24, 16],
    ),
    "Tiled VAE": ([True, 256], [True, 320]),
    "Dynamic Thresholding (CFG Scale Fix)": ([True, 5.0], [True, 4.0]),
    "Regional Prompter": ([True], [True, False, "Matrix", "Rows"]),
    "LoRA Block Weight": (["NONE:0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0", True], ["ALL:1", True]),
    "Hires. fix tweaks": ([2], [3]),
}


@pytest.mark.parametrize("title", ON)
def test_an_extension_that_is_on_is_remembered_rightly_or_told(webui: WebUI, title: str) -> None:
    if title.lower() not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip(f"this WebUI has no {title}")
    arguments, changed = ON[title]
    fields = known(webui, prompt=f"a house BREAK a tree {uuid4().hex}", **told(title, *arguments))
    answer = audited(webui, **fields)
    print(f"{title}: {'reused' if reused(answer) else why(answer)}")
    assert reused(answer) == (why(answer) is None)
    assert not stages_only(webui, **{**fields, **told(title, *changed)})
    assert not stages_only(webui, **{**fields, "alwayson_scripts": {}})


def test_a_control_unit_that_is_on_is_remembered(webui: WebUI) -> None:
    scripts = webui.get("/sdapi/v1/scripts")["txt2img"]
    models = webui.get("/controlnet/model_list")["model_list"] if "controlnet" in scripts else []
    if not models:
        pytest.skip("this WebUI has no ControlNet with a model")
    if models[0] == "random":
        pytest.skip("the workbench's ControlNet keeps its models in no file, so its first passes are not remembered")
    unit = {"enabled": True, "module": "none", "model": models[0], "image": picture("white"), "weight": 1.0}
    webui.txt2img(False, **SMALL)  # some extensions put themselves into the sampling at the first generation
    fields = known(webui, prompt=f"a house {uuid4().hex}", **told("ControlNet", unit))
    answer = audited(webui, **fields)
    assert reused(answer) and why(answer) is None
    for change in (
        {"weight": 0.9},
        {"image": picture("grey")},
        {"guidance_end": 0.5},
        {"control_mode": "My prompt is more important"},
    ):
        assert not stages_only(webui, **{**fields, **told("ControlNet", {**unit, **change})})
    assert not stages_only(webui, **{**fields, "alwayson_scripts": {}})
    assert stages_only(webui, **fields)
    drawing = {**unit, "module": "reference_only", "model": "None"}
    answer = webui.txt2img(SHOW, seed=next(SEEDS), **SMALL, **told("ControlNet", drawing))
    assert "ControlNet unit 0 is on, and 'reference_only' draws random numbers of its own." in (why(answer) or "")
