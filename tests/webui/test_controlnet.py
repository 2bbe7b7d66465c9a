"""ControlNet's other kinds, by stand-ins with the surface that was read: Forge's own, and one that nobody knows."""

from __future__ import annotations

import pickle
import random
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.tree import make_plan

BOTH, FIRST_PASS, STAGES = "Both", "Low res only", "High res only"


@dataclass
class Unit:
    """As Forge's lib_controlnet.external_code.ControlNetUnit, as far as it is read here."""

    name: str = "a"
    enabled: bool = True
    weight: float = 1.0
    hr_option: str = BOTH
    image: Any = None


class Script:
    """What both kinds have: two units among the arguments of all scripts."""

    args_from, args_to = 1, 3
    filename = "controlnet.py"

    def title(self) -> str:
        return "ControlNet"


class PartOfForge(Script):
    """sd_forge_controlnet at dfdcbab6: hints of `process` are used by the place of a unit among those that are on."""

    def __init__(self) -> None:
        self.current_params: dict[int, Any] = {}

    def process(self, p: Any, *args: Any) -> None:
        self.current_params = {}
        random.random(), np.random.rand(), torch.rand(1)
        for place, unit in enumerate(unit for unit in args if unit.enabled):
            if unit.name == "broken":
                raise AssertionError("You have not selected any control model!")
            p.extra_result_images.append("a hint to show")
            p.extra_generation_params[f"ControlNet {place}"] = unit.name
            first = torch.zeros(1, 3, p.height, p.width)
            hires = torch.zeros(1, 3, p.hr_resize_y, p.hr_resize_x) if p.enable_hr else first
            self.current_params[place] = SimpleNamespace(
                name=unit.name, control_cond=first, control_cond_for_hr_fix=hires, image=unit.image
            )

    def process_before_every_sampling(self, p: Any) -> list[Any]:
        """What the model is patched with: name, width, height and weight of each unit that acts."""
        patched = []
        units = [unit for unit in p.script_args[self.args_from : self.args_to] if unit.enabled]
        for place, unit in enumerate(units):
            params = self.current_params[place]
            off = STAGES if not p.is_hr_pass else FIRST_PASS
            if p.enable_hr and unit.hr_option == off:
                continue
            hint = params.control_cond_for_hr_fix if p.is_hr_pass else params.control_cond
            assert params.name == unit.name
            patched.append((unit.name, hint.shape[3], hint.shape[2], unit.weight))
        return patched


class Unheard(Script):
    """Whatever it does, it does it in `process`."""

    def __init__(self) -> None:
        self.on: list[str] = []

    def process(self, p: Any, *args: Any) -> None:
        self.on = [unit.name for unit in args if unit.enabled]


def job(script: Any, *units: Unit) -> Any:
    """`p` after the host called the script's `process` for it."""
    p = SimpleNamespace(
        width=64, height=64, enable_hr=False, is_hr_pass=False, hr_resize_x=0, hr_resize_y=0, seeds=[1],
        scripts=SimpleNamespace(alwayson_scripts=[script]), script_args=("ours", *units), comments=[],
        extra_generation_params={}, extra_result_images=[], refiner_checkpoint=None,
    )  # fmt: skip
    p.comment = p.comments.append
    with suppress(AssertionError):  # as the host does
        script.process(p, *units)
    p.extra_generation_params.clear()
    return p


def plan_of(*texts: str) -> Plan:
    return make_plan(parse("\n".join(texts)), FirstPass(64, 64, 4, "Euler"))


def stages(p: Any, script: Any, plan: Plan) -> tuple[list[Any], Any]:
    """What each stage of a plan is patched with, and the control after it was closed."""
    from PIL import Image

    from hires_strategies.webui.neighbours.controlnet import control_of

    control = control_of(p, plan)
    found = []
    for node in plan.stages:
        q = copy(p)
        q.is_hr_pass = node.upscale is not None
        if not q.is_hr_pass:
            q.width, q.height = node.width, node.height
        control.before_stage(q, node, (lambda: [Image.new("RGB", (16, 16), "red")]) if q.is_hr_pass else None)
        assert control.marked("c", "uc") == ("c", "uc") and not control.rewind()
        found.append(script.process_before_every_sampling(q))
    control.close()
    return found, control


