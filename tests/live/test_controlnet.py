"""ControlNet in the stages: with units on, one stage still equals Hires. fix, and a stage may have units of its own.

Runs on a WebUI with the ControlNet extension and two control models (tests/live/control_model.py makes them), and on
the workbench with tests/workbench/prepared_hints, which does what that extension does.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import pytest
import requests
from PIL import Image, ImageDraw

from tests.live.client import Answer, WebUI, difference, same
from tests.live.running import Running

pytestmark = pytest.mark.usefixtures("computed_first_passes")

SIZE = {"width": 96, "height": 96, "steps": 4}
REFERENCE = {"module": "reference_only", "model": "None", "threshold_a": 0.5}
FIRST_PASS, STAGES = {"hr_option": "Low res only"}, {"hr_option": "High res only"}
STAGE = "Latent x2 @0.7"


@pytest.fixture(scope="module")
def models(webui: WebUI) -> list[str]:
    try:
        found: list[str] = webui.get("/controlnet/model_list")["model_list"]
    except requests.HTTPError:
        pytest.skip("this WebUI has no ControlNet")
    found = [name for name in found if name != "None"]
    if len(found) < 2:
        pytest.skip("this WebUI has fewer than two control models")
    return found


@pytest.fixture(scope="module")
def unit(webui: WebUI, models: list[str]) -> Any:
    """A unit that is on, with fields of its own; `number` chooses among two pictures and models."""
    try:
        known: list[str] = webui.get("/controlnet/module_list")["module_list"]
    except requests.HTTPError:
        known = []
    none = "None" if "None" in known else "none"  # as Forge calls it

    def made(number: int = 0, **fields: Any) -> dict[str, Any]:
        module = "canny" if number == 0 else none
        common = {"processor_res": 64, "threshold_a": 100, "threshold_b": 200}
        own = {"enabled": True, "module": module, "model": models[number], "image": encoded(picture(number))}
        return {**common, **own, **fields}

    return made


def picture(number: int = 0) -> Image.Image:
    """Some shapes, wider than high."""
    image = Image.new("RGB", (120, 72), (30, 60, 200))
    draw = ImageDraw.Draw(image)
    draw.ellipse([10 + number * 7, 8, 70 + number * 5, 60], fill=(230, 40, 30))
    draw.rectangle([60, 30, 100, 66 - number], fill=(20, 200, 90), outline=(255, 255, 255))
    return image


def encoded(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def control(*units: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Fields of a generation with these units."""
    return {**SIZE, **fields, "alwayson_scripts": {"ControlNet": {"args": list(units)}}}


def assert_same(one: Answer, other: Answer, count: int = 1) -> None:
    for index in range(count):
        assert same(one.images[index], other.images[index]), difference(one.images[index], other.images[index])


# name: (upscaler, scale, denoising strength, units by number and fields, fields of the generation)
PARITY: dict[str, tuple[str, float, float, list[tuple[int, dict[str, Any]]], dict[str, Any]]] = {
    "latent": ("Latent", 2, 0.7, [(0, {})], {}),
    "latent, first pass only": ("Latent", 2, 0.7, [(0, FIRST_PASS)], {}),
    "latent, stages only": ("Latent", 2, 0.7, [(0, STAGES)], {}),
    "pixels": ("Lanczos", 2, 0.5, [(0, {})], {}),
    "pixels, first pass only": ("Lanczos", 2, 0.5, [(0, FIRST_PASS)], {}),
    "pixels, stages only": ("Lanczos", 2, 0.5, [(0, STAGES)], {}),
    "batch size 2": ("Latent", 2, 0.7, [(0, {})], {"batch_size": 2}),
    "batch size 2, batch count 2, pixels": ("Lanczos", 2, 0.5, [(0, {})], {"batch_size": 2, "n_iter": 2}),
    "two units": ("Latent", 2, 0.7, [(0, {}), (1, {**STAGES, "weight": 0.6})], {}),
    "filled up, scale 1.5": ("Latent", 1.5, 0.7, [(0, {"resize_mode": "Resize and Fill", "pixel_perfect": True})], {}),
    "scale 1": ("Lanczos", 1, 0.5, [(1, {"resize_mode": "Just Resize"})], {}),
    "prompt editing, AND": ("Latent", 2, 0.7, [(0, {})], {"prompt": "a [red:blue:0.5] house AND a lake :0.7"}),
    "more important than the prompt": ("Latent", 2, 0.7, [(0, {"control_mode": "ControlNet is more important"})], {}),
    "reference": ("Latent", 2, 0.7, [(0, REFERENCE)], {}),
    "reference, pixels": ("Lanczos", 2, 0.5, [(0, REFERENCE)], {}),
    "reference, batch count 2": ("Lanczos", 2, 0.5, [(0, REFERENCE)], {"n_iter": 2}),
}


