"""The distilled CFG scale of Forge and Neo (for some models it is the shift) in stages, as in their own Hires. fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.live.client import WebUI, difference, same

FIRST, SECOND = 3.0, 6.0
SMALL = {"width": 64, "height": 64, "steps": 3, "cfg_scale": 1, "sampler_name": "Euler", "scheduler": "Simple"}
HIRES = {"hr_cfg": 1, "hr_additional_modules": ["Use same choices"]}


@pytest.fixture(scope="module")
def fields(webui: WebUI) -> dict[str, Any]:
    """A first pass at FIRST, on a host with such a number and a checkpoint that heeds it."""
    known = webui.get("/openapi.json")["components"]["schemas"]["StableDiffusionProcessingTxt2Img"]["properties"]
    if "distilled_cfg_scale" not in known:
        pytest.skip("this WebUI has no distilled CFG scale")
    first = {**SMALL, "distilled_cfg_scale": FIRST}
    one, other = (webui.txt2img(**{**first, "distilled_cfg_scale": scale}) for scale in (FIRST, SECOND))
    if same(one.images[0], other.images[0]):
        pytest.skip("this checkpoint has no distilled CFG scale")
    return first


def asked(text: str, reuse: bool) -> dict[str, Any]:
    return {"strategies": text.splitlines(), "reuse_first_pass": reuse}


@pytest.mark.parametrize("upscaler", ["Latent", "None"])
def test_a_stage_with_its_own_scale_is_hires_fix(webui: WebUI, fields: dict[str, Any], upscaler: str) -> None:
    if upscaler not in [each["name"] for each in webui.get("/hires-strategies/v1/upscalers")]:
        pytest.skip(f"this WebUI has no upscaler {upscaler}")
    if upscaler == "Latent" and upscaler not in _hires_upscalers(webui):
        pytest.skip("this WebUI's Hires. fix has no latent upscale")
    prompt = {"prompt": f"a house, {upscaler}"}
    theirs = webui.hires_fix(upscaler, 2, 0.6, **fields, **prompt, **HIRES, hr_distilled_cfg=SECOND)
    ours = webui.txt2img(asked(f"{upscaler} x2 @0.6 [distilled cfg {SECOND:g}]", False), **fields, **prompt)
    if not same(ours.images[0], theirs.images[0]):
        both = webui.txt2img(asked(f"{upscaler} x2 @0.6", False), **{**fields, **prompt, "distilled_cfg_scale": SECOND})
        if same(both.images[0], theirs.images[0]):  # seen on Neo 6e1e0d5a
            pytest.skip("this WebUI's first pass before its own Hires. fix has the second pass's shift")
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_reused_or_not_and_what_comes_next_are_the_same(webui: WebUI, fields: dict[str, Any]) -> None:
    fields = {**fields, "prompt": "a boat"}
    plain = webui.txt2img(**fields).images[0]
    text = f"None x2 @0.6 [distilled cfg {SECOND:g}]\nNone x2 @0.6"
    fresh = webui.txt2img(asked(text, False), **fields)
    assert same(webui.txt2img({**asked("None x1", False)}, **fields).images[0], plain)
    webui.txt2img(asked(text, True), **fields)
    reused = webui.txt2img(asked(text, True), **fields)
    assert reused.records[0]["first_pass_reused"], reused.records[0]["why_not_reused"]
    for index in (0, 1):
        assert same(fresh.images[index], reused.images[index]), difference(fresh.images[index], reused.images[index])
    assert not same(fresh.images[0], fresh.images[1])
    off = {"override_settings": {"hires_strategies_remember_first_passes": False}}
    assert same(webui.txt2img(**fields, **off).images[0], plain)


def test_the_start_sigma_that_the_plan_says_is_the_stages(webui: WebUI, fields: dict[str, Any]) -> None:
    """With a shift of its own, too; noise over signal for flow-matching models."""
    texts = [f"None x2 @0.6 [distilled cfg {SECOND:g}]", "None x2 @0.6", "None x2 @sigma 1.2", "None x2 @sigma 0.8"]
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": texts, **fields})
    records = webui.txt2img(asked("\n".join(texts), True), **fields).records
    shown = [plan["stages"][last]["start_sigma"] for last in plan["last_stages"]]
    assert [record["start_sigma"] for record in records] == pytest.approx(shown, rel=1e-3)
    assert shown[2:] == pytest.approx([1.2, 0.8], rel=1e-4)


def _hires_upscalers(webui: WebUI) -> list[str]:
    try:
        return [each["name"] for each in webui.get("/sdapi/v1/latent-upscale-modes")]
    except Exception:
        return []
