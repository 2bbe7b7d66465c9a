"""`[control ...]`: what a stage asks of ControlNet's units, read, written and refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given

from hires_strategies.control_units import PATTERN, Unit, canonical, read_units
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.stage_options import BY_FIELD
from tests.engine.generators import values_of

WAYS = {
    "off": "off",
    "0 off": "0 off",
    "1 weight 0.60 0 off": "0 off 1 weight 0.6",
    "0 picture weight 1": "0 weight 1 picture",
    "2 on": "2 on",
    "off 1 on": "off 1 on",
    "off 1 off": "off",
    "0 on weight .5": "0 weight 0.5",
}
WRONG = ["", "on", "0", "x", "off off", "0 off on", "0 off weight 0.5", "0 weight", "0 weight 2.1", "0 weight -1",
         "0 on on", "0 off 0 on", "10 off", "0 weight 0.5 weight 0.6", "0 weight nan", "weight 0.6",
         "0 picture picture"]  # fmt: skip


@pytest.mark.parametrize("written", WAYS)
def test_one_way_to_write_it(written: str) -> None:
    (strategy,) = parse(f"Latent x2 @0.7 [control {written}]")
    assert format_strategy(strategy) == f"Latent x2 @0.7 [control {WAYS[written]}]"
    stage = {"upscaler": "Latent", "scale": 2, "denoising_strength": 0.7, "control": written}
    assert strategy_from_object({"stages": [stage]}) == strategy


@pytest.mark.parametrize("wrong", WRONG)
def test_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(StrategyError, match="'off' for all units, or units by their number"):
        parse(f"Latent x2 @0.7 [control {wrong}]")


@given(values_of(BY_FIELD["control"].kind))
def test_the_text_says_it_all(text: str) -> None:
    assert read_units(text).text == canonical(text) == text
    assert re.search(PATTERN, text)


@pytest.mark.parametrize(
    "text", [*WAYS, *(wrong for wrong in WRONG if not re.search(r"2\.1|0 off|on|\.6|picture", wrong))]
)
def test_the_pattern_of_the_schema_is_no_narrower(text: str) -> None:
    assert bool(re.search(PATTERN, text)) == (text in WAYS)


def test_units_that_a_stage_does_not_name() -> None:
    assert read_units("1 weight 0.6").of(0) is None
    assert read_units("off 1 weight 0.6").of(0) == Unit(0, on=False)
    assert read_units("off 1 weight 0.6").of(1) == Unit(1, weight=0.6)


def test_the_same_in_two_ways_is_one_stage() -> None:
    plan = make_plan(parse("Latent x2 @0.7 [control {0 on,0 off,off 0 off,off}]"), FirstPass(512, 512, 20))
    assert [variant.same_as for variant in plan.variants] == [None, None, None, 2]


def test_it_is_for_sampling() -> None:
    with pytest.raises(StrategyError, match="'control' is for sampling"):
        parse("Lanczos x2 [control off]")
