"""Stages with a checkpoint of their own, and the refiner in stages: bit for bit what Hires. fix makes with the same."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.live.client import Answer, Refused, WebUI, difference, same

SEEDS = count(50_000)
SETTING = "hires_fix_refiner_pass"
SETTINGS = ("first pass", "second pass", "both passes")


@pytest.fixture(scope="module")
def names(webui: WebUI) -> list[str]:
    """The checkpoints that may be named, the loaded one first, those of its own kind ("shifted", "-b") after it."""
    found = [Path(each["filename"]).stem for each in webui.get("/sdapi/v1/sd-models")]
    loaded = Path(webui.get("/sdapi/v1/options")["sd_model_checkpoint"].split(" [")[0]).stem
    others = sorted((name for name in found if name != loaded), key=lambda name: not name.startswith(loaded))
    if not others:
        pytest.skip("this WebUI has one checkpoint only")
    return [loaded, *others]


@pytest.fixture(autouse=True, scope="module")
def plain_after(webui: WebUI, names: list[str]) -> Iterator[None]:
    """After the tests the model is what it was: the same picture as before.

    From its first change of the checkpoint on, A1111 with InvokeAI's attention decodes SDXL otherwise by a bit: hence
    one before all pictures that are compared.
    """
    webui.txt2img(f"Latent x1.5 @0.6 [checkpoint {names[1]}]", width=64, height=64, steps=2)
    fields = {"width": 64, "height": 64, "steps": 2, "seed": next(SEEDS), "prompt": "a mill by a river"}
    before = webui.txt2img(False, **fields)
    yield
    after = webui.txt2img(False, **fields)
    assert same(before.images[0], after.images[0]), difference(before.images[0], after.images[0])


def refiner_of(webui: WebUI, names: list[str]) -> str:
    return next((name for name in names if "refiner" in name and names[0].split("-")[0] in name), names[1])


def own() -> dict[str, Any]:
    """A prompt and a seed that no test used before: the host keeps conditioning of one prompt for another size."""
    seed = next(SEEDS)
    return {"seed": seed, "prompt": f"a red house number {seed} by a lake", "width": 64, "height": 64, "steps": 4}


def equal(one: Answer, other: Answer) -> None:
    assert len(one.images) == len(other.images)
    for mine, theirs in zip(one.images, other.images, strict=True):
        assert same(mine, theirs), difference(mine, theirs)


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
@pytest.mark.parametrize("which", [1, 2])
def test_a_checkpoint_is_hires_fixes_checkpoint(webui: WebUI, names: list[str], upscaler: str, which: int) -> None:
    name = names[min(which, len(names) - 1)]
    fields = {**own(), "sampler_name": "Euler a", **({"batch_size": 2, "n_iter": 2} if which == 1 else {})}
    theirs = webui.hires_fix(upscaler, 2, 0.6, hr_checkpoint_name=name, **fields)
    ours = webui.txt2img(f"{upscaler} x2 @0.6 [checkpoint {name}]", **fields)
    equal(ours, theirs)
    plain = webui.txt2img(f"{upscaler} x2 @0.6", **fields)
    assert not same(ours.images[0], plain.images[0])
    assert ours.records[0]["strategy"] == f"{upscaler} x2 @0.6 [checkpoint {name}]"
    assert f"Stage checkpoint: {name}" in ours.info["infotexts"][0]


@pytest.mark.parametrize("setting", [False, True])
def test_a_checkpoint_encodes_with_a_stages_own_networks(webui: WebUI, names: list[str], setting: bool) -> None:
    """Whatever the setting says that has Hires. fix encode with the first pass's networks."""
    tag = next((f"<lora:{name}:1>" for name in _networks(webui) if "tiny" in name or name == "accent"), None)
    if tag is None or "sdxl" in names[1]:
        pytest.skip("this WebUI has no LoRA that fits")
    fields = {**own(), "override_settings": {"hires_fix_use_firstpass_conds": setting}}
    prompt = f"a tower {fields['seed']} {tag}"
    theirs = webui.hires_fix("Latent", 1.5, 0.7, hr_checkpoint_name=names[1], hr_prompt=prompt, **fields)
    equal(webui.txt2img(f'Latent x1.5 @0.7 [checkpoint {names[1]}; prompt "{prompt}"]', **fields), theirs)


def _networks(webui: WebUI) -> list[str]:
    try:
        return [each["name"] for each in webui.get("/sdapi/v1/loras")]
    except requests.HTTPError:  # the workbench has no such route
        return ["accent"]


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
def test_a_refiner_is_hires_fixes_refiner(webui: WebUI, names: list[str], upscaler: str, setting: str) -> None:
    """Under each value of the host's setting, also from a remembered first pass."""
    if SETTING not in webui.get("/sdapi/v1/options"):
        pytest.skip("this WebUI's Hires. fix has no refiner")
    fields = {
        **own(),
        "refiner_checkpoint": refiner_of(webui, names),
        "refiner_switch_at": 0.5,
        "override_settings": {SETTING: setting},
    }
    theirs = webui.hires_fix(upscaler, 2, 0.6, **fields)
    text = f"{upscaler} x2 @0.6"
    equal(webui.txt2img(text, **fields), theirs)
    again = webui.txt2img(text, **fields)
    assert again.records[0]["first_pass_reused"]
    equal(again, theirs)


