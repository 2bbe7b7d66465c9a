"""Single evaluations of the model before a stage: what they see, what they show meanwhile, and what they leave."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from tests.webui.test_controlnet import FIRST_PASS, STAGES, PartOfForge, Unit, job
from tests.webui.test_latent_shapes import loaded

SMALL: dict[str, Any] = {
    "prompt": "a red house", "seed": 3, "width": 64, "height": 64, "steps": 4, "cfg_scale": 4,
    "sampler_name": "Euler", "scheduler": "Automatic",
}  # fmt: skip


def records(api: Callable[..., Any], *texts: str, **fields: Any) -> list[dict[str, Any]]:
    section = {"Hires strategies": {"args": [{"strategies": list(texts)}]}}
    found: list[dict[str, Any]] = json.loads(api(**{**SMALL, **fields}, alwayson_scripts=section).info)[
        "hires_strategies"
    ]
    return found


@pytest.fixture
def calls(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What the model was called with besides latents, in order; first pass and stages of 4 steps each."""
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    seen: list[dict[str, Any]] = []
    forward = CFGDenoiser.forward

    def watched(self: Any, x: Any, sigma: Any, **kwargs: Any) -> Any:
        seen.append(kwargs)
        return forward(self, x, sigma, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", watched)
    yield seen
    seen.clear()


def test_a_stages_own_scale_wins_over_a_script(
    api: Callable[..., Any], calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import scripts

    def before_hr(self: Any, p: Any) -> None:
        p.cfg_scale = 20

    monkeypatch.setattr(scripts.ScriptRunner, "before_hr", before_hr)
    (record,) = records(api, "Lanczos x1.5 @auto! [cfg 5]")
    assert record["error"] is None
    assert {call["cond_scale"] for call in calls[SMALL["steps"] :]} == {5}


@pytest.mark.parametrize("text", ["Lanczos x1.5 @auto!", "Latent x1.5 @auto!"])
def test_an_inpainting_model_is_conditioned_as_for_the_stage(
    api: Callable[..., Any], calls: list[dict[str, Any]], text: str
) -> None:
    with loaded("figures-inpaint"):
        (record,) = records(api, text)
    assert record["error"] is None
    own = [call["image_cond"] for call in calls[SMALL["steps"] :]]
    assert len(own) > 4 + 1
    assert all(torch.equal(each, own[-1]) for each in own)


def test_a_note_is_made_once(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from parts import guided
    from parts.diffusion import DiffusionModel

    guided.with_distilled_cfg(monkeypatch.setattr, 6.5, 9.0)
    monkeypatch.setattr(DiffusionModel, "use_distilled_cfg_scale", False)
    (record,) = records(api, "Latent x1.5 @auto! [distilled cfg 4]")
    (note,) = (note for note in record["notes"] if "changes nothing" in note)
    assert "distilled" in note


def test_nothing_of_a_search_stays_in_memory(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.webui.host import probing

    held: list[Any] = []
    predict = probing.Probe.predict

    def watched(self: Any, sigma: float) -> Any:
        found = predict(self, sigma)
        held.extend(weakref.ref(each) for each in (found, self.q, self.q.sampler, self.q.sampler.model_wrap_cfg))
        return found

    monkeypatch.setattr(probing.Probe, "predict", watched)
    gc.collect()
    gc.disable()
    try:
        records(api, "Latent x1.5 @auto!")
        assert len(held) > 4 and [each() for each in held if each() is not None] == []
    finally:
        gc.enable()


def test_a_preview_that_is_put_back_has_a_number_of_its_own(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page asks only for previews of another number than the one that it has."""
    from modules import shared

    from hires_strategies.webui.host import probing

    predict = probing.Probe.predict
    seen: dict[str, Any] = {}

    def watched(self: Any, sigma: float) -> Any:
        seen.setdefault("before", (shared.state.id_live_preview, shared.state.current_image))
        found = predict(self, sigma)
        shared.state.do_set_current_image()
        seen["shown"] = shared.state.id_live_preview
        return found

    original = probing.strength_at

    def after(*args: Any) -> float:
        seen.setdefault("after", (shared.state.id_live_preview, shared.state.current_image))
        return original(*args)

    monkeypatch.setattr(probing.Probe, "predict", watched)
    monkeypatch.setattr("hires_strategies.webui.host.finding_verbs.strength_at", after)
    records(api, "Latent x1.5 @auto!")
    assert seen["after"][1] is seen["before"][1]
    assert seen["after"][0] not in (seen["before"][0], seen["shown"])


def test_control_units_keep_what_is_found_apart() -> None:
    from hires_strategies.planning.sought import Sought
    from hires_strategies.webui.generation.found import _under
    from hires_strategies.webui.neighbours.controlnet import units_in_stages

    script = PartOfForge()
    one = units_in_stages(job(script, Unit("a"), Unit("b", enabled=False)))
    both = units_in_stages(job(script, Unit("a"), Unit("b", weight=0.5)))
    assert one == "weight 1" and both == "weight 1; weight 0.5"
    assert units_in_stages(job(script, Unit("a", hr_option=FIRST_PASS))) is None
    assert units_in_stages(job(script, Unit("a", hr_option=STAGES))) == one
    assert units_in_stages(job(script, Unit("a", enabled=False))) is None
    plain = Sought("model", "Latent", 1.5)
    off = Sought("model", "Latent", 1.5, control="off")
    own = Sought("model", "Latent", 1.5, control="0 weight 0.5")
    assert _under(None, plain) == plain and _under(one, off) == off
    found = {_under(units, sought) for units in (None, one, both) for sought in (plain, own)}
    assert len(found) == 6
