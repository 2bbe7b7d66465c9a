"""Text <-> Strategy: the round trip, and what a text stands for."""

from __future__ import annotations

import time
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import Vocabulary
from tests.engine.generators import names_of, strategies
from tests.properties import examples

# Signs of the grammar, so that arbitrary text comes near to being a strategy.
_PIECES = [
    "Latent", "None", "Direct", "Lanczos", " x2", " 8x8", " @0.5", "@", " > ", ">", "{0.4..0.9..0.1}", "{", "}", ",",
    "..", "[20 steps]", "[", "]", "; ", "sampler Euler", "scheduler", "cfg 5", 'prompt "a"', '"', "\\", " ", "\n",
    "0", "-",
    "٢", "9" * 50, "\u2028", "\x85", "\r", "\t", "\0", "x", "steps",
]  # fmt: skip
near_misses = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)


@given(strategies())
def test_a_strategy_reads_back_from_its_text(strategy: Strategy) -> None:
    assert parse(format_strategy(strategy), names_of(strategy)) == [strategy]


@given(st.lists(strategies(), min_size=1, max_size=4))
def test_several_lines_are_several_strategies(chains: list[Strategy]) -> None:
    text = "\r\n\n".join(format_strategy(chain) for chain in chains)
    assert parse(text, names_of(*chains)) == chains


@given(strategies())
def test_the_canonical_text_is_one_line(strategy: Strategy) -> None:
    text = format_strategy(strategy)
    assert "\n" not in text and "\r" not in text


@given(strategies())
def test_outside_quotation_marks_the_text_has_no_comma_and_no_colon(strategy: Strategy) -> None:
    outside, inside, escaped = [], False, False
    for character in format_strategy(strategy):
        if not inside:
            outside.append(character)
        inside ^= character == '"' and not escaped
        escaped = character == "\\" and inside and not escaped
    assert not {",", ":"} & set(outside)


@given(st.one_of(near_misses, st.text(max_size=60)))
def test_the_text_of_what_was_read_is_stable(text: str) -> None:
    try:
        found = parse(text)
    except StrategyError:
        return
    again = "\n".join(format_strategy(strategy) for strategy in found)
    assert parse(again) == found
    assert "\n".join(format_strategy(strategy) for strategy in parse(again)) == again


