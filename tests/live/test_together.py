"""Neighbours on at the same time: units of ControlNet, work on each finished image, the memory of first passes, plots,
folders. What each test says of one of them is held elsewhere; here they are on together.

Needs ControlNet and a control model, or the workbench; the work on finished images is ADetailer's where it is installed
with a model that finds something, and that of tests/live/faults.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.live.client import Answer, WebUI, difference, same
from tests.live.plots import Axis, plot
from tests.live.running import Running
from tests.live.test_controlnet import encoded, models, picture
from tests.live.test_finished_images import adetailer, loaded_stand_in, pictures
from tests.live.test_first_image import encoded as encoded_with_text
from tests.live.test_folder import asked, folder, states

__all__ = ["folder", "models"]  # fixtures

FIELDS: dict[str, Any] = {"width": 96, "height": 96, "steps": 3, "seed": 57}
SETTINGS: dict[str, Any] = {"return_grid": False}
COMPUTED = {**SETTINGS, "hires_strategies_remember_first_passes": False}
AUDIT = {**SETTINGS, "hires_strategies_audit_first_passes": True}
SWEEP = ["Lanczos x1.5", "Latent x2 @0.7", "Latent x1.5 @0.6 > Lanczos x1.5 @0.4"]
SLOW = "Nearest x1.5 > Latent x1.5 @0.9 [60 steps]"


class Together:
    """Generations with a unit on (fields of its own by `unit`) and another script that works on finished images."""

    def __init__(self, webui: WebUI, model: str, each_image: dict[str, Any]) -> None:
        self.webui, self.model, self.each_image = webui, model, each_image

    def scripts(self, **unit: Any) -> dict[str, Any]:
        image, guided = encoded(picture()), {"module": "none", "weight": 0.9, "processor_res": 64}
        made = {"enabled": True, "model": self.model, "image": image, **guided, **unit}
        return {"ControlNet": {"args": [made]}, **self.each_image}

    def run(self, argument: Any, *, settings: dict[str, Any] = COMPUTED, unit: Any = (), **fields: Any) -> Answer:
        own = {"alwayson_scripts": self.scripts(**dict(unit)), "override_settings": settings}
        return self.webui.txt2img(argument, **{**FIELDS, **own, **fields})

    def plain(self) -> Answer:
        """A generation with nothing on."""
        return self.webui.txt2img(**FIELDS, override_settings=COMPUTED)


@pytest.fixture(scope="module", params=["stand-in", "ADetailer"])
def together(request: pytest.FixtureRequest, webui: WebUI, models: list[str]) -> Together:
    other = adetailer(webui) if request.param == "ADetailer" else loaded_stand_in(webui)
    return Together(webui, models[0], other)


def assert_equal(found: Answer, expected: Answer) -> None:
    assert [record["error"] for record in found.records] == [None] * len(found.records)
    for (_, one, text), (_, other, expected_text) in zip(pictures(found), pictures(expected), strict=True):
        assert same(one, other), difference(one, other)
        assert text == expected_text


@pytest.mark.parametrize("batch", [1, 2])
def test_every_variant_under_a_unit_is_what_it_is_alone(together: Together, batch: int) -> None:
    argument = {"strategies": SWEEP, "detail": "every"}
    sweep = together.run(argument, batch_size=batch)
    expected = [each for text in SWEEP for each in pictures(together.run(text, batch_size=batch))]
    found = pictures(sweep)
    assert len(found) == len(expected) == len(SWEEP) * batch
    for (record, image, text), (_, own_image, own_text) in zip(found, expected, strict=True):
        assert same(image, own_image), (record, difference(image, own_image))
        assert text == own_text and "ControlNet 0: " in text and "ADetailer model" in text
        assert record["detailed"] is True and record["error"] is None and record["notes"] == []
    unguided = pictures(together.run(argument, batch_size=batch, unit={"enabled": False}))
    assert not any(same(one[1], other[1]) for one, other in zip(found, unguided, strict=True))


def test_a_first_pass_remembered_under_a_unit_starts_a_chain(together: Together) -> None:
    if together.model == "random":
        pytest.skip("the workbench's ControlNet keeps its models in no file, so its first passes are not remembered")
    fields = {"seed": 910_001, "unit": {"weight": 0.7}}
    together.run(False, settings=SETTINGS, **fields)
    hit = together.run(SWEEP[2], settings=AUDIT, **fields)
    fresh = together.run({"strategies": [SWEEP[2]], "reuse_first_pass": False}, settings=SETTINGS, **fields)
    assert hit.records[0]["first_pass_reused"], hit.records[0]["why_not_reused"]
    assert_equal(hit, fresh)


def test_off_in_a_stage_beside_detail(together: Together) -> None:
    """The image is worked on between two stages, and only the first of them is guided."""
    text = "Lanczos x1.5 @0.5 [detail] > Latent x1.5 @0.6"
    texts = [f"{text} [control off]", text]
    answer = together.run({"strategies": texts, "stages": True, "detail": "first"})
    off, on = (together.run(each).images[0] for each in texts)
    assert same(answer.images[0], off) and not same(off, on)
    stages = pictures(answer, "stage")
    between = together.run("Lanczos x1.5 @0.5").images[0]
    assert [record["strategy"] for record, _, _ in stages] == ["Lanczos x1.5 @0.5 [detail]"]
    assert same(stages[0][1], between), difference(stages[0][1], between)


def test_cells_of_a_plot_under_a_unit(together: Together) -> None:
    answer = plot(
        together.webui,
        {"strategies": ["Latent x1.5 @0.7"]},
        Axis("[Hires] Denoising strength", "0.5,0.8"),
        **{**FIELDS, "alwayson_scripts": together.scripts(), "override_settings": AUDIT},
    )
    for at, cell in zip(("0.5", "0.8"), answer.images[1:], strict=True):
        alone = together.run({"strategies": [f"Latent x1.5 @{at}"], "reuse_first_pass": False}).images[0]
        assert same(cell, alone), difference(cell, alone)


def test_a_folder_under_a_unit(together: Together, folder: Path) -> None:
    given = [together.webui.txt2img(**{**FIELDS, "seed": seed}) for seed in (58, 59)]
    files = [encoded_with_text(each.images[0], each.info["infotexts"][0]) for each in given]
    for number, data in enumerate(files):
        (folder / f"{number}.png").write_bytes(base64.b64decode(data))
    answer = together.run(asked(folder, SWEEP[1]))
    assert states(answer) == {"0.png": "done", "1.png": "done"}
    for number, data in enumerate(files):
        alone = together.run({"strategies": SWEEP[1], "first_pass_image": data}, prompt="", negative_prompt="", seed=-1)
        with Image.open(folder / f"{number}-hires.png") as image:
            assert same(image, alone.images[0]), difference(image, alone.images[0])
    assert not same(alone.images[0], together.run(SWEEP[1], seed=59, unit={"enabled": False}).images[0])


@pytest.mark.parametrize(
    "argument",
    [
        {"strategies": [SLOW, SWEEP[0]], "detail": "every"},
        {"strategies": [SLOW.replace(" >", " [detail] >").replace("steps", "steps; control off")]},
    ],
    ids=["every", "between"],
)
def test_after_an_interrupt_a_plain_generation_is_as_ever(together: Together, argument: dict[str, Any]) -> None:
    plain, guided = together.plain(), together.run(SWEEP[1])
    fields = {**FIELDS, "alwayson_scripts": together.scripts(), "override_settings": SETTINGS, "batch_size": 2}
    running = Running(together.webui, argument, **fields)
    running.wait_for("60 steps")
    together.webui.post("/sdapi/v1/interrupt")
    stopped = running.result()
    assert "the user interrupted it" in stopped.records[0]["error"]
    assert same(together.plain().images[0], plain.images[0])
    assert_equal(together.run(SWEEP[1]), guided)


def test_after_an_interrupted_folder_a_plain_generation_is_as_ever(together: Together, folder: Path) -> None:
    plain, guided = together.plain(), together.run(SWEEP[1])
    data = encoded_with_text(plain.images[0], plain.info["infotexts"][0])
    for number in range(2):
        (folder / f"{number}.png").write_bytes(base64.b64decode(data))
    fields = {**FIELDS, "alwayson_scripts": together.scripts(), "override_settings": SETTINGS}
    running = Running(together.webui, asked(folder, SLOW), **fields)
    running.wait_for("60 steps")
    together.webui.post("/sdapi/v1/interrupt")
    assert states(running.result()) == {"0.png": "unfinished"}
    assert same(together.plain().images[0], plain.images[0])
    assert_equal(together.run(SWEEP[1]), guided)
