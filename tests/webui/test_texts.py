"""Texts that are changed after the host wrote them, and what is put back afterwards."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

VALUES = {
    "Eta": "0.5",
    "Mood": 'a "b", c: d',
    "Hires strategy": 'Latent x2 @0.7 [prompt "a, b: \\"c\\""]',
    "RNG": "NV",
    "Pad conds": "True",
    "Flag": "Flag",  # the host writes it once
}


def written(values: dict[str, str], prompt: str = "a house", last: str = ", Version: v1.10.1") -> str:
    from modules.infotext_utils import quote

    line = ", ".join(key if key == value else f"{key}: {quote(value)}" for key, value in values.items())
    return f"{prompt}\nNegative prompt: ugly\nSteps: 4, Sampler: Euler, {line}{last}"


@pytest.mark.parametrize("prompt", ["a house", "Eta: 0.5, Flag, RNG: NV", "a, Version: 2"])
@pytest.mark.parametrize("last", [", Version: v1.10.1", "", ", Version: v1, User: ann"])
@pytest.mark.parametrize("key", VALUES)
def test_a_value_is_exchanged_where_it_stands(api: Callable[..., Any], key: str, prompt: str, last: str) -> None:
    from hires_strategies.webui.host.infotext import with_values

    text, old = written(VALUES, prompt, last), VALUES[key]
    assert with_values(text, {key: (old, "new, one")}) == written({**VALUES, key: "new, one"}, prompt, last)
    without = {name: value for name, value in VALUES.items() if name != key}
    assert with_values(text, {key: (old, None)}) == written(without, prompt, last)
    assert with_values(text, {key: (old, old), "Other": (None, None)}) == text
    assert with_values(text, {"Other": (None, "1")}) == written({**VALUES, "Other": "1"}, prompt, last)
    assert with_values(text, {key: ("of somebody else", None)}) == text


def test_what_was_put_into_the_texts_can_be_copied_and_taken_back(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.host import parameters

    p: Any = SimpleNamespace(extra_generation_params={"Eta": 0.5, "Hires strategy": "Latent x2 @0.7"})
    before = dict(p.extra_generation_params)
    parameters.write(p, {"Hires strategy": ["first", "second"], "Extra noise": ["0.3", "0.3"]})
    told = p.extra_generation_params["Hires strategy"]
    assert [told(index=index, p=p, use_main_prompt=False) for index in range(4)] == ["first", "second"] * 2
    assert json.loads(json.dumps(p.extra_generation_params))["Hires strategy"] == "first"
    for again in (copy.copy(told), copy.deepcopy(told), pickle.loads(pickle.dumps(told))):
        assert again == "first" and again(index=1) == "second"
    parameters.write(p, {"Hires strategy": ["third"]})
    parameters.forget(p)
    parameters.forget(p)
    assert p.extra_generation_params == before


def test_every_way_to_write_is_recorded(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.host.parameters import recorded

    p: Any = SimpleNamespace(extra_generation_params={"a": 1, "b": 1, "gone": 1})

    def work() -> str:
        parameters = p.extra_generation_params
        parameters["a"] = 1
        parameters.update(c=1)
        parameters |= {"d": 1}
        parameters.setdefault("e", 1)
        parameters.setdefault("b", 2)
        del parameters["gone"]
        return "done"

    result, found = recorded(p, work)
    assert result == "done"
    assert found == {"a": 1, "c": 1, "d": 1, "e": 1}
    assert p.extra_generation_params == {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1}
    assert type(p.extra_generation_params) is dict


def test_what_the_text_encoder_writes_is_told_by_its_stage_alone(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A1111's encoder writes into an object that lives as long as the generation."""
    import sys

    from modules import shared

    notes = SimpleNamespace(extra_generation_params={})
    monkeypatch.setitem(sys.modules, "modules.sd_hijack", SimpleNamespace(model_hijack=notes))
    kind = type(shared.sd_model)
    original = kind.get_learned_conditioning

    def get_learned_conditioning(model: Any, prompts: Any) -> Any:
        if any("(" in prompt for prompt in prompts):
            notes.extra_generation_params["Emphasis"] = "No norm"
        return original(model, prompts)

    monkeypatch.setattr(kind, "get_learned_conditioning", get_learned_conditioning)
    stage = 'Latent x1.5 @0.6 [prompt "a (boat:1.2)"]'
    strategies = [f"{stage} > None x1.25 @0.4", "Latent x1.5 @0.5", f"{stage} > {stage}"]
    argument = {"strategies": strategies, "first_pass": True, "reuse_first_pass": False}
    answer = api(
        prompt="a house", seed=1, steps=2, width=64, height=64,
        alwayson_scripts={"Hires strategies": {"args": [argument]}},
    )  # fmt: skip
    texts = json.loads(answer.info)["infotexts"]
    assert ["Emphasis: No norm" in text for text in texts] == [True, False, True, False]
    assert not notes.extra_generation_params


