"""Forge and Neo have one more number, the distilled CFG scale: Flux calls it guidance, and for Z-Image it is the shift.

The workbench becomes such a host by parts.guided.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hires_strategies.errors import StrategyError

FIRST, SECOND = 6.5, 9.0
SMALL = {"steps": 3, "width": 64, "height": 64, "sampler_name": "Euler", "prompt": "a house", "seed": 1}
FLOW: dict[str, Any] = {"override_settings": {"sd_model_checkpoint": "figures-flow"}}


@pytest.fixture
def given(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Makes the workbench such a host; every scale that the model is given conditioning for."""
    from parts import guided

    return guided.with_distilled_cfg(monkeypatch.setattr, FIRST, SECOND)


def ran(api: Callable[..., Any], text: str, reuse: bool = False, **fields: Any) -> Any:
    argument = {"strategies": text.splitlines(), "reuse_first_pass": reuse}
    return api(**{**SMALL, **fields}, alwayson_scripts={"Hires strategies": {"args": [argument]}})


def hires_fix(api: Callable[..., Any], **fields: Any) -> Any:
    return api(**{**SMALL, **fields}, enable_hr=True, hr_upscaler="Latent", hr_scale=2, denoising_strength=0.7)


def equal(one: Any, other: Any) -> bool:
    from tests.live.client import decode, same

    return all(same(decode(a), decode(b)) for a, b in zip(one.images, other.images, strict=True))


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("Latent x2 @0.7", FIRST),
        ("Direct x1.5", FIRST),
        ('None x1.5 @0.5 [prompt "a boat"]', FIRST),
        ("Latent x2 @0.7 [distilled cfg 4]", 4),
        ("Direct x1.5 [distilled cfg 4]", 4),
    ],
)
def test_a_stage_runs_at_its_own_scale_or_at_the_first_passes(
    api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch, text: str, scale: float
) -> None:
    from hires_strategies.webui.host import conditioning

    seen = []
    original = conditioning.Conditioning.for_stage

    def for_stage(self: Any, q: Any, node: Any) -> Any:
        given.clear()
        result = original(self, q, node)
        seen.append((set(given), q.hr_distilled_cfg, q.distilled_cfg_scale, self.p.hr_distilled_cfg))
        return result

    monkeypatch.setattr(conditioning.Conditioning, "for_stage", for_stage)
    ran(api, text)
    assert seen == [({scale}, scale, scale, SECOND)]


def test_the_scale_of_hires_fix_is_a_stages(api: Callable[..., Any], given: list[Any]) -> None:
    theirs = hires_fix(api)
    ours = ran(api, f"Latent x2 @0.7 [distilled cfg {SECOND}]\nLatent x2 @0.7\nLatent x2 @0.7 [distilled cfg {FIRST}]")
    assert equal(type(ours)(images=ours.images[:1], parameters={}, info=""), theirs)
    records = json.loads(ours.info)["hires_strategies"]
    assert [len(record["same_as"]) for record in records] == [0, 1]
    assert not equal(*(type(ours)(images=[image], parameters={}, info="") for image in ours.images))
    assert not any(record["notes"] for record in records)


@pytest.mark.parametrize("when_encoding", [False, True], ids=["Neo 2.26", "Neo of February"])
def test_shift(api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch, when_encoding: bool) -> None:
    """A stage's shift is its own or the first pass's, whether that was reused, and is put back after the stages."""
    from modules import sd_models, shared
    from parts import guided

    guided.with_shift(monkeypatch.setattr, when_encoding)
    # The host does not encode a prompt again that it remembers, so a prompt for each.
    fields: dict[str, Any] = {**FLOW, "prompt": f"a house, {when_encoding}"}
    info = sd_models.get_closet_checkpoint_match("figures-flow")
    text = f"Latent x2 @0.7 [distilled cfg {SECOND}]\nLatent x2 @0.7"
    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights(info=info)
    predictor = shared.sd_model.predictor
    before = predictor.shift
    try:
        fresh = ran(api, text, **fields)
        assert predictor.shift == FIRST
        remembered = ran(api, text, True, **fields)
        reused = ran(api, text, True, **fields)
        records = json.loads(reused.info)["hires_strategies"]
        assert records[0]["first_pass_reused"]
        assert equal(fresh, remembered) and equal(fresh, reused)
        assert predictor.shift == FIRST
        assert records[0]["start_sigma"] > records[1]["start_sigma"]
        if not when_encoding:  # there, the host's own first pass before a second has the second's shift
            theirs = hires_fix(api, **fields)
            assert equal(type(fresh)(images=fresh.images[:1], parameters={}, info=""), theirs)
    finally:
        predictor.set_parameters(shift=before)