def test_each_stage_is_patched_with_hints_of_its_size() -> None:
    script = PartOfForge()
    p = job(script, Unit("a"), Unit("b", weight=0.5))
    before = script.current_params
    found, control = stages(p, script, plan_of("Latent x2 @0.7 > Lanczos x1.5 @0.4", "Direct x3"))
    assert found == [
        [("a", 128, 128, 1.0), ("b", 128, 128, 0.5)],
        [("a", 192, 192, 1.0), ("b", 192, 192, 0.5)],
        [("a", 192, 192, 1.0), ("b", 192, 192, 0.5)],
    ]
    assert control.notes == {}
    assert script.current_params is before and p.extra_generation_params == {}
    assert p.extra_result_images == ["a hint to show"] * 2, "those of the first pass"
    assert script.process_before_every_sampling(p) == [("a", 64, 64, 1.0), ("b", 64, 64, 0.5)]


def test_the_hires_option_counts_without_hires_fix() -> None:
    from hires_strategies.webui.neighbours.controlnet import with_control

    script = PartOfForge()
    p = job(script, Unit("first", hr_option=FIRST_PASS), Unit("stages", hr_option=STAGES))
    seen = with_control(p, lambda: script.process_before_every_sampling(p))()
    assert [name for name, *_ in seen] == ["first"]
    assert [name for name, *_ in script.process_before_every_sampling(p)] == ["first", "stages"], "as before"
    found, _ = stages(p, script, plan_of("Latent x2 @0.7"))
    assert [name for name, *_ in found[0]] == ["stages"]


@pytest.mark.parametrize(
    ("text", "patched"),
    [
        ("off", []),
        ("0 off", [("b", 0.5)]),
        ("0 weight 0.25", [("a", 0.25), ("b", 0.5)]),
        ("off 1 on", [("b", 0.5)]),
        ("2 off", [("a", 1.0), ("b", 0.5)]),
    ],
)
def test_a_stage_says_which_units_it_wants(text: str, patched: list[Any]) -> None:
    script = PartOfForge()
    p = job(script, Unit("a"), Unit("b", weight=0.5))
    found, control = stages(p, script, plan_of(f"Latent x2 @0.7 [control {text}]", "Latent x2 @0.7"))
    assert [(name, weight) for name, _, _, weight in found[0]] == patched
    assert [(name, weight) for name, _, _, weight in found[1]] == [("a", 1.0), ("b", 0.5)]
    assert control.notes == ({0: ("There is no ControlNet unit 2.",)} if text == "2 off" else {})


def test_a_unit_that_is_off_on_the_page_may_be_on_in_a_stage_with_the_picture_so_far() -> None:
    script = PartOfForge()
    unit = Unit("tile", enabled=False, hr_option=FIRST_PASS)
    p = job(script, unit, Unit("b", enabled=False))
    plan = plan_of("Latent x2 @0.7 [control 0 weight 0.75 picture]")
    seen: list[Any] = []
    script.process_before_every_sampling = lambda q: seen.append(script.current_params[0].image) or []  # type: ignore
    stages(p, script, plan)
    assert seen[0].shape == (16, 16, 3) and seen[0][0, 0].tolist() == [255, 0, 0]
    assert unit == Unit("tile", enabled=False, hr_option=FIRST_PASS), "the page's own unit is as it was"


class MadeWhole:
    """A unit as A1111's, which puts its settings right when it is made enabled, not when it is switched on later."""

    def __init__(self, enabled: bool = False, weight: float = 1.0, resolution: int = -1, **more: Any) -> None:
        self.enabled, self.weight = enabled, weight
        self.resolution = 512 if enabled and resolution < 0 else resolution


