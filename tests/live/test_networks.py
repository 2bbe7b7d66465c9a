"""LoRA in prompts: as in Hires. fix, in one stage alone, and gone afterwards."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.live.client import Refused, WebUI, difference, same

pytestmark = pytest.mark.usefixtures("computed_first_passes")


@pytest.fixture(scope="module")
def lora(webui: WebUI) -> str:
    """A tag for some LoRA that changes this WebUI's pictures."""
    for name in _names(webui):
        tag = f"<lora:{name}:1>"
        if not same(webui.txt2img(prompt=f"a house {tag}").images[0], webui.txt2img(prompt="a house").images[0]):
            return tag
    pytest.skip("this WebUI has no LoRA that changes a picture")


def _names(webui: WebUI) -> list[str]:
    try:
        return [each["name"] for each in webui.get("/sdapi/v1/loras")]
    except requests.HTTPError:  # the workbench has no such route; this is one of its files
        return ["tint"]


def test_a_lora_in_the_prompt_is_in_every_stage(webui: WebUI, lora: str) -> None:
    theirs = webui.hires_fix("Latent", 2, 0.7, prompt=f"a house {lora}")
    ours = webui.txt2img("Latent x2 @0.7", prompt=f"a house {lora}")
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_a_lora_in_a_stages_prompt_is_in_that_stage_alone(webui: WebUI, lora: str) -> None:
    with_lora = f'Latent x1.5 @0.7 [prompt "a house {lora}"]'
    theirs = webui.hires_fix("Latent", 1.5, 0.7, prompt="a house", hr_prompt=f"a house {lora}")
    plain = webui.txt2img("Latent x1.5 @0.7", prompt="a house")
    ours = webui.txt2img(f"{with_lora}\nLatent x1.5 @0.7", prompt="a house")
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])
    assert same(ours.images[1], plain.images[0]), difference(ours.images[1], plain.images[0])
    assert same(webui.txt2img("Latent x1.5 @0.7", prompt="a house").images[0], plain.images[0])


@pytest.mark.parametrize("first", [False, True])
def test_the_setting_that_encodes_with_the_first_passes_networks(webui: WebUI, lora: str, first: bool) -> None:
    """The host remembers conditioning without regard to this setting, hence prompts for each value."""
    named = "high" if first else "low"
    fields: dict[str, Any] = {"prompt": "a house", "negative_prompt": f"{named} fog"}
    setting = {"override_settings": {"hires_fix_use_firstpass_conds": first}}
    tag = "<lora:accent:1>" if "tint" in lora else lora  # the workbench's others do not change its text encoder
    own = f"a {named} house {tag}"
    text = f'Latent x1.5 @0.7 [prompt "{own}"]'
    theirs = webui.hires_fix("Latent", 1.5, 0.7, hr_prompt=own, **fields, **setting)
    ours = webui.txt2img(text, **fields, **setting)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])
    if "tint" in lora:
        other = {"override_settings": {"hires_fix_use_firstpass_conds": not first}}
        assert not same(webui.txt2img(text, **fields, **other).images[0], ours.images[0])


def test_a_stage_with_a_lora_that_fails_leaves_no_lora(webui: WebUI, lora: str) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    text = f'Latent x1.5 @0.7 [prompt "a house {lora}"]'
    plain = webui.txt2img(prompt="a house", steps=5)
    fault = {"Test faults": {"args": [{"where": "nan", "call": 2}]}}
    broken = webui.txt2img({"strategies": [text], "reuse_first_pass": False}, prompt="a house", alwayson_scripts=fault)
    assert broken.records[0]["error"]
    assert same(webui.txt2img(prompt="a house", steps=5).images[0], plain.images[0])


def test_an_unknown_network_is_no_reason_to_stop(webui: WebUI) -> None:
    try:
        answer = webui.txt2img('Latent x1.5 @0.7 [prompt "a house <lora:no such file:1>"]')
    except Refused as error:
        pytest.fail(str(error))
    assert answer.images[0].size == (192, 192)
