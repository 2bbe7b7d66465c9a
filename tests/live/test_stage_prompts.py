"""A stage's own prompt: with the styles, filled in by other extensions, added to the first pass's, without its
networks, and changed by the plot's Prompt S/R. The text and the record of each image hold what its text encoder got."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.live.client import Refused, WebUI, difference, same
from tests.live.plots import Axis, axis_labels, plot
from tests.live.test_texts import KEY, again, assert_restored, run

pytestmark = pytest.mark.usefixtures("computed_first_passes")

WORDS = {"animal": ["cat", "dog", "horse", "fox", "owl"], "colour": ["red", "green", "blue", "grey"]}
WILDCARDS = {"Test wildcards": {"args": [WORDS]}}


def strategy_in(text: str) -> str:
    """The strategy of an infotext."""
    found = re.search(rf'{KEY}: ("(?:\\.|[^\\"])+"|[^,]*)', text)
    assert found, text
    return json.loads(found[1]) if found[1].startswith('"') else found[1]


@pytest.fixture
def styles(webui: WebUI) -> list[str]:
    known = {style["name"] for style in webui.get("/sdapi/v1/prompt-styles")} if _lists_styles(webui) else _OF_WORKBENCH
    if not known >= _OF_WORKBENCH:
        pytest.skip(f"this WebUI has not the styles {_OF_WORKBENCH}")
    return ["portrait", "sunset"]


_OF_WORKBENCH = {"portrait", "sunset"}  # 'portrait of {prompt}' and 'hat'; 'sunset, warm light' and ''


def _lists_styles(webui: WebUI) -> bool:
    return bool(webui.session.get(f"{webui.url}/sdapi/v1/prompt-styles", timeout=60).ok)


@pytest.fixture
def wildcards(webui: WebUI) -> dict[str, Any]:
    if "test wildcards" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    return {"alwayson_scripts": WILDCARDS}


def test_styles_are_told_and_given_once(webui: WebUI, styles: list[str]) -> None:
    text = 'Latent x1.5 @0.6 [prompt "boat"; negative "blurry"]'
    fields = {"styles": styles, "prompt": "a house", "negative_prompt": "ugly"}
    answer = run(webui, text, **fields)
    styled = 'Latent x1.5 @0.6 [prompt "portrait of boat, sunset, warm light"; negative "blurry, hat"]'
    assert strategy_in(answer.info["infotexts"][0]) == answer.records[0]["strategy"] == styled
    theirs = webui.hires_fix("Latent", 1.5, 0.6, hr_prompt="boat", hr_negative_prompt="blurry", steps=4, **fields)
    assert same(answer.images[0], theirs.images[0]), difference(answer.images[0], theirs.images[0])
    assert not same(answer.images[0], run(webui, text, **{**fields, "styles": []}).images[0])
    assert_restored(webui, answer)


def test_a_sheet_tells_the_styles(webui: WebUI, styles: list[str]) -> None:
    argument = {"strategies": ['Latent x1.5 @{0.5,0.6} [prompt "boat"]'], "sheet": True, "crops": "whole"}
    answer = run(webui, argument, styles=styles, prompt="a house")
    lines = strategy_in(answer.info["infotexts"][-1]).split("\n")
    assert lines == ['Latent x1.5 @{0.5,0.6} [prompt "portrait of boat, sunset, warm light"]']
    restored = again(webui, answer, -1)
    assert all(same(one, other) for one, other in zip(restored.images[:2], answer.images[:2]))


def test_an_addition_has_no_styles_of_its_own(webui: WebUI, styles: list[str]) -> None:
    fields = {"prompt": "a house", "negative_prompt": "ugly"}
    answer = run(webui, 'Latent x1.5 @0.6 [prompt+ "detail"; negative+ "dull"]', styles=styles, **fields)
    whole = 'prompt "portrait of a house, sunset, warm light, detail"; negative "ugly, hat, dull"'
    prompts = {"prompt": "portrait of a house, sunset, warm light", "negative_prompt": "ugly, hat"}
    spelled = run(webui, f"Latent x1.5 @0.6 [{whole}]", **prompts)
    assert same(answer.images[0], spelled.images[0]), difference(answer.images[0], spelled.images[0])
    assert_restored(webui, answer)


def test_each_image_has_its_own_words(webui: WebUI, wildcards: dict[str, Any]) -> None:
    text = 'Latent x1.5 @0.6 [prompt "a __colour__ __animal__"; negative "__animal__"]'
    fields = {"seed": 40, "batch_size": 2, "n_iter": 2, "prompt": "a house", "negative_prompt": ""}
    answer = run(webui, {"strategies": [text, "Nearest x1.5"]}, **wildcards, **fields)
    records = [record for record in answer.records if "Latent" in record["strategy"]]
    assert [record["seed"] for record in records] == [40, 41, 42, 43]
    told = [record["strategy"] for record in records]
    assert len(set(told)) > 1
    for record in records:
        assert "__" not in record["strategy"] and not record["notes"]
        assert strategy_in(answer.info["infotexts"][record["index"]]) == record["strategy"]
        alone = run(webui, text, **wildcards, **{**fields, "seed": record["seed"], "batch_size": 1, "n_iter": 1})
        assert alone.records[0]["strategy"] == record["strategy"]  # by the image's seed
    spelled = run(webui, told[0], **{**fields, "batch_size": 1, "n_iter": 1})
    alone = run(webui, text, **wildcards, **{**fields, "batch_size": 1, "n_iter": 1})
    assert same(alone.images[0], spelled.images[0]), difference(alone.images[0], spelled.images[0])
    assert_restored(webui, alone)


def test_words_of_an_addition(webui: WebUI, wildcards: dict[str, Any]) -> None:
    answer = run(webui, 'Latent x1.5 @0.6 [prompt+ "a __animal__"]', prompt="a __colour__ house", **wildcards)
    text = answer.info["infotexts"][0]
    first, added = text.split("\n")[0], strategy_in(text)
    assert "__" not in first + added and "prompt+" in added
    spelled = run(webui, added.replace('prompt+ "', f'prompt "{first}, '), prompt=first)
    assert same(answer.images[0], spelled.images[0]), difference(answer.images[0], spelled.images[0])
    assert_restored(webui, answer)


def test_comments_are_no_part_of_a_prompt(webui: WebUI) -> None:
    if "enable_prompt_comments" not in webui.get("/sdapi/v1/options"):
        pytest.skip("this WebUI knows no comments in prompts")
    prompt = "a boat # with sails"
    answer = run(webui, f'Latent x1.5 @0.6 [prompt "{prompt}"]')
    theirs = webui.hires_fix("Latent", 1.5, 0.6, hr_prompt=prompt, steps=4)
    assert same(answer.images[0], theirs.images[0]), difference(answer.images[0], theirs.images[0])
    assert "#" not in answer.records[0]["strategy"]


@pytest.mark.parametrize(
    ("prompt", "left"),
    [
        ("a __animal__ by a lake", "__animal__"),
        ("a {red|blue} house", "{red|blue}"),
        ("a {2$$red|blue|grey} house", "{2$$red|blue|grey}"),
        ("a <wildcard:animal>", "<wildcard:animal>"),
        ("a house", None),
        ("a (house:1.2), [red:blue:0.5], [a|b] <lora:none here:1>", None),
        ("snake_case_words __init", None),
    ],
)
def test_what_nothing_fills_in_is_told(webui: WebUI, prompt: str, left: str | None) -> None:
    others = ("simple wildcards", "dynamic prompts")
    if any(title.startswith(others) for title in webui.get("/sdapi/v1/scripts")["txt2img"]):
        pytest.skip("this WebUI fills some of them in")
    argument = {"strategies": [{"stages": [_stage(prompt=prompt)]}]}
    notes = run(webui, argument).records[0]["notes"]
    assert [left in note for note in notes] == ([True] if left else [])
    notes = run(webui, {"strategies": [{"stages": [_stage(prompt_added=prompt)]}]}).records[0]["notes"]
    assert [left in note for note in notes] == ([True] if left else [])


def _stage(**options: Any) -> dict[str, Any]:
    return {"upscaler": "Latent", "scale": 1.25, "denoising_strength": 0.6, **options}


@pytest.mark.parametrize(
    ("first", "added", "whole"),
    [
        ("a house", "detailed face", "a house, detailed face"),
        ("a house,", "detailed face", "a house, detailed face"),
        ("", "detailed face", "detailed face"),
        ("a house AND a lake :0.7", "fog", "a house, fog AND a lake, fog :0.7"),
        ("a house BREAK a lake", "fog", "a house BREAK a lake, fog"),
        ("a [red:blue:0.5] house", "(fog:1.3)", "a [red:blue:0.5] house, (fog:1.3)"),
    ],
)
def test_an_addition_to_the_prompt(webui: WebUI, first: str, added: str, whole: str) -> None:
    ours = run(webui, f'Latent x1.5 @0.6 [prompt+ "{added}"]', prompt=first)
    theirs = webui.hires_fix("Latent", 1.5, 0.6, prompt=first, hr_prompt=whole, steps=4)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])
    assert_restored(webui, ours)


def test_an_addition_to_the_negative_prompt(webui: WebUI) -> None:
    ours = run(webui, 'Latent x1.5 @0.6 [negative+ "grainy"]', negative_prompt="blurry")
    theirs = webui.hires_fix("Latent", 1.5, 0.6, negative_prompt="blurry", hr_negative_prompt="blurry, grainy", steps=4)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_an_addition_goes_on_from_hires_fix(webui: WebUI) -> None:
    hires = {"enable_hr": True, "hr_upscaler": "Latent", "hr_scale": 1.25, "denoising_strength": 0.6}
    ours = run(webui, 'Latent x1.25 @0.5 [prompt+ "fog"]', hr_prompt="a boat", **hires)
    spelled = run(webui, 'Latent x1.25 @0.5 [prompt "a boat, fog"]', hr_prompt="a boat", **hires)
    assert same(ours.images[0], spelled.images[0]), difference(ours.images[0], spelled.images[0])


@pytest.fixture(scope="module")
def lora(webui: WebUI) -> str:
    """A LoRA that changes this WebUI's pictures."""
    answer = webui.session.get(f"{webui.url}/sdapi/v1/loras", timeout=60)
    for name in [each["name"] for each in answer.json()] if answer.ok else ["tint"]:
        one, other = (webui.txt2img(prompt=f"a house{tag}").images[0] for tag in ("", f"<lora:{name}:1>"))
        if not same(one, other):
            return name
    pytest.skip("this WebUI has no LoRA that changes a picture")


