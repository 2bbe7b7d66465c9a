"""What is told and returned of strengths that were found: numbers everywhere, and how they were found."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

FIELDS: dict[str, Any] = {
    "prompt": "1girl, red hair, blue dress, standing, full body", "seed": 3, "width": 64, "height": 64, "steps": 4,
    "cfg_scale": 4, "sampler_name": "Euler", "scheduler": "Automatic",
}  # fmt: skip


pytestmark = pytest.mark.usefixtures("found_file")


def ran(api: Callable[..., Any], argument: Any, **fields: Any) -> tuple[Any, list[dict[str, Any]]]:
    """The answer and its records."""
    answer = api(**{**FIELDS, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    return answer, json.loads(answer.info)["hires_strategies"]


def test_a_record_tells_how_the_strengths_of_its_path_were_found(api: Callable[..., Any]) -> None:
    text = "Lanczos x1.5 @0.4 > Latent x1.5 @auto > None x1.1"
    argument = {"strategies": [text, "Nearest x2"], "stages": True}
    _, records = ran(api, argument)
    variant, plain, given, searched = records
    assert "found" not in plain and "found" not in given
    assert variant["found"] == searched["found"]
    (found,) = variant["found"]
    assert found["plan_stage"] == searched["plan_stage"] and found["evaluations"] == 7 and not found["remembered"]
    assert found["denoising_strength"] == searched["denoising_strength"] and found["seconds"] > 0
    assert searched["model_evaluations"] == 4 + 4  # its stages' own
    sigmas = [math.inf if sigma is None else sigma for sigma, _ in found["points"]]
    assert sigmas == sorted(sigmas) and len(sigmas) == 7
    assert all(0 <= change <= 1 for _, change in found["points"])
    again, records = ran(api, argument)
    assert records[0]["found"] == [{**found, "evaluations": 0, "seconds": 0, "remembered": True}]
    assert records[0]["strategy"] == variant["strategy"]
    assert not any("Infinity" in each for each in (again.info,))


def test_the_word_is_nowhere_in_what_describes_a_picture(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    from modules import shared

    for name, value in {"outdir_txt2img_samples": str(tmp_path), "outdir_txt2img_grids": str(tmp_path),
                        "samples_filename_pattern": "[seed]-[denoising]", "grid_save": True}.items():  # fmt: skip
        monkeypatch.setitem(shared.opts.data, name, value)
    argument = {"strategies": ["Lanczos x1.5 @{auto,auto+0.2,0.05} > None x1.1"], "stages": True, "sheet": True}
    answer, records = ran(api, argument, n_iter=2, save_images=True)
    info = json.loads(answer.info)
    assert not any("auto" in text for text in info["infotexts"])
    for record in records:
        told = [record["strategy"], record["stage"], *record["same_as"], record.get("asked")]
        assert not any("auto" in text for text in told if text), record
        assert not any("auto" in tile["strategy"] for tile in record.get("tiles", ()))
    files = sorted(path.name for path in tmp_path.rglob("*.*"))
    assert files and not any("auto" in name for name in files)
    strengths = {record["denoising_strength"] for record in records if record["kind"] == "stage"}
    assert all(any(f"-{strength}-stage" in name for name in files) for strength in strengths)
    sheets = [text for text in info["infotexts"] if f"{records[0]['strategy']}" not in text and "@{" in text]
    assert len(sheets) == 2  # they give the sweep of numbers back


def test_what_was_found_is_told_once(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.processing import StableDiffusionProcessing

    told: list[str] = []
    monkeypatch.setattr(StableDiffusionProcessing, "comment", lambda self, text: told.append(text))

    def comments(text: str, **fields: Any) -> set[str]:
        told.clear()
        ran(api, text, **fields)
        return {each.removeprefix("Hires strategies: ") for each in told if "denoising strength is" in each}

    first = comments("Lanczos x1.5 @{auto-0.1,auto}", n_iter=2)
    assert len(first) == 2 and all("found for this checkpoint." in each for each in first)
    assert sum(", beside 0." in each for each in first) == 1
    second = comments("Lanczos x1.5 @auto", n_iter=2)
    assert len(second) == 1 and second.pop().endswith("remembered for this checkpoint.")


def test_the_sheet_shows_the_curve(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.sheet.sheet import make_sheet
    from hires_strategies.webui.output import contact_sheets

    made: list[Any] = []

    def noting(tiles: Any, look: Any, heading: Any, first_pass: Any, curves: Any) -> Any:
        made.append((tiles, curves))
        return make_sheet(tiles, look, heading, first_pass, curves)

    monkeypatch.setattr(contact_sheets, "make_sheet", noting)
    argument = {"strategies": ["Lanczos x1.5 @{auto-0.05,auto,0.9}"], "sheet": True}
    _, records = ran(api, argument)
    _, again = ran(api, argument)  # what is remembered has the curve of the last search
    for (tiles, curves), told in zip(made, (records, again), strict=True):
        assert [tile.found for tile in tiles] == [(), (0,), ()]
        (curve,) = curves
        variants = [record for record in told if record["kind"] == "variant"]
        assert curve.starts == tuple((each["start_sigma"], f"{each['denoising_strength']:g}") for each in variants)
        assert curve.found == variants[1]["start_sigma"] and len(curve.points) == 7
    ran(api, {"strategies": ["Lanczos x1.5 @{0.5,0.9}"], "sheet": True})
    assert made[-1][1] == ()


def test_with_hires_fix_and_on_a_picture(api: Callable[..., Any], found_file: Any) -> None:
    hires = {"enable_hr": True, "hr_scale": 1.5, "hr_upscaler": "Latent", "denoising_strength": 0.7}
    first, (record,) = ran(api, "Lanczos x1.5 @auto", **hires)
    assert record["found"][0]["evaluations"] == 7 and record["error"] is None
    again, _ = ran(api, record["strategy"], **hires)
    assert again.images == first.images
    found_file.path.unlink()
    given = {"strategies": ["Latent x1.5 @auto"], "first_pass_image": first.images[0]}
    made, (record,) = ran(api, given)
    assert record["found"][0]["evaluations"] == 7 and record["error"] is None
    again, _ = ran(api, {**given, "strategies": [record["strategy"]]})
    assert again.images == made.images


def test_a_search_that_fails_costs_its_own_variant_alone(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.host.probing import Probe

    def fail(self: Any, sigma: float) -> Any:
        raise RuntimeError("no memory")

    monkeypatch.setattr(Probe, "predict", fail)
    answer, (good, bad) = ran(api, {"strategies": ["None x1.5", "Lanczos x1.5 @auto > None x1.1"]})
    assert good["error"] is None and "its denoising strength was not found: " in bad["error"] and "found" not in bad
    assert "no memory" in bad["error"] and bad["denoising_strength"] is None and bad["start_sigma"] is None
    assert not any("auto" in text for text in json.loads(answer.info)["infotexts"])
