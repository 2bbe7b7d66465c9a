"""Stages in tiles on a running WebUI: samplers, chains, a refiner, ControlNet, an interrupt, a plain picture after."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.live.client import Answer, WebUI, difference, same
from tests.live.running import Running
from tests.live.test_controlnet import control, encoded, models, unit  # noqa: F401

STAGE, TEXT = "Lanczos x2 @0.6 [4 steps]", "Lanczos x2 @0.6 [4 steps; tile 96]"
SMALL = {"steps": 4, "override_settings": {"return_grid": False}}


@pytest.fixture(autouse=True)
def plain_pictures_stay(webui: WebUI) -> Iterator[None]:
    """The next generation without a strategy has the bits of the one before."""
    before = webui.txt2img(**SMALL).images[0]
    yield
    off = {"hires_strategies_remember_first_passes": False}
    after = webui.txt2img(**{**SMALL, "override_settings": off}).images[0]
    assert same(before, after), difference(before, after)


def made(webui: WebUI, *texts: str, **fields: Any) -> Answer:
    answer = webui.txt2img({"strategies": list(texts)}, **{**SMALL, **fields})
    assert [record["error"] for record in answer.records] == [None] * len(answer.records)
    return answer


SAMPLERS = ("Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "Heun", "LCM", "DDIM", "UniPC", "PLMS", "DDIM CFG++")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_changes_the_picture_and_twice_alike(webui: WebUI, sampler: str) -> None:
    if sampler not in webui.traits.samplers:
        pytest.skip(f"this WebUI has no sampler {sampler}")
    together = made(webui, STAGE, TEXT, sampler_name=sampler)
    alone = made(webui, TEXT, sampler_name=sampler)
    assert not same(*together.images[:2])
    assert same(together.images[1], alone.images[0]), difference(together.images[1], alone.images[0])
    assert f"Hires strategy: {TEXT}" in alone.info["infotexts"][0]


def test_a_picture_that_fits_into_one_tile(webui: WebUI) -> None:
    whole, one = made(webui, STAGE), made(webui, "Lanczos x2 @0.6 [4 steps; tile 256]")
    assert same(whole.images[0], one.images[0]), difference(whole.images[0], one.images[0])


@pytest.mark.parametrize(
    "fields",
    [
        {"batch_size": 2},
        {"prompt": "a red house AND a lake :0.5"},
        {"prompt": "a red house, " * 40},
        {"s_min_uncond": 20.0},
        {"cfg_scale": 1},
    ],
)
def test_whatever_the_model_is_given(webui: WebUI, fields: dict[str, Any]) -> None:
    one, other = (made(webui, TEXT, **fields) for _ in range(2))
    assert len(one.images) == fields.get("batch_size", 1)
    assert all(same(*pair) for pair in zip(one.images, other.images, strict=True))


def test_several_tiles_at_once(webui: WebUI) -> None:
    """The first pass has pixels for four."""
    one, other = (made(webui, "Lanczos x1.5 @0.6 [3 steps; tile 64; overlap 0]") for _ in range(2))
    assert same(one.images[0], other.images[0])


@pytest.mark.usefixtures("computed_first_passes")
def test_a_chain_with_a_lock_and_a_search(webui: WebUI) -> None:
    chain = f"{TEXT[:-1]}; lock 0.5] > Lanczos x1 @0.4 [3 steps; tile 128; overlap 16]"
    texts = [chain, "Lanczos x2 @auto! [4 steps; tile 96]", STAGE]
    together = made(webui, *texts)
    for index in (0, 2):
        alone = made(webui, texts[index]).images[0]
        assert same(alone, together.images[index]), difference(alone, together.images[index])


def test_a_refiner(webui: WebUI) -> None:
    titles = [each["title"] for each in webui.get("/sdapi/v1/sd-models")]
    loaded = webui.get("/sdapi/v1/options")["sd_model_checkpoint"]
    others = [title for title in titles if title.split(" ")[0] != (loaded or "").split(" ")[0]]
    if not others:
        pytest.skip("this WebUI has one checkpoint")
    alike = get_close_matches(loaded or "", others, 1, cutoff=0)[0]  # a model of another family refines nothing
    name = alike.split(" ")[0].rsplit(".", 1)[0]
    text = f"Lanczos x2 @0.9 [tile 96; refiner {name}; refiner at 0.5]"
    if webui.host.title.startswith("Forge Neo"):
        pytest.skip("this WebUI refines no second pass")
    one, other = (made(webui, text) for _ in range(2))
    assert same(one.images[0], other.images[0]), difference(one.images[0], other.images[0])


def test_each_tile_is_told_its_size(webui: WebUI) -> None:
    """Which a model of SDXL's kind is: that is what it sees, and a refiner's and the next stage's sizes are others."""
    if "test told sizes" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    answer = webui.txt2img(
        "Lanczos x2 @0.6 [tile 96] > Lanczos x1 @0.5",
        **SMALL, alwayson_scripts={"Test told sizes": {"args": [{"tell": True}]}},
    )  # fmt: skip
    told = json.loads(answer.info["extra_generation_params"]["Told sizes"])
    if not told:
        pytest.skip("the model of this WebUI is told no sizes")
    assert told == [[side, side, 0, 0, side, side] for side in (128, 96, 256)]


def test_hints_are_cut_with_the_tiles(webui: WebUI, unit: Any) -> None:  # noqa: F811
    """A hint of one half changes that half."""
    blank = Image.new("RGB", (128, 128), (9, 9, 9))  # Forge takes a black one for a mask, and fails
    left = blank.copy()
    left.paste((255, 255, 255), (8, 8, 40, 120))
    settings = SMALL["override_settings"]
    answers = [
        made(
            webui,
            TEXT,
            **control(unit(1, image=encoded(hint), hr_option="High res only"), width=128, height=128, steps=3),
            override_settings=settings,
        )
        for hint in (blank, left, left)
    ]
    assert all(record["notes"] == [] for answer in answers for record in answer.records)
    without, one, other = (np.asarray(answer.images[0], dtype=float) for answer in answers)
    changed = np.abs(one - without).mean((0, 2))
    assert np.array_equal(one, other) and changed[:80].mean() > 3 * changed[-60:].mean()


def test_an_interrupt_between_two_tiles(webui: WebUI) -> None:
    whole = made(webui, TEXT).images[0]
    running = Running(webui, "Lanczos x1 > Lanczos x2 @0.8 [60 steps; tile 64]")
    running.wait_for("tile ")
    webui.post("/sdapi/v1/interrupt")
    began = time.monotonic()
    assert "interrupted" in running.result().records[0]["error"]
    assert time.monotonic() - began < 30
    after = made(webui, TEXT).images[0]
    assert same(after, whole), difference(after, whole)