@given(st.one_of(near_misses, st.text(max_size=200), st.text(st.characters(), max_size=40)))
def test_any_text_is_read_or_refused_in_place(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        found = parse(text)
    except StrategyError as error:
        assert error.line is not None and error.column is not None
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
        assert error.message
        assert "found ''" not in error.message
    else:
        assert found and all(strategy.stages for strategy in found)


_LONG = {
    "one letter": "a" * 10_000,
    "spaces": "a" + " " * 9_998 + "b",
    "spaces before the end of a strength": "Latent x2 @" + "a " * 4_990,
    "tabs and letters": "a\t" * 5_000,
    "digits": "Latent x" + "1" * 9_990,
    "digits and a letter": "Latent x" + "1" * 9_980 + "z @0.5",
    "width": "Latent " + "9" * 5_000 + "x" + "9" * 4_980 + " @0.5",
    "steps": "Latent x2 @0.5 [" + "9" * 9_900 + " steps]",
    "cfg": "Latent x2 @0.5 [cfg " + "9" * 9_900 + "]",
    "strength": "Latent x2 @0." + "0" * 9_900 + "1",
    "scale": "Latent x0." + "0" * 9_900 + "1 @0.5",
    "range of digits": "Latent x2 @{" + "1" * 9_900 + "}",
    "long range": "Latent x2 @{0.." + "1" * 9_900 + "}",
    "short step": "Latent x2 @{0..1..0." + "0" * 9_900 + "1}",
    "open braces": "{" * 10_000,
    "nested braces": "{" * 5_000 + "a" + "}" * 5_000,
    "nested braces with commas": "{a," * 2_500 + "a" + "}" * 2_500,
    "braces in a row": "{a}" * 3_333,
    "doubling": "{a,b}" * 2_000,
    "open quotes": '"' * 9_999,
    "backslashes": '"' + "\\" * 9_998 + '"',
    "brackets": "[" * 10_000,
    "stages": "a x1" + " > a x1" * 1_400,
    "separators": ">" * 10_000,
    "options": "Latent x2 @0.5 [" + ";" * 9_900 + "]",
    "sizes": "Latent" + " x2" * 3_300,
    "spaced sizes": "Latent" + " 1 x" * 2_490,
    "at signs": "Latent x2 " + "@" * 9_990,
    "lines": "Latent x2 @0.5\n" * 700,
    "empty lines": "\n" * 10_000,
    "a prompt": 'Latent x2 @0.5 [prompt "' + "a" * 9_900 + '"]',
    "a prompt swept": 'Latent x2 @{0.1..0.64..0.01} [prompt "' + "a, (b:1.2), {c}" * 650 + '"]',
}


@pytest.mark.parametrize("text", _LONG.values(), ids=_LONG.keys())
def test_ten_kilobytes_are_read_or_refused_at_once(text: str) -> None:
    started = time.process_time()
    try:
        parse(text)
    except StrategyError as error:
        assert len(str(error)) < 2_000
    assert time.process_time() - started < 1


@settings(max_examples=examples(20))
@given(st.integers(0), st.text(st.sampled_from('{},.>"[]x0123456789@ \\\n'), min_size=1, max_size=40))
def test_ten_kilobytes_of_signs_raise_nothing_else(seed: int, signs: str) -> None:
    # More than hypothesis draws itself: it chooses the signs, and the seed their order.
    for text in ("".join(Random(seed).choices(signs, k=10_000)), (signs * 10_000)[:10_000]):
        try:
            parse(text)
        except StrategyError as error:
            assert error.line is not None


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("Latent x2 @0.7", Stage("Latent", scale=2, denoising_strength=0.7)),
        ("  Latent   x2@.7 ", Stage("Latent", scale=2, denoising_strength=0.7)),
        ("Latent ×2.0 @ 0.70", Stage("Latent", scale=2, denoising_strength=0.7)),
        ("Latent X 1.5 @1", Stage("Latent", scale=1.5, denoising_strength=1)),
        ("Lanczos 1024x1536", Stage("Lanczos", width=1024, height=1536)),
        ("Lanczos 1024 × 1536", Stage("Lanczos", width=1024, height=1536)),
        ("DAT x4 x2", Stage("DAT x4", scale=2)),
        ("ScuNET 2 x2", Stage("ScuNET 2", scale=2)),
        ("R-ESRGAN  4x+ x2", Stage("R-ESRGAN 4x+", scale=2)),
        ('"a > b" x2 @0.4', Stage("a > b", scale=2, denoising_strength=0.4)),
        ('"None"x2', Stage("None", scale=2)),
        ("Direct 1024x1024 [30 steps]", Stage("Direct", width=1024, height=1024, steps=30)),
        ("Latent x2 @0.5 [1 step]", Stage("Latent", scale=2, denoising_strength=0.5, steps=1)),
        (
            'Latent x2 @0.5 [ cfg 5.0;sampler\tLCM; scheduler Karras; negative "a, [b]; {c} > \\"d\\""; prompt ""]',
            Stage("Latent", scale=2, denoising_strength=0.5, cfg=5, sampler="LCM", scheduler="Karras",
                  negative='a, [b]; {c} > "d"', prompt=""),
        ),
        ('Latent x2 @0.5 [prompt "a\tb"]', Stage("Latent", scale=2, denoising_strength=0.5, prompt="a\tb")),
        ('Latent x2 @0.5 [sampler "a;b"]', Stage("Latent", scale=2, denoising_strength=0.5, sampler="a;b")),
    ],
)  # fmt: skip
def test_one_stage(text: str, stage: Stage) -> None:
    assert parse(text) == [Strategy((stage,))]


def test_the_canonical_text() -> None:
    text = 'Latent  ×2.0 @.70[ cfg 5.0 ; 20 steps;prompt "é\\u00e9" ]>"Lanczos"  x1.50'
    assert format_strategy(parse(text)[0]) == 'Latent x2 @0.7 [20 steps; cfg 5; prompt "éé"] > Lanczos x1.5'


@pytest.mark.parametrize(
    "name", ["at 0.8", "at dawn", "a;b", "x]y", "p>q", "{z}", "a, b", 'quo"te', "x [0a1b]", "a\\b"]
)
def test_a_checkpoint_s_file_may_have_any_name(name: str) -> None:
    strategy = Strategy((Stage("None", scale=2, denoising_strength=0.5, checkpoint=name, refiner=name),))
    assert parse(format_strategy(strategy)) == [strategy]


def test_a_chain_may_be_long() -> None:
    (strategy,) = parse(" > ".join(["Lanczos x1"] * 50))
    assert len(strategy.stages) == 50


def test_the_limit_counts_over_all_lines() -> None:
    line = "Latent x2 @{0.1..0.4..0.1}"
    assert len(parse(f"{line}\n{line}", Vocabulary(limits=Limits(variants=8)))) == 8
    with pytest.raises(StrategyError, match="more than 7 variants") as caught:
        parse(f"{line}\n{line}", Vocabulary(limits=Limits(variants=7)))
    assert caught.value.line == 2


def test_every_stage_knows_its_place() -> None:
    text = "\n  Latent x2 @{0.5,0.7} > Lanczos x2\nDirect x2"
    found = parse(text)
    assert [strategy.places for strategy in found] == [((2, 3), (2, 26)), ((2, 3), (2, 26)), ((3, 1),)]
    for before, after in pairwise(found):
        assert before != after


def test_a_text_that_would_take_long_is_refused_at_once() -> None:
    with pytest.raises(StrategyError, match="at most 100000 characters, found 1000014"):
        parse("None x2 @0.5 [" + ";" * 1_000_000)