STYLED = 'Latent x2 @0.7 [prompt "portrait of boat, sunset, warm light"; negative "ugly, hat"] > None x2 @0.3'
PLAIN = 'Latent x2 @0.7 [prompt "boat"; negative "ugly"] > None x2 @0.3'


@pytest.mark.parametrize(
    ("styles", "text", "expected"),
    [
        (None, STYLED, STYLED),
        ([], STYLED, STYLED),
        (["portrait", "sunset"], STYLED, PLAIN),
        (["portrait", "sunset"], f"{STYLED}\n{STYLED}", f"{PLAIN}\n{PLAIN}"),
        (["sunset"], "Latent x2 @0.7", "Latent x2 @0.7"),
        (["sunset"], "Latent x2 @{0.3..0.8..0.1}", "Latent x2 @{0.3..0.8..0.1}"),
        (["portrait", "sunset"], STYLED.replace("0.7", "{0.5,0.7}"), PLAIN.replace("0.7", "{0.5,0.7}")),
        (["sunset"], 'Latent x2 @0.7 [prompt "sunset, warm light"]', 'Latent x2 @0.7 [prompt ""]'),
        (["sunset"], 'Latent x2 @0.7 [prompt+ "detail"]', 'Latent x2 @0.7 [prompt+ "detail"]'),
    ],
)
def test_styles_that_the_host_takes_out_are_taken_out_of_stages(
    api: Callable[..., Any], styles: Any, text: str, expected: str
) -> None:
    from hires_strategies.webui.page.pasted import keep_styles, pasted_strategy

    parameters = {"Hires strategy": text, "Prompt": "a house", "Negative prompt": "", "Styles array": styles}
    keep_styles("", parameters)
    assert pasted_strategy(parameters) == expected
    assert parameters["Styles array"] == styles


def test_styles_stay_in_all_prompts_where_a_stage_has_others(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.pasted import keep_styles, pasted_strategy

    text = 'Latent x2 @0.7 [prompt "a boat"]'  # made with other styles than the first pass
    parameters = {"Hires strategy": text, "Prompt": "a house", "Negative prompt": "ugly", "Styles array": ["portrait"]}
    keep_styles("", parameters)
    assert parameters == {"Hires strategy": text, "Prompt": "portrait of a house", "Negative prompt": "ugly, hat"}
    assert pasted_strategy(parameters) == text


def test_the_preview_tells_what_nothing_fills_in(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import scripts

    from hires_strategies.webui.page.preview import preview

    class Wildcards(scripts.Script):
        filename = "extensions/wildcards/scripts/wildcards.py"

        def process(self, p: Any) -> None:
            p.all_prompts = list(p.all_prompts)

    class RegionalPrompts(Wildcards):
        """Does more than that, so it cannot be asked a second time."""

        def before_hr(self, p: Any) -> None:
            return None

    text = 'Latent x2 @0.7 [prompt "a __animal__"]'
    for kinds, told in (([], True), ([Wildcards], False), ([RegionalPrompts], True)):
        runner = SimpleNamespace(alwayson_scripts=[kind() for kind in kinds])
        monkeypatch.setattr(scripts, "scripts_txt2img", runner)
        assert ("__animal__" in preview(text, {}).whole) is told
        assert "__animal__" not in preview("Latent x2 @0.7", {}).whole