def test_a_stages_own_refiner_wins_over_the_setting(webui: WebUI, names: list[str]) -> None:
    if SETTING not in webui.get("/sdapi/v1/options"):
        pytest.skip("this WebUI's Hires. fix has no refiner")
    name, fields = refiner_of(webui, names), own()
    refined = {"refiner_checkpoint": name, "refiner_switch_at": 0.5}
    plain = webui.txt2img("Latent x2 @0.6", **fields)
    theirs = webui.hires_fix("Latent", 2, 0.6, **fields, **refined, override_settings={SETTING: "second pass"})
    named = webui.txt2img(f"Latent x2 @0.6 [refiner {name}; refiner at 0.5]", **fields)
    equal(named, theirs)
    assert "Refiner:" not in named.info["infotexts"][0] and "Stage refiner: " in named.info["infotexts"][0]
    off = webui.txt2img("Latent x2 @0.6 [refiner off]", **fields, **refined)
    equal(off, plain)
    assert not same(named.images[0], plain.images[0])


def test_direct_is_refined_as_txt2img_is(webui: WebUI, names: list[str]) -> None:
    if SETTING not in webui.get("/sdapi/v1/options"):
        pytest.skip("this WebUI's Hires. fix has no refiner")
    fields = {**own(), "refiner_checkpoint": refiner_of(webui, names), "refiner_switch_at": 0.5}
    equal(webui.txt2img("Direct x1.5", **fields), webui.txt2img(**{**fields, "width": 96, "height": 96}))


def test_a_stage_depends_on_its_path_alone(webui: WebUI, names: list[str]) -> None:
    fields, name, refiner = own(), names[1], refiner_of(webui, names)
    lines = [
        f"Latent x1.5 @0.6 [checkpoint {name}] > Lanczos x1.5 @0.4",
        f"Latent x1.5 @0.6 > Lanczos x1.5 @0.4 [checkpoint {name}]",
        f"Lanczos x1.5 @0.5 [refiner {refiner}; refiner at 0.3] > Latent x1.5 @0.5",
        "Lanczos x1.5 @0.5",
        f"Lanczos x1.5 @0.5 [checkpoint {name}] > None x1.5",
        f"Direct x1.5 [checkpoint {name}]",
    ]
    alone = [webui.txt2img({"strategies": [line], "reuse_first_pass": False}, **fields).images[0] for line in lines]
    together = webui.txt2img({"strategies": lines}, **fields)
    backwards = webui.txt2img({"strategies": lines[::-1]}, **fields)
    for index, (line, image) in enumerate(zip(lines, alone, strict=True)):
        assert same(together.images[index], image), f"{line}: {difference(together.images[index], image)}"
        last = backwards.images[len(lines) - 1 - index]
        assert same(last, image), f"{line}: {difference(last, image)}"


def test_latents_of_another_family_go_through_pixels(webui: WebUI, names: list[str]) -> None:
    family = names[0].split("-")[0]
    other = next((n for n in names if "scaled" in n or ("sdxl" in n) != ("sdxl" in names[0])), None)
    if other is None:
        pytest.skip(f"this WebUI has no checkpoint of another family than {family}")
    fields = own()
    by_latents = webui.txt2img(f"Latent x2 @0.6 [checkpoint {other}]", **fields)
    by_pixels = webui.txt2img(f"None x1 > Latent x2 @0.6 [checkpoint {other}]", **fields)
    equal(by_latents, by_pixels)


def test_an_unknown_checkpoint_is_a_sentence_before_anything_runs(webui: WebUI, names: list[str]) -> None:
    for text in (f"Latent x2 @0.6 [checkpoint {names[1]}x]", f"Latent x2 @0.6 [refiner {names[1]}x]"):
        with pytest.raises(Refused) as refused:
            webui.txt2img(text)
        assert refused.value.status == 422
        assert f"Did you mean '{names[1]}'" in refused.value.detail


def test_a_checkpoint_that_cannot_be_loaded_loses_nothing(webui: WebUI, names: list[str]) -> None:
    files = {Path(each["filename"]).stem: Path(each["filename"]) for each in webui.get("/sdapi/v1/sd-models")}
    file = files[names[1]]
    if not file.exists():
        pytest.skip("the WebUI's checkpoints are not on this machine")
    fields, away = own(), file.with_suffix(".away")
    lines = [f"Latent x1.5 @0.6 > Latent x1.5 @0.5 [checkpoint {names[1]}]", "Latent x1.5 @0.7"]
    first, other = (webui.txt2img(line, **fields).images[0] for line in ("Latent x1.5 @0.6", lines[1]))
    for content in (None, "no checkpoint"):
        file.rename(away)
        try:
            if content is not None:
                file.write_text(content, encoding="utf-8")
            answer = webui.txt2img({"strategies": lines}, **fields)
        finally:
            away.replace(file)
        assert same(answer.images[0], first) and same(answer.images[1], other)
        assert f"the checkpoint '{names[1]}' could not be loaded" in answer.records[0]["error"]
        assert answer.records[1].get("error") is None
        equal(webui.txt2img(lines[1], **fields), Answer([other], {}))


def test_the_plan_counts_the_models_that_are_loaded(webui: WebUI, names: list[str]) -> None:
    text = f"Latent x1.5 @{{0.5,0.6}} > None x1.5 @0.4 [checkpoint {names[1]}]\nLatent x2 @0.6 [checkpoint {names[0]}]"
    plan = webui.post("/hires-strategies/v1/plan", {"strategies": text, "width": 128, "height": 128, "steps": 6})
    assert plan["model_changes"] == 2
    for stage in plan["stages"]:  # that of a model that is not loaded is not known
        assert (stage["start_sigma"] is None) == (f"checkpoint {names[1]}" in stage["text"]), stage


def test_a_pasted_text_gives_the_same_picture(webui: WebUI, names: list[str]) -> None:
    name = names[1]
    made = webui.txt2img(f"Latent x1.5 @0.6 > Lanczos x1.5 @0.4 [checkpoint {name}; refiner {names[0]}]", **own())
    again = webui.answer_to({"infotext": made.info["infotexts"][0]})
    assert same(again.images[0], made.images[0]), difference(again.images[0], made.images[0])