@pytest.mark.parametrize("name", PARITY)
def test_one_stage_is_hires_fix(webui: WebUI, unit: Any, name: str) -> None:
    upscaler, scale, strength, units, fields = PARITY[name]
    both = control(*(unit(number, **own) for number, own in units), **fields)
    theirs = webui.hires_fix(upscaler, scale, strength, **both)
    ours = webui.txt2img(f"{upscaler} x{scale} @{strength}", **both)
    assert ours.records[0]["error"] is None and ours.records[0]["notes"] == []
    assert_same(ours, theirs, fields.get("batch_size", 1) * fields.get("n_iter", 1))


def test_a_unit_changes_what_it_is_for(webui: WebUI, unit: Any) -> None:
    """Without this, all of the above could be equal because nothing is guided."""
    argument = {"strategies": [STAGE], "first_pass": True}
    plain, first, stages = (
        webui.txt2img(argument, **fields) for fields in (SIZE, control(unit(**FIRST_PASS)), control(unit(**STAGES)))
    )
    made = [
        {record["kind"]: answer.images[record["index"]] for record in answer.records}
        for answer in (plain, first, stages)
    ]
    assert not any(same(made[0]["variant"], other["variant"]) for other in made[1:])
    assert not same(made[0]["first_pass"], made[1]["first_pass"])
    assert same(made[0]["first_pass"], made[2]["first_pass"])


def test_each_stage_has_hints_of_its_size_and_depends_on_its_path_alone(webui: WebUI, unit: Any) -> None:
    chain, other = "Latent x1.5 @0.6 > Lanczos x2 @0.4", "Lanczos x2 @0.5"
    fields = control(unit(), unit(1, **REFERENCE))
    together = webui.txt2img({"strategies": [other, chain, STAGE]}, **fields)
    assert [record["error"] for record in together.records] == [None] * 3
    for record in together.records:
        alone = webui.txt2img(record["strategy"], **fields)
        assert same(alone.images[0], together.images[record["index"]]), record["strategy"]
    assert together.images[1].size == (288, 288)
    assert not same(webui.txt2img(chain, **SIZE).images[0], together.images[1])


def test_direct_is_txt2img_at_that_size(webui: WebUI, unit: Any) -> None:
    fields = control(unit())
    host = webui.txt2img(**{**fields, "width": 192, "height": 192})
    ours = webui.txt2img("Direct x2", **fields)
    assert_same(ours, host)
    assert_same(webui.txt2img({"strategies": ["Direct x2", STAGE]}, **fields), host)


def test_after_hires_fix(webui: WebUI, unit: Any) -> None:
    fields = control(unit(), enable_hr=True, hr_upscaler="Latent", hr_scale=1.5, denoising_strength=0.6)
    answer = webui.txt2img("Lanczos x1.5 @0.4", **fields)
    assert answer.records[0]["error"] is None and answer.records[0]["notes"] == []
    assert answer.images[0].size == (216, 216)


def test_the_next_generation_is_as_on_a_fresh_start(webui: WebUI, unit: Any) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    fields, plain = control(unit(), n_iter=2), webui.txt2img(**SIZE)
    before = webui.txt2img(STAGE, **fields)
    fault = {"Test faults": {"args": [{"where": "create_sampler", "call": 2}]}}
    broken = webui.txt2img(STAGE, **{**control(unit()), "alwayson_scripts": {**fields["alwayson_scripts"], **fault}})
    assert "out of memory" in broken.records[0]["error"].lower()
    assert_same(webui.txt2img(**SIZE), plain)
    assert_same(webui.txt2img(STAGE, **fields), before, 2)
    assert_same(webui.txt2img(**fields), webui.txt2img({"strategies": ["Nearest x1"]}, **fields), 2)


def test_after_an_interrupt_it_is_as_on_a_fresh_start(webui: WebUI, unit: Any) -> None:
    fields, plain = control(unit()), webui.txt2img(**SIZE)
    before = webui.txt2img(STAGE, **fields)
    running = Running(webui, f"{STAGE} > Latent x1.5 @0.9 [120 steps]", **fields)
    running.wait_for("120 steps")
    webui.post("/sdapi/v1/interrupt")
    assert "the user interrupted it" in running.result().records[0]["error"]
    assert_same(webui.txt2img(**SIZE), plain)
    assert_same(webui.txt2img(STAGE, **fields), before)