def test_networks_per_pass(webui: WebUI, lora: str) -> None:
    prompt = f"a house <lora:{lora}:1>"
    cases = {
        "networks off": "a house ",
        f'prompt+ "fog <lora:{lora}:0.4>"': f"a house, fog <lora:{lora}:0.4>",
        f'prompt+ "fog <lora:{lora}:0.4>"; networks off': f"a house, fog <lora:{lora}:0.4>",
        'prompt+ "fog"; networks off': "a house, fog",
        'prompt+ "fog"': f"a house, fog <lora:{lora}:1>",
    }
    pictures = []
    for options, whole in cases.items():
        ours = run(webui, f"Latent x1.5 @0.6 [{options}]\nLatent x1.5 @0.5", prompt=prompt)
        theirs = webui.hires_fix("Latent", 1.5, 0.6, prompt=prompt, hr_prompt=whole, steps=4)
        assert same(ours.images[0], theirs.images[0]), f"{options}: {difference(ours.images[0], theirs.images[0])}"
        pictures.append((ours.images[0].tobytes(), ours.images[1].tobytes()))
        assert_restored(webui, ours)
    assert len({first for first, _ in pictures}) == 4
    assert len({second for _, second in pictures}) == 1  # the variant beside it has its networks


def test_search_and_replace_reaches_stages(webui: WebUI) -> None:
    section = 'Latent x1.25 @0.6 [prompt "a red boat"; negative "red"] > None x1.25 @0.4 [prompt+ "redder"]'
    answer = plot(webui, section, Axis("Prompt S/R", "red,blue"), prompt="a red house", steps=3)
    told = [strategy_in(text) for text in answer.info["infotexts"][1:]]
    assert told == [section, section.replace("red", "blue")]
    assert [text.split("\n")[0] for text in answer.info["infotexts"][1:]] == ["a red house", "a blue house"]


