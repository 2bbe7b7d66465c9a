"""Memory that runs out: the stage is tried again with less, says so, and the next generation is as on a fresh start.

Needs the extension in tests/live/faults in the WebUI; the workbench is started with it.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.live.client import Answer, WebUI, difference, same
from tests.live.hosts import HOSTS

pytestmark = pytest.mark.usefixtures("computed_first_passes")

OFF = {"hires_strategies_less_memory": False}
PROMPTS = ["a red house by a lake", "a tree, sunset, (blue:1.3) " + "and a very long list of things " * 12, "a boat"]
BATCH: dict[str, Any] = {
    "batch_size": 3, "steps": 5, "subseed": 77, "subseed_strength": 0.4, "width": 64, "height": 96
}  # fmt: skip
LATENTS = 12 * 18  # of one image after "x1.5"
ROOM = 400  # latents: for the three of the first pass, and one of them after "x1.5"


@pytest.fixture(scope="module", autouse=True)
def _little_memory(webui: WebUI) -> None:
    if "test little memory" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")


def generated(webui: WebUI, room: dict[str, Any], *strategies: str, **fields: Any) -> Answer:
    argument = {"strategies": list(strategies), "reuse_first_pass": False}
    scripts = {"Test little memory": {"args": [room]}}
    return webui.txt2img(argument, alwayson_scripts=scripts, **{**BATCH, **fields})


def apart(one: Image.Image, other: Image.Image) -> tuple[float, int]:
    """Mean and largest difference, in levels."""
    each = np.abs(np.asarray(one, dtype=int) - np.asarray(other, dtype=int))
    return float(each.mean()), int(each.max())


def notes(answer: Answer) -> list[str]:
    return [note for record in answer.records for note in record.get("notes", [])]


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ SDE", "DPM++ 2M"])
@pytest.mark.parametrize("stage", ["Lanczos x1.5 @0.6", "Latent x1.5 @0.7", "Direct x1.5"])
def test_images_one_by_one_are_those_of_the_batch(webui: WebUI, sampler: str, stage: str) -> None:
    fields = {"sampler_name": sampler, "scheduler": "Karras"}
    whole = generated(webui, {"prompts": PROMPTS}, stage, **fields)
    alone = generated(webui, {"prompts": PROMPTS, "sample": ROOM}, stage, **fields)
    for one, other in zip(whole.images, alone.images, strict=True):
        assert apart(one, other)[1] <= 2, apart(one, other)
    assert len({image.tobytes() for image in alone.images[-3:]}) == 3
    size = "x".join(map(str, alone.images[-1].size))
    assert notes(alone)[0] == f"3 images of {size} did not fit into memory and were sampled one image after the other."
    assert alone.info["infotexts"] == whole.info["infotexts"]
    again = generated(webui, {"prompts": PROMPTS}, stage, **fields)
    assert all(map(same, again.images, whole.images))


@pytest.mark.parametrize("of", ["card", "machine"])
@pytest.mark.parametrize(
    ("where", "most", "told"),
    [("sample", ROOM, "sampled"), ("encode", LATENTS * 64 - 1, "encoded"), ("decode", 24 * 24 - 1, "decoded")],
)
def test_memory_that_runs_out_once(webui: WebUI, where: str, most: int, told: str, of: str) -> None:
    stage, fields = "Lanczos x1.5 @0.6", {}
    if where == "decode":  # Forge's own tiles fail with pictures of less than 128 pixels a side
        fields = {"width": 128, "height": 128}
    whole = generated(webui, {}, stage, **fields)
    once = generated(webui, {where: most, "times": 1, "of": of}, stage, **fields)
    for one, other in zip(whole.images, once.images, strict=True):
        assert apart(one, other)[1] <= 2
    assert not any(record["error"] for record in once.records)
    met_by_host = webui.host.own_tiles and of == "card" and where != "sample"
    # Forge and its kin decode as many images at once as the machine has room for: then the first pass's as well.
    as_many = {1, 2} if webui.host.own_tiles and where == "decode" else {1}
    assert len(set(notes(once))) in ({0} if met_by_host else as_many)
    assert all(f" {told} " in note for note in notes(once))
    again = generated(webui, {}, stage, **fields)
    assert all(map(same, again.images, whole.images)), [*map(difference, again.images, whole.images)]


@pytest.mark.parametrize("of", ["card", "machine"])
def test_the_autoencoder_in_tiles(webui: WebUI, of: str) -> None:
    # Room for a tile, not for the whole; the first pass is decoded as well.
    width, height, tile = (768, 576, 64 * 64) if webui.host.own_tiles else (256, 192, 32 * 23)
    fields = {"width": width, "height": height, "batch_size": 1, "steps": 2}
    room = {"encode": min(tile * 64, width * height - 1), "decode": tile, "of": of}
    whole = generated(webui, {}, "Lanczos x1 @0.05", **fields)
    tiled = generated(webui, room, "Lanczos x1 @0.05", **fields)
    assert not tiled.records[0]["error"]
    mean, largest = apart(whole.images[0], tiled.images[0])
    assert mean < 12 and largest < 128
    told = {f"{width}x{height} did not fit into memory and was {done} in tiles." for done in ("decoded", "encoded")}
    assert set(notes(tiled)) == (set() if webui.host.own_tiles and of == "card" else told)
    assert tiled.info["infotexts"] == whole.info["infotexts"]
    again = generated(webui, {}, "Lanczos x1 @0.05", **fields)
    assert same(again.images[0], whole.images[0])


def test_sampling_in_tiles_is_in_the_text_which_makes_the_picture_again(webui: WebUI) -> None:
    """Room for a tile of the model's size: 512 pixels a side, or 1024."""
    fields = {"width": 1024, "height": 64, "batch_size": 1, "steps": 2, "override_settings": {"return_grid": False}}
    tiled = generated(webui, {"model": 128 * 16}, "Latent x2 @0.6 > None x1", **fields)
    assert notes(tiled)[0] == "2048x128 did not fit into memory and was sampled in tiles."
    text = tiled.records[0]["strategy"]
    assert re.fullmatch(r"Latent x2 @0.6 \[tile (512|1024)] > None x1", text)
    assert f"Hires strategy: {text}" in tiled.info["infotexts"][0].replace('"', "")
    whole = generated(webui, {}, "Latent x2 @0.6 > None x1", **fields)
    assert not same(whole.images[0], tiled.images[0])
    again = generated(webui, {}, text, **fields)
    assert same(again.images[0], tiled.images[0]), difference(again.images[0], tiled.images[0])


