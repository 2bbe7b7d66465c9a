"""A number whose word alone means 1, and which stages may have a structure lock."""

from __future__ import annotations

import pytest

from hires_strategies.editing.change import changed, read_change
from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.sheet.captions import make_captions
from hires_strategies.strategy import Stage


def read(options: str) -> Stage:
    (strategy,) = parse(f"None x2 @0.7 {options}")
    return strategy.stages[0]


@pytest.mark.parametrize(
    ("written", "value", "canonical"),
    [
        ("[lock]", 1, "[lock]"),
        ("[lock 1]", 1, "[lock]"),
        ("[ lock  1.0 ]", 1, "[lock]"),
        ("[lock 0.5]", 0.5, "[lock 0.5]"),
        ("[20 steps; lock; detail]", 1, "[20 steps; lock; detail]"),
        ("[lock; cfg 5]", 1, "[cfg 5; lock]"),
    ],
)
def test_the_word_alone_is_1(written: str, value: float, canonical: str) -> None:
    assert read(written).lock == value
    text = f"None x2 @0.7 {canonical}"
    assert format_strategy(parse(f"None x2 @0.7 {written}")[0]) == text
    assert line_from_rows(rows_from_line(f"None x2 @0.7 {written}")) == text
    assert rows_from_line(text)[0].get("lock") == value and not rows_from_line(text)[0].raw


@pytest.mark.parametrize(("given", "value"), [(True, 1), (1, 1), (1.0, 1), (0.25, 0.25), (False, None)])
def test_true_in_json_is_1_and_false_is_none(given: object, value: float | None) -> None:
    stage = {"upscaler": "None", "scale": 2, "denoising_strength": 0.5, "lock": given}
    assert strategy_from_object({"stages": [stage]}).stages[0].lock == value


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("[lock 0]", "The structure lock has to be a number above 0 and at most 1 (by itself, or true: 1), found 0."),
        ("[lock 1.5]", "found 1.5"),
        ("[lock hard]", "Expected a number after 'lock', found 'hard'."),
        ("[lock; lock 0.5]", "'lock' stands here twice."),
        ("[cfg]", "Expected a number after 'cfg', found nothing."),
    ],
)
def test_other_values_are_refused(options: str, words: str) -> None:
    with pytest.raises(StrategyError) as raised:
        read(options)
    assert words in str(raised.value)


@pytest.mark.parametrize("value", [0, 2, "1", float("nan")])
def test_so_they_are_in_json(value: object) -> None:
    stage = {"upscaler": "None", "scale": 2, "denoising_strength": 0.5, "lock": value}
    with pytest.raises(StrategyError, match="'lock' has to be a number above 0 and at most 1"):
        strategy_from_object({"stages": [stage]})


def test_a_lock_needs_a_start_and_sampling() -> None:
    with pytest.raises(StrategyError, match="'Direct' starts from noise alone: leave it out"):
        parse("Direct x2 [lock]")
    with pytest.raises(StrategyError, match="'lock' is for sampling"):
        parse("None x2 [lock]")


@pytest.mark.parametrize("sampler", ["DDIM", "DDIM CFG++", "PLMS", "UniPC"])
def test_a_sampler_that_predicts_noise_is_refused(sampler: str) -> None:
    sentence = f"the sampler {sampler} works on noise over timesteps"
    for text, first in ((f"None x2 @0.7 [sampler {sampler}; lock]", "Euler"), ("None x2 @0.7 [lock 0.5]", sampler)):
        with pytest.raises(StrategyError) as raised:
            make_plan(parse(text), FirstPass(512, 512, 20, first))
        assert sentence in str(raised.value) and raised.value.field == "lock"
        assert raised.value.line == 1
    make_plan(parse("None x2 @0.7"), FirstPass(512, 512, 20, sampler))


@pytest.mark.parametrize("sampler", ["Euler a", "DPM++ 2M Karras", "LCM", "Euler a CFG++", "Somebody's own", None])
def test_others_are_not(sampler: str | None) -> None:
    plan = make_plan(parse("None x2 @0.7 [lock]"), FirstPass(512, 512, 20, sampler))
    assert plan.stages[0].sampling is not None and plan.stages[0].sampling.lock == 1


def test_strengths_of_a_lock_are_other_stages() -> None:
    plan = make_plan(parse("None x2 @0.7{, [lock 0.5], [lock], [lock 1]}"), FirstPass(512, 512, 20))
    assert [node.sampling.lock for node in plan.stages if node.sampling] == [None, 0.5, 1]
    assert [variant.same_as for variant in plan.variants] == [None, None, None, 2]


def test_an_axis_sets_it_where_a_stage_can_have_it() -> None:
    (strategy,) = parse("Direct x1 > None x2 > None x2 @0.5")
    text = format_strategy(changed(strategy, read_change("lock", "0.5")))
    assert text == "Direct x1 > None x2 > None x2 @0.5 [lock 0.5]"
    assert format_strategy(changed(strategy, read_change("lock", "3: 1"))).endswith("@0.5 [lock]")


def test_a_sheets_title_says_the_number() -> None:
    made = make_captions(parse("None x2 @0.7 [lock {0.25,0.5,1}]"), [None] * 3)
    assert made.title.startswith("Structure lock 0.25 to 1") and made.each == ("lock 0.25", "lock 0.5", "lock")
    made = make_captions(parse("None x2 @0.7{, [lock]}"), [None] * 2)
    assert made.title.startswith("Structure lock none and 1"), made.title