@pytest.mark.parametrize("when_encoding", [False, True], ids=["Neo 2.26", "Neo of February"])
def test_each_model_keeps_the_shift_that_it_had(
    api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch, when_encoding: bool
) -> None:
    """A stage with a checkpoint of its own puts that model's shift back, and gives none to the first pass's."""
    from modules import sd_models, shared
    from parts import guided

    guided.with_shift(monkeypatch.setattr, when_encoding)
    with sd_models.SkipWritingToConfig():
        flow = sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match("figures-flow"))
        sd_models.reload_model_weights()
    flow.predictor.set_parameters(shift=3.0)
    text = f"Latent x2 @0.7 [checkpoint figures-flow; distilled cfg {SECOND}]\nLatent x2 @0.7"
    answer = ran(api, text, prompt=f"a tower, {when_encoding}")
    stages = json.loads(answer.info)["hires_strategies"]
    assert not any(record["error"] for record in stages if record.get("error"))
    assert flow.predictor.shift == 3.0 and not hasattr(shared.sd_model, "use_shift")


def test_another_shift_is_another_first_pass(
    api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neo of February sets it where prompts are encoded, which the host spares itself for those that it remembers."""
    from modules import processing, sd_models, shared
    from parts import guided

    guided.with_shift(monkeypatch.setattr, True)
    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match("figures-flow"))
    predictor = shared.sd_model.predictor
    before = predictor.shift
    try:
        ran(api, "Latent x2 @0.7", True, **FLOW, prompt="a lake")
        predictor.set_parameters(shift=2.0)  # as another generation, with another shift, leaves it
        again = ran(api, "Latent x2 @0.7", True, **FLOW, prompt="a lake")
        assert not json.loads(again.info)["hires_strategies"][0]["first_pass_reused"]
        assert processing.StableDiffusionProcessing.cached_c[0] is not None
    finally:
        predictor.set_parameters(shift=before)


def test_a_stage_that_fails_leaves_the_first_passes_shift(
    api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import sd_samplers_kdiffusion, shared
    from parts import guided

    guided.with_shift(monkeypatch.setattr, False)

    def broken(*args: Any, **kwargs: Any) -> Any:
        assert shared.sd_model.predictor.shift == SECOND
        raise ValueError("broken")

    with monkeypatch.context() as inner:
        inner.setattr(sd_samplers_kdiffusion.KDiffusionSampler, "sample_img2img", broken)
        answer = ran(api, f"Latent x2 @0.7 [distilled cfg {SECOND}]", **FLOW)
    from modules import sd_models

    assert "broken" in json.loads(answer.info)["hires_strategies"][0]["error"]
    with sd_models.SkipWritingToConfig():
        model = sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match("figures-flow"))
    assert model.predictor.shift == FIRST
    model.predictor.set_parameters(shift=3.0)


def test_a_model_without_it_is_told_of(
    api: Callable[..., Any], given: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from parts.diffusion import DiffusionModel

    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 3, "sampler": "Euler", "distilled_cfg": FIRST}
    assert "changes nothing" not in preview("Latent x2 @0.7 [distilled cfg 4]", values).whole
    monkeypatch.setattr(DiffusionModel, "use_distilled_cfg_scale", False)
    assert "distilled cfg&#x27; changes nothing" in preview("Latent x2 @0.7 [distilled cfg 4]", values).line
    elsewhere = preview("Latent x2 @0.7 [checkpoint figures-flow; distilled cfg 4]", values)
    assert "changes nothing" not in elsewhere.whole  # of a model that is not loaded, nothing is said
    record = json.loads(ran(api, "Latent x2 @0.7 [distilled cfg 4]").info)["hires_strategies"][0]
    assert record["notes"] == ["'distilled cfg 4' changes nothing with this checkpoint."]


def test_a_host_without_it_refuses_it_and_is_left_alone(api: Callable[..., Any]) -> None:
    from modules import processing

    from hires_strategies.notation.json_form import read_strategies
    from hires_strategies.webui.host.forks.guidance import Guidance, distilled_cfg
    from hires_strategies.webui.host.lists import host_vocabulary
    from hires_strategies.webui.settings import limits

    q: Any = processing.StableDiffusionProcessingTxt2Img()
    Guidance().use(q, distilled_cfg(q))
    assert not hasattr(q, "distilled_cfg_scale") and not hasattr(q, "hr_distilled_cfg")
    sentence = "This WebUI has no distilled CFG scale: leave 'distilled cfg' out"
    with pytest.raises(StrategyError, match=sentence) as error:
        read_strategies("Latent x2 @0.7 [distilled cfg 4]", host_vocabulary(limits()))
    assert error.value.column == len("Latent x2 @0.7 [") + 1
    stage = {"upscaler": "Latent", "scale": 2, "denoising_strength": 0.7, "distilled_cfg": 4}
    with pytest.raises(StrategyError, match=sentence):
        read_strategies({"stages": [stage]}, host_vocabulary(limits()))


def test_an_images_own_scale_is_taken_over(given: list[Any]) -> None:
    from modules import processing

    from hires_strategies.webui.generation.image_parameters import ImageParameters

    for key in ("Distilled CFG Scale", "Shift"):
        p: Any = processing.StableDiffusionProcessingTxt2Img(prompt="")
        ImageParameters(f"a house\nSteps: 3, Size: 64x64, {key}: 4.5").take_first_pass(p)
        assert p.distilled_cfg_scale == 4.5
