"""Texts and records stay with their image whatever other extensions add to a batch, take away or put in its place.

Needs the extension in tests/live/batch_changes in the WebUI; the workbench is started with it. Its hooks are called
before ours where it is loaded before ours, and after ours otherwise.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from tests.live.client import Answer, WebUI

ARGUMENT = {"strategies": ["Nearest x2", "Lanczos x2"], "first_pass": True, "sheet": True, "crops": "whole"}
FIELDS: dict[str, Any] = {"batch_size": 2, "n_iter": 2, "seed": 41, "steps": 3, "width": 64, "height": 64}
# What is changed, and how many images of the four are still there.
CHANGES: list[tuple[dict[str, Any], int]] = [
    ({"append": 1}, 4),
    ({"append": 3}, 4),
    ({"insert": 1}, 4),
    ({"insert_but_seeds_behind": 1}, 4),
    ({"take_away": 0}, 2),
    ({"take_away": 1, "append": 1}, 2),
    ({"take_away": 0, "insert": 2}, 2),
    ({"brighten": 0.05}, 4),
    ({"brighten": 0.05, "insert": 1}, 4),
    ({"new_tensors": True, "append": 1}, 4),
    ({"enlarge_each": True, "insert": 1}, 4),
    ({"grid_in_front": True}, 4),
    ({"remove_answer": 1}, 3),
    ({"grid_in_front": True, "remove_answer": 2, "append": 1}, 3),
    ({"batch_size_meanwhile": 1, "n_iter": 4}, 4),
    # Only where the script is called before ours can its own carelessness be made good.
    ({"copy_answer": True}, 4),
    ({"grid_without_text": True}, 4),
]
IN_ANY_ORDER = CHANGES[:-2]


@pytest.fixture(scope="module", autouse=True)
def _changes(webui: WebUI) -> None:
    if "test batch changes" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/batch_changes")


def changed(webui: WebUI, changes: dict[str, Any], **options: Any) -> Answer:
    fields = {**FIELDS, "override_settings": {"return_grid": False, **options}}
    return webui.txt2img(ARGUMENT, alwayson_scripts={"Test batch changes": {"args": [changes]}}, **fields)


@pytest.fixture(scope="module")
def unchanged(webui: WebUI) -> Answer:
    return changed(webui, {})


def check(answer: Answer, unchanged: Answer) -> None:
    """Every record and text fits its picture, and the pictures of ours are those of a generation left alone."""
    expected = {key(record): unchanged.images[record["index"]] for record in unchanged.records}
    for record in answer.records:
        image = answer.images[record["index"]]
        text = answer.info["infotexts"][record["index"]]
        assert f", Seed: {record['seed']}, " in text, (record, text)
        if record["kind"] == "sheet":
            continue
        strategies = re.findall(r"Hires strategy: ([^,]+)", text)
        assert strategies == ([record["strategy"]] if record["strategy"] else []), (record, text)
        assert image.size[0] - record["width"] in (0, 4, 8)
        alike = [(likeness(image, each), other) for other, each in expected.items() if other[::2] == key(record)[::2]]
        assert min(alike)[1] == key(record), (record, alike)


def key(record: dict[str, Any]) -> tuple[Any, ...]:
    return record["kind"], record["seed"], record["strategy"]


def likeness(one: Any, other: Any) -> float:
    """The mean difference of two pictures' thumbnails."""
    small = [np.asarray(each.convert("RGB").resize((32, 32)), dtype=float) for each in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("pnginfo", [True, False], ids=["texts in images", "no texts in images"])
@pytest.mark.parametrize(("changes", "left"), IN_ANY_ORDER, ids=lambda value: str(value))
def test_records_and_texts_stay_with_their_image(
    webui: WebUI, unchanged: Answer, changes: dict[str, Any], left: int, pnginfo: bool
) -> None:
    answer = changed(webui, changes, enable_pnginfo=pnginfo)
    check(answer, unchanged)
    seeds = [41, 42, 43, 44]
    kinds = [(record["kind"], record["seed"]) for record in answer.records]
    assert [seed for kind, seed in kinds if kind == "first_pass"] == seeds
    assert [seed for kind, seed in kinds if kind == "sheet"] == seeds
    further = [record for record in answer.records if record["strategy"] == "Lanczos x2"]
    assert [record["seed"] for record in further] == seeds
    generated = [record for record in answer.records if record["strategy"] == "Nearest x2"]
    assert len(generated) == left
