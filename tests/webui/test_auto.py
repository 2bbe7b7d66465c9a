"""'@auto' on the workbench: what it finds, the bits, and that looking leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

FIELDS: dict[str, Any] = {
    "prompt": "1girl, red hair, blue dress, standing, full body", "seed": 3, "width": 64, "height": 96, "steps": 4,
    "cfg_scale": 4, "sampler_name": "Euler", "scheduler": "Automatic",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("found_file")


def ran(api: Callable[..., Any], argument: Any, **fields: Any) -> tuple[list[str], list[dict[str, Any]]]:
    """The pictures and their records."""
    section = {"Hires strategies": {"args": [argument]}}
    answer = api(**{**FIELDS, **fields}, alwayson_scripts=section)
    return answer.images, json.loads(answer.info)["hires_strategies"]


@pytest.mark.parametrize("text", ["Latent x1.5 @auto", "Lanczos x1.5 @auto", "None x1.5 @0.4 > Latent x1.5 @auto"])
def test_the_number_gives_the_picture_again(api: Callable[..., Any], text: str) -> None:
    images, (record,) = ran(api, text)
    assert record["error"] is None and "auto" not in record["strategy"]
    again, (other,) = ran(api, record["strategy"])
    assert again == images
    assert other["strategy"] == record["strategy"] and other["start_sigma"] == record["start_sigma"]


def test_seven_evaluations_the_first_time_and_none_afterwards(api: Callable[..., Any], counted: list[float]) -> None:
    ran(api, "Lanczos x1.5 @0.5")
    plain = len(counted)
    images, (record,) = ran(api, "Lanczos x1.5 @auto")
    assert len(counted) - plain == 4 + 7  # the first pass is remembered
    before = len(counted)
    again, (other,) = ran(api, "Lanczos x1.5 @auto")
    assert len(counted) - before == 4
    assert again == images and other["strategy"] == record["strategy"]


def test_another_look_looks_again(api: Callable[..., Any], counted: list[float]) -> None:
    ran(api, "Lanczos x1.5 @auto")
    before = len(counted)
    ran(api, "Lanczos x1.5 @auto!")
    assert len(counted) - before > 4


def test_the_batches_of_a_generation_start_alike(api: Callable[..., Any]) -> None:
    _, records = ran(api, "Lanczos x1.5 @auto!", n_iter=2, batch_size=2)
    assert len({record["strategy"] for record in records}) == 1 and len(records) == 4


def test_every_search_of_a_batch_counts(api: Callable[..., Any]) -> None:
    """Two branches of a chain may find two strengths for the same model, upscaler and scale."""
    from hires_strategies.webui.files import remembered_file

    _, records = ran(api, {"strategies": ["Latent x1.5 @{0.3,0.9} > Lanczos x1.5 @{auto-0.1,auto}"]})
    found = [each["start_sigma"] for record in records for each in record["found"]]
    (entry,) = remembered_file().entries()
    assert [round(sigma, 4) for sigma in entry.sigmas] == list(dict.fromkeys(found)) and len(entry.sigmas) == 2


def test_looking_leaves_no_trace(api: Callable[..., Any]) -> None:
    """What runs after it is as without it, in the same generation and in the next one."""
    from modules import shared

    texts = ["Lanczos x1.5 @0.6 [sampler Euler a]", "Latent x1.5 @0.7", "Lanczos x1.5 @0.3 [sampler DPM++ SDE]"]
    plain, _ = ran(api, {"strategies": texts})
    generator = torch.get_rng_state()
    among, records = ran(api, {"strategies": ["Lanczos x1.5 @auto [cfg 5]", *texts]})
    shown = {record["strategy"]: among[record["index"]] for record in records}
    assert [shown[text] for text in texts] == plain
    ran(api, {"strategies": texts})
    assert torch.equal(torch.get_rng_state(), generator)
    assert shared.state.textinfo is None


def test_a_sweep_on_the_page_teaches_what_its_strengths_change(
    api: Callable[..., Any], counted: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two evaluations for the sweep; the pictures are those that a program gets, which measures nothing."""
    from hires_strategies.webui.generation.found import FoundHere

    argument = {"strategies": ["Lanczos x1.5 @{0.2,0.5,0.9}"]}
    plain, silent = ran(api, argument)
    assert all("teaches" not in record for record in silent)
    give = FoundHere.give

    def as_on_the_page(self: FoundHere, host: Any, p: Any) -> None:
        give(self, host, p)
        host.measures = True

    monkeypatch.setattr(FoundHere, "give", as_on_the_page)
    before = len(counted)
    images, records = ran(api, argument)
    assert images == plain
    changes = [record["teaches"]["change"] for record in records]
    assert changes == sorted(changes) and 0 <= changes[0] < changes[-1] <= 1
    assert records[0]["teaches"]["upscaler"] == "Lanczos"
    assert records[0]["teaches"]["sigma"] == records[0]["start_sigma"]
    assert len(counted) - before == 3 * 4 + 2


def planned(text: str) -> dict[str, Any]:
    from hires_strategies.webui.api.routes import plan_answer

    names = ("width", "height", "steps", "cfg_scale", "sampler_name", "scheduler")
    return plan_answer({"strategies": text.splitlines(), **{name: FIELDS[name] for name in names}})


def test_the_plan_knows_what_is_remembered(api: Callable[..., Any]) -> None:
    before = planned("Lanczos x1.5 @auto")
    assert before["stages"][0]["to_find"] and before["searches"] == 1
    _, (record,) = ran(api, "Lanczos x1.5 @auto")
    after = planned("Lanczos x1.5 @auto")
    (stage,) = after["stages"]
    assert after["variants"] == [record["strategy"]] and after["searches"] == 0
    assert stage["denoising_strength"] == record["denoising_strength"] == stage["found"]["denoising_strength"]
    assert stage["found"]["remembered"] and stage["start_sigma"] == pytest.approx(record["start_sigma"], rel=1e-3)
    assert after["cost"] == pytest.approx(before["cost"] - 7 / 4 * 1.5**2, abs=2e-3)
    assert planned("Lanczos x1.5 @auto!")["searches"] == 1