def test_a_unit_switched_on_has_what_it_would_have_if_it_had_been_on() -> None:
    from hires_strategies.control_units import read_units
    from hires_strategies.webui.neighbours.controlnet_units import for_stage

    unit = MadeWhole()
    (on,) = for_stage([unit], read_units("0 weight 0.5"), lambda: "", print)
    assert (on.enabled, on.weight, on.resolution) == (True, 0.5, 512)
    assert (unit.enabled, unit.weight, unit.resolution) == (False, 1.0, -1)


@pytest.mark.parametrize(
    ("given", "option"),
    [({}, BOTH), ({"hr_option": FIRST_PASS}, FIRST_PASS), ({"hr_option": 2}, STAGES), ({"hr_option": 7}, BOTH)],
)
def test_a_request_gives_the_hires_option_in_several_ways(given: dict[str, Any], option: str) -> None:
    from hires_strategies.webui.neighbours.controlnet_units import always, hires_option

    assert hires_option(given) == option
    always(given)
    assert hires_option(given) == BOTH


def test_a_unit_that_fails_is_left_out_and_told() -> None:
    script = PartOfForge()
    p = job(script, Unit("broken"), Unit("b"))
    found, control = stages(p, script, plan_of("Latent x2 @0.7"))
    assert found == [[]]
    told = "ControlNet was left out of 'Latent x2 @0.7': You have not selected any control model!"
    assert control.notes == {0: (told,)}


def test_hints_of_another_size_are_never_used() -> None:
    script = PartOfForge()
    original = script.process

    def at_the_wrong_size(p: Any, *args: Any) -> None:
        original(SimpleNamespace(**{**vars(p), "hr_resize_x": 64, "hr_resize_y": 64}), *args)

    p = job(script, Unit("a"), Unit("b"))
    script.process = at_the_wrong_size  # type: ignore[method-assign]
    found, control = stages(p, script, plan_of("Latent x2 @0.7"))
    assert found == [[]]
    assert control.notes[0][0].endswith("its hint is 64x64 pixels, not 128x128.")


def test_random_numbers_are_as_before() -> None:
    script = PartOfForge()
    p = job(script, Unit("a"), Unit("b"))
    before = torch.get_rng_state(), pickle.dumps(np.random.get_state()), random.getstate()
    stages(p, script, plan_of("Latent x2 @0.7"))
    assert torch.equal(torch.get_rng_state(), before[0])
    assert pickle.dumps(np.random.get_state()) == before[1] and random.getstate() == before[2]


def test_a_version_that_is_not_known_is_left_out() -> None:
    from hires_strategies.webui.neighbours.controlnet import control_of

    script = Unheard()
    p = job(script, Unit("a"), Unit("b", enabled=False))
    plan = plan_of("Latent x2 @0.7")
    control, q = control_of(p, plan), copy(p)
    q.is_hr_pass = True
    control.before_stage(q, plan.stages[0], None)
    assert script.on == [] and not any(unit.enabled for unit in q.script_args[1:])
    assert control.notes == {0: ("ControlNet was left out of 'Latent x2 @0.7': this version of it is not known.",)}
    control.close()
    assert script.on == ["a"]


def test_nothing_is_touched_while_no_unit_is_on() -> None:
    from hires_strategies.webui.neighbours.controlnet import NoControl, control_of

    script = PartOfForge()
    p = job(script, Unit("a", enabled=False), Unit("b", enabled=False))
    assert isinstance(control_of(p, plan_of("Latent x2 @0.7")), NoControl)


def test_a_stage_without_controlnet_is_told_that_there_is_none() -> None:
    from hires_strategies.webui.neighbours.controlnet import control_of

    script = PartOfForge()
    p = job(script, Unit("a", enabled=False), Unit("b", enabled=False))
    p.scripts.alwayson_scripts = []
    plan = plan_of("Latent x2 @0.7 [control 0 off]")
    control = control_of(p, plan)
    control.before_stage(p, plan.stages[0], None)
    assert control.notes == {0: ("There is no ControlNet here: 'control 0 off' changes nothing.",)}