def test_what_was_needed_is_known_and_said_before_the_next_run(webui: WebUI) -> None:
    asked = {"strategies": ["Lanczos x1.5 @0.6"], "width": 128, "height": 192}
    room = {"decode": 24 * 36 - 1, "times": 1, "of": "machine"}
    fields = {"width": 128, "height": 192, "batch_size": 1}
    made = generated(webui, {**room, "forget": False}, "Lanczos x1.5 @0.6", **fields)
    size = "192x320" if webui.host is HOSTS["neo"] else "192x288"  # Neo 2.26 rounds to 64
    assert "x".join(map(str, made.images[-1].size)) == size
    try:
        plan = webui.post("/hires-strategies/v1/plan", asked)
        assert len(plan["less_memory"]) == 1
        assert f"{size} did not fit into this machine's memory on " in plan["less_memory"][0]
        assert plan["less_memory"][0].endswith(": it will be decoded in tiles.")
        known = generated(webui, {"forget": False}, "Lanczos x1.5 @0.6", **fields)
        assert [note.partition(" on ")[0] for note in notes(known)] == [
            f"{size} did not fit into this machine's memory"
        ]
    finally:
        generated(webui, {"forget": True}, "Lanczos x1.5 @0.6", **fields)
    assert webui.post("/hires-strategies/v1/plan", asked)["less_memory"] == []


def test_a_setting_turns_it_off(webui: WebUI) -> None:
    failed = generated(webui, {"sample": ROOM}, "Lanczos x1.5 @0.6", override_settings=OFF)
    assert "CUDA out of memory" in failed.records[0]["error"]
    assert same(failed.images[-1], webui.txt2img(False, **BATCH).images[-1])
    assert notes(failed) == []
