"""Extensions that give Hires. fix's second pass a CFG scale and a number of rounds of its own.

Run with the stand-in of tests/live/faults and, where it is installed, with Hires. fix tweaks.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import Answer, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes")

FIELDS: dict[str, Any] = {"steps": 3, "seed": 41, "override_settings": {"return_grid": False}}


class Other:
    """The extension's argument for a CFG scale (0: the first pass's) and a number of rounds."""

    def __init__(self, title: str) -> None:
        self.title = title

    def __call__(self, cfg: float = 0, count: int = 1) -> dict[str, Any]:
        if self.title == "Test second pass":
            return {self.title: {"args": [{"cfg": cfg, "count": count}]}}
        seeds = [count, False, 0, False, 0, 0, 0, 0]
        return {self.title: {"args": [cfg, False, "Default", "Default", *seeds, False, []]}}


@pytest.fixture(scope="module", params=["Test second pass", "Hires. fix tweaks"])
def other(request: pytest.FixtureRequest, webui: WebUI) -> Other:
    if request.param.lower() not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip(f"this WebUI has not loaded '{request.param}'")
    return Other(request.param)


def told(answer: Answer, index: int = 0) -> bool:
    return "Hires CFG scale" in answer.info["infotexts"][index]


@pytest.mark.parametrize("scale", [3, 5])  # 5 is the first pass's
def test_a_stages_own_cfg_scale_wins(webui: WebUI, other: Other, scale: int) -> None:
    text = f"Latent x2 @0.7 [cfg {scale}]"
    alone = webui.txt2img(text, **FIELDS)
    beside = webui.txt2img(text, alwayson_scripts=other(cfg=9), **FIELDS)
    assert same(alone.images[0], beside.images[0]), difference(alone.images[0], beside.images[0])
    assert not told(beside) and f"Hires strategy: {text}" in beside.info["infotexts"][0]


def test_a_stage_without_one_has_the_second_passes_as_hires_fix_has(webui: WebUI, other: Other) -> None:
    scripts = other(cfg=9)
    stage = webui.txt2img("Latent x2 @0.7", alwayson_scripts=scripts, **FIELDS)
    fix = webui.hires_fix("Latent", 2, 0.7, alwayson_scripts=scripts, **FIELDS)
    assert same(stage.images[0], fix.images[0]), difference(stage.images[0], fix.images[0])
    assert same(stage.images[0], webui.txt2img("Latent x2 @0.7 [cfg 9]", **FIELDS).images[0])
    assert told(stage)


def test_each_text_of_a_sweep_names_what_ran(webui: WebUI, other: Other) -> None:
    sweep = ["Latent x2 @0.7", "Latent x2 @0.7 [cfg 5]", "Lanczos x2", "Latent x2 @0.7 [cfg 3] > None x1.5 @0.4"]
    argument = {"strategies": sweep, "first_pass": True}
    answer = webui.txt2img(argument, alwayson_scripts=other(cfg=9), n_iter=2, **FIELDS)
    variants = [told(answer, record["index"]) for record in answer.records if record["kind"] == "variant"]
    assert variants == [True, True, False, False, False, False, True, True]
    assert not any(told(answer, record["index"]) for record in answer.records if record["kind"] == "first_pass")
    assert not same(answer.images[0], answer.images[2])


@pytest.mark.parametrize("text", ["Nearest x2", "Latent x1.5 @0.7"])
@pytest.mark.parametrize("batch", [1, 2])
def test_every_image_of_several_second_passes_has_its_record(webui: WebUI, other: Other, text: str, batch: int) -> None:
    hires = {"enable_hr": True, "hr_upscaler": "Latent", "hr_scale": 1.5, "denoising_strength": 0.7}
    fields: dict[str, Any] = {**FIELDS, **hires, "batch_size": batch, "n_iter": 2}
    fixed = webui.txt2img(alwayson_scripts=other(count=2), **fields)
    argument = {"strategies": [text, "Lanczos x2"], "first_pass": True}
    answer = webui.txt2img(argument, alwayson_scripts=other(count=2), **fields)
    assert all(record["error"] is None for record in answer.records), answer.records
    starts = [answer.images[r["index"]] for r in answer.records if r["kind"] == "first_pass"]
    assert len(fixed.images) == len(starts) == 4 * batch
    assert all(same(one, start) for one, start in zip(fixed.images, starts))
    for strategy in (text, "Lanczos x2"):
        records = [record for record in answer.records if record["strategy"] == strategy]
        seeds = [41 + batch * number + at for number in range(2) for _ in range(2) for at in range(batch)]
        assert [record["seed"] for record in records] == seeds
        for record in records:
            told = answer.info["infotexts"][record["index"]]
            assert f"Seed: {record['seed']}, " in told and f"Hires strategy: {strategy}" in told