def test_search_and_replace_of_stages_alone(webui: WebUI) -> None:
    section = 'Latent x1.25 @0.6 [prompt "a boat"]'
    axes = Axis("Prompt S/R", "boat,ship"), Axis("[Hires] Denoising strength", "0.5,0.6")
    answer = plot(webui, section, *axes, prompt="a house", negative_prompt="", steps=3)
    told = [strategy_in(text) for text in answer.info["infotexts"][1:]]
    assert told == [f'Latent x1.25 @{n} [prompt "a {word}"]' for n in (0.5, 0.6) for word in ("boat", "ship")]
    strategy = Axis("[Hires] Strategy", '"Latent x1.25 @0.6 [prompt ""a boat""]"')
    answer = plot(webui, False, axes[0], strategy, prompt="a house", negative_prompt="", steps=3)
    assert [strategy_in(text) for text in answer.info["infotexts"][1:]] == [section, section.replace("boat", "ship")]


def test_a_sweep_with_search_and_replace(webui: WebUI) -> None:
    section = 'Latent x1.25 @{0.5,0.6} [prompt "a boat"]'
    answer = plot(webui, section, Axis("Prompt S/R", "boat,ship"), prompt="a boat", steps=3)
    told = [strategy_in(text) for text in answer.info["infotexts"][1:3]]
    assert told == ['Latent x1.25 @0.5 [prompt "a boat"]', 'Latent x1.25 @0.5 [prompt "a ship"]']


@pytest.mark.parametrize("section", ['Latent x1.25 @0.6 [prompt "a boat"]', False])
def test_what_is_nowhere_is_refused_as_the_host_refuses_it(webui: WebUI, section: Any) -> None:
    try:
        answer = plot(webui, section, Axis("Prompt S/R", "giraffe,ship"), prompt="a house", steps=3)
    except Refused:
        return
    assert not any("giraffe" in text for text in answer.info["infotexts"])
    assert not any("Steps: 3" in text and KEY in text for text in answer.info["infotexts"])


def test_an_order_of_words_reaches_stages(webui: WebUI) -> None:
    if "Prompt order" not in axis_labels(webui):
        pytest.skip("this WebUI's plot has no such axis")
    section = 'Latent x1.25 @0.6 [prompt "red, old boat"] > None x1.25 @0.4 [prompt "a red boat"]'
    answer = plot(webui, section, Axis("Prompt order", "red,old"), prompt="red, old house", steps=3)
    told = [strategy_in(text) for text in answer.info["infotexts"][1:]]
    assert told == [section, section.replace("red, old", "old, red")]
