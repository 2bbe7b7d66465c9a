"""On Forge the conditioning holds the distilled CFG scale (what Flux calls guidance): a stage has the first pass's."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from types import SimpleNamespace
from typing import Any

import pytest

ASKED = 6.5


@pytest.fixture
def guidance(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Makes the workbench such a host; every scale that the model is given conditioning for."""
    from modules import processing, prompt_parser, shared

    class SdConditioning(prompt_parser.SdConditioning):
        def __init__(self, prompts: Any, distilled_cfg_scale: Any = None, copy_from: Any = None, **kwargs: Any):
            super().__init__(prompts, copy_from=copy_from, **kwargs)
            like = prompts if copy_from is None else copy_from
            self.distilled_cfg_scale = distilled_cfg_scale or getattr(like, "distilled_cfg_scale", None)

    given: list[Any] = []
    original = type(shared.sd_model).get_learned_conditioning

    def get_learned_conditioning(model: Any, prompts: Any) -> Any:
        given.append(prompts.distilled_cfg_scale)
        return original(model, prompts)

    monkeypatch.setattr(prompt_parser, "SdConditioning", SdConditioning)
    monkeypatch.setattr(type(shared.sd_model), "get_learned_conditioning", get_learned_conditioning)
    for name, value in (("distilled_cfg_scale", ASKED), ("hr_distilled_cfg", 3.5)):
        monkeypatch.setattr(processing.StableDiffusionProcessingTxt2Img, name, value, raising=False)
    return given


@pytest.mark.parametrize("text", ["Latent x2 @0.7", "Direct x1.5", 'None x1.5 @0.5 [prompt "a boat"]'])
def test_a_stage_runs_at_the_scale_that_the_user_set(
    api: Callable[..., Any], guidance: list[Any], monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    from hires_strategies.webui.host import conditioning

    seen = []
    original = conditioning.Conditioning.for_stage

    def for_stage(self: Any, q: Any, node: Any) -> Any:
        guidance.clear()
        result = original(self, q, node)
        seen.append((set(guidance), q.hr_distilled_cfg, q.distilled_cfg_scale, self.p.hr_distilled_cfg))
        return result

    monkeypatch.setattr(conditioning.Conditioning, "for_stage", for_stage)
    argument = {"strategies": [text], "reuse_first_pass": False}
    small = {"steps": 2, "width": 64, "height": 64, "sampler_name": "Euler", "prompt": "a house", "seed": 1}
    api(**small, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert seen == [({ASKED}, ASKED, ASKED, 3.5)]


def test_another_scale_is_another_conditioning(guidance: list[Any]) -> None:
    from modules import processing

    from hires_strategies.notation.text import parse
    from hires_strategies.planning.plan import FirstPass
    from hires_strategies.planning.tree import make_plan
    from hires_strategies.webui.host.expansion import Expansion
    from hires_strategies.webui.host.stage_prompts import StagePrompts
    from hires_strategies.webui.host.stages import WebuiHost
    from hires_strategies.webui.neighbours.controlnet import NoControl

    p: Any = processing.StableDiffusionProcessingTxt2Img(prompt="a house", steps=2, sampler_name="Euler")
    p.prompts, p.negative_prompts, p.extra_network_data, p.firstpass_steps = ["a house"], [""], {}, 2
    node = make_plan(parse("Latent x2 @0.7"), FirstPass(64, 64, 2, "Euler")).stages[0]
    host = WebuiHost(p, StagePrompts(p, Expansion()), NoControl())
    q: Any = host._stage_p(node)
    stronger = copy(q)
    stronger.distilled_cfg_scale = stronger.hr_distilled_cfg = 9.0
    made = [host.conditioning.for_stage(each, node) for each in (q, stronger, q)]
    assert made[0] is made[2] and made[0] is not made[1]
    assert guidance == [ASKED, ASKED, 9.0, 9.0]


def test_forge_neo_is_told_the_shift_before_the_sampler_is_made(
    guidance: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import processing, shared

    from hires_strategies.webui.host.forks.guidance import use_distilled_cfg

    told = []
    model = SimpleNamespace(set_shift=lambda shift: told.append(shift))
    monkeypatch.setattr(shared, "sd_model", model)
    q: Any = processing.StableDiffusionProcessingTxt2Img()
    use_distilled_cfg(q, 4.5)
    assert (q.distilled_cfg_scale, q.hr_distilled_cfg, told) == (4.5, 4.5, [4.5])


def test_a_host_without_it_is_left_alone(api: Callable[..., Any]) -> None:
    from modules import processing

    from hires_strategies.webui.host.forks.guidance import distilled_cfg, use_distilled_cfg

    q: Any = processing.StableDiffusionProcessingTxt2Img()
    use_distilled_cfg(q, distilled_cfg(q))
    assert not hasattr(q, "distilled_cfg_scale") and not hasattr(q, "hr_distilled_cfg")
