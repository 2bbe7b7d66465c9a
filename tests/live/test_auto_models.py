"""'@auto' with other models, and beside what else takes part in a second pass: it works, or says why not."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import Answer, Refused, WebUI
from tests.live.test_auto import TEXTS, assert_same, calls, fault, faults, fields, shown  # noqa: F401
from tests.live.test_controlnet import control, models, unit  # noqa: F401

BOTH = ["Latent x1.5 @auto!", "Lanczos x1.5 @auto!"]
WHY_NOT = ("does not tell where it starts", "no ", "not a picture")


def of(webui: WebUI, strategies: list[str], every: dict[str, Any], **more: Any) -> Answer:
    return webui.txt2img({"strategies": strategies, "reuse_first_pass": False, **more}, **every)


def numbers_give_the_bits(webui: WebUI, strategies: list[str], every: dict[str, Any], **more: Any) -> list[str]:
    """What each strategy became; with the numbers, all pictures are the same. Each found something."""
    looked = of(webui, strategies, every, **more)
    assert [record["error"] for record in looked.records] == [None] * len(looked.records)
    texts = list(dict.fromkeys(text for _, text in shown(looked)))
    assert not any("auto" in text for text in texts)
    again = shown(of(webui, texts, every, **more))
    for which, image in shown(looked).items():
        assert_same(again[which], image)
    return texts


def checkpoints(webui: WebUI) -> list[str]:
    """Names of the checkpoints, the loaded one first."""
    found = [Path(each["filename"]).stem for each in webui.get("/sdapi/v1/sd-models")]
    loaded = Path(webui.get("/sdapi/v1/options")["sd_model_checkpoint"].split(" [")[0]).stem
    return sorted(found, key=lambda name: (name != loaded, not name.startswith(loaded), name))


@pytest.fixture
def main_model(webui: WebUI) -> Iterator[None]:
    """Afterwards the checkpoint is chosen that was before: some WebUIs keep the one of override_settings."""
    before = webui.get("/sdapi/v1/options")["sd_model_checkpoint"]
    yield
    webui.post("/sdapi/v1/options", {"sd_model_checkpoint": before})


@pytest.mark.usefixtures("main_model")
def test_every_checkpoint(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    """With a schedule type that suits flow-matching models as well, where there is one."""
    schedule = {"scheduler": "Simple"} if "Simple" in webui.traits.schedulers else {}
    failed: dict[str, str] = {}
    for name in checkpoints(webui):
        every = {**fields, **schedule, "override_settings": {"sd_model_checkpoint": name}}
        try:
            print(name, numbers_give_the_bits(webui, BOTH, every))
        except (AssertionError, Refused) as error:
            failed[name] = str(error)[:600]
    assert failed == {}


def test_a_checkpoint_of_its_own(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    name = next((name for name in checkpoints(webui)[1:] if "refiner" not in name), None)
    if name is None:
        pytest.skip("this WebUI has one checkpoint only")
    own = [f"Latent x1.5 @auto! [checkpoint {name}]", f"Lanczos x1.5 @auto! [checkpoint {name}; cfg 4]"]
    plain = of(webui, TEXTS, fields)
    looked = of(webui, [TEXTS[0], *own, "Lanczos x1.5 @auto!", TEXTS[1]], fields)
    errors = [record["error"] for record in looked.records if record["error"]]
    assert all("works with are others than" in error for error in errors), errors
    found = shown(looked)
    for which, image in shown(plain).items():
        assert_same(found[which], image)
    if not errors:
        numbers_give_the_bits(webui, own, fields)


def test_a_refiner(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    """It comes after what is looked at: the search is the stage's own model's."""
    loaded, *others = checkpoints(webui)
    name = next((name for name in others if name in (f"{loaded}-b", f"{loaded}-shifted")), None)
    if name is None or "refiner_checkpoint" not in webui.traits.fields:
        pytest.skip("this WebUI has no checkpoint that refines the loaded one")
    numbers_give_the_bits(webui, BOTH, {**fields, "refiner_checkpoint": name, "refiner_switch_at": 0.5})
    numbers_give_the_bits(webui, [f"Latent x1.5 @auto! [refiner {name}]"], fields)


def test_after_hires_fix(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    hires = {"enable_hr": True, "hr_upscaler": "Latent", "hr_scale": 1.5, "denoising_strength": 0.6}
    numbers_give_the_bits(webui, ["Latent x1.25 @auto!", "Lanczos x1.25 @auto!"], {**fields, **hires, "n_iter": 2})


def test_a_picture_to_start_from(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    file = io.BytesIO()
    webui.txt2img(**fields).images[0].save(file, "PNG")
    picture = base64.b64encode(file.getvalue()).decode()
    numbers_give_the_bits(webui, BOTH, fields, first_pass_image=picture)


def test_beside_an_extension_that_paints_over_each_image(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    if "test each image" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    painting = {"alwayson_scripts": {"Test each image": {"args": [{"on": True}]}}, "batch_size": 2, "n_iter": 2}
    numbers_give_the_bits(webui, BOTH, {**fields, **painting})


def test_a_chain_of_three(webui: WebUI, fields: dict[str, Any]) -> None:  # noqa: F811
    chain = "Latent x1.5 @auto! > Lanczos x1.25 @auto! [sampler DPM++ 2M] > None x1.25 > Lanczos x1 @auto!"
    numbers_give_the_bits(webui, [chain, TEXTS[0]], {**fields, "batch_size": 2})


@pytest.mark.usefixtures("faults")
@pytest.mark.parametrize("kind", ["canny", "reference", "for the stages"])
def test_under_controlnet(webui: WebUI, fields: dict[str, Any], unit: Any, kind: str) -> None:  # noqa: F811
    """Looked for under the stage's own hints, without a trace, and remembered for these units alone."""
    kinds: dict[str, dict[str, Any]] = {
        "canny": {},
        "reference": {"module": "reference_only", "model": "None", "threshold_a": 0.5},
        "for the stages": {"hr_option": "High res only"},
    }
    every = control(unit(**kinds[kind]), **fields)
    plain = of(webui, TEXTS, every)
    looked = of(webui, [TEXTS[0], *BOTH, TEXTS[1]], every)
    assert [record["error"] for record in looked.records] == [None] * len(looked.records)
    found = shown(looked)
    for which, image in shown(plain).items():
        assert_same(found[which], image)
    numbers_give_the_bits(webui, BOTH, every)
    counted = {**every, "alwayson_scripts": {**every["alwayson_scripts"], **fault("count")["alwayson_scripts"]}}
    known = calls(of(webui, ["Latent x1.5 @auto"], counted))
    without = calls(of(webui, ["Latent x1.5 @auto"], {**fields, **fault("count")}))
    assert 0 < without - known <= 7