def test_off_in_a_stage(webui: WebUI, unit: Any) -> None:
    first_pass_only = webui.txt2img(STAGE, **control(unit(**FIRST_PASS)))
    for text in ("control off", "control 0 off"):
        assert_same(webui.txt2img(f"{STAGE} [{text}]", **control(unit())), first_pass_only)


def test_on_in_a_stage(webui: WebUI, unit: Any) -> None:
    stages_only = webui.txt2img(STAGE, **control(unit(**STAGES)))
    for given in (unit(enabled=False), unit(**STAGES)):
        assert_same(webui.txt2img(f"{STAGE} [control 0 on]", **control(given)), stages_only)
    plain = webui.txt2img(STAGE, **control(unit(enabled=False)))
    assert not same(plain.images[0], stages_only.images[0])


def test_a_weight_of_its_own(webui: WebUI, unit: Any) -> None:
    """The same unit twice, once for each pass."""
    twice = webui.txt2img(STAGE, **control(unit(**FIRST_PASS), unit(**STAGES, weight=0.6)))
    ours = webui.txt2img(f"{STAGE} [control 0 weight 0.6]", **control(unit()))
    assert_same(ours, twice)


def test_stages_of_a_sweep_with_other_units_share_nothing(webui: WebUI, unit: Any) -> None:
    texts = [STAGE, f"{STAGE} [control off]", f"{STAGE} [control 0 weight 0.5]", f"{STAGE} [control off 1 on]"]
    fields = control(unit(), unit(1))
    together = webui.txt2img({"strategies": texts}, **fields)
    for index, text in enumerate(texts):
        assert same(webui.txt2img(text, **fields).images[0], together.images[index]), text


def test_the_picture_so_far_as_a_unit_s_image(webui: WebUI, unit: Any) -> None:
    so_far = webui.txt2img("Lanczos x2", **SIZE).images[0]
    given = webui.txt2img("Lanczos x2 @0.5", **control(unit(1, image=encoded(so_far), **STAGES)))
    empty = unit(1, enabled=False)
    del empty["image"]
    ours = webui.txt2img("Lanczos x2 @0.5 [control 0 picture]", **control(empty))
    assert_same(ours, given)
    chain = webui.txt2img("Lanczos x1.5 @0.5 > Latent x2 @0.6 [control 0 weight 0.5 picture]", **control(empty))
    assert chain.records[0]["error"] is None and chain.records[0]["notes"] == []


def test_a_picture_that_there_is_not_is_told(webui: WebUI, unit: Any) -> None:
    two = webui.txt2img("Lanczos x2 @0.5 [control 0 picture]", **control(unit(1), batch_size=2))
    assert "batches of one image only" in two.records[0]["notes"][0]
    direct = webui.txt2img("Direct x2 [control 0 picture]", **control(unit(1)))
    assert "ControlNet unit 0 is off in this stage: " in direct.records[0]["notes"][0]


def test_a_unit_that_there_is_not_is_told(webui: WebUI, unit: Any) -> None:
    answer = webui.txt2img(f"{STAGE} [control 9 off]", **control(unit()))
    assert answer.records[0]["notes"] == ["There is no ControlNet unit 9."]
    assert_same(answer, webui.txt2img(STAGE, **control(unit())))


def test_a_unit_that_cannot_be_prepared_is_left_out_and_told(webui: WebUI, unit: Any) -> None:
    plain = webui.txt2img(STAGE, **SIZE)
    answer = webui.txt2img(STAGE, **control(unit(model="no such model")))
    assert answer.records[0]["error"] is None
    (note,) = answer.records[0]["notes"]
    assert note.startswith(f"ControlNet was left out of '{STAGE}': model not found: ")
    assert_same(answer, plain)
    assert_same(webui.txt2img(STAGE, **control(unit())), webui.hires_fix("Latent", 2, 0.7, **control(unit())))


def test_the_text_makes_the_picture_again(webui: WebUI, unit: Any) -> None:
    text = f"{STAGE} [control 0 weight 0.5]"
    answer = webui.txt2img(f"{STAGE} [control 0 on weight .50]", **control(unit()))
    told = answer.info["infotexts"][0]
    assert f"Hires strategy: {text}" in told.replace('"', "")
    assert "ControlNet 0: " in told and "Weight: 1" in told.split("ControlNet 0: ")[1]
    assert_same(webui.txt2img(text, **control(unit())), answer)
