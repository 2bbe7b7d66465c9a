"""Strategies written as sweeps again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.sweeps import as_written, folded
from hires_strategies.notation.text import format_strategy, parse
from tests.engine.generators import strategies

SWEEPS = [
    "Latent x2 @{0.5,0.7}",
    "Latent x2 @{0.4..0.9..0.1}",
    "Latent x2 @{0.9..0.3..0.2}",
    "{Latent,Lanczos} x2 @{0.3,0.5,0.7}",
    "{Latent,R-ESRGAN 4x+} x{1.5,2} @0.5 > None x2 @{0.1..0.8..0.1}",
    "Latent x2 @0.5 [{10,20,40} steps; sampler {Euler,DPM++ 2M}; cfg {5,7}]",
    'Latent x2 @0.5 [prompt {"a, {b} > c","d"}; networks off]'.replace("; networks off", ""),
    "Latent {x2,1024x1536} @0.5",
    "Latent {512x512,768x768} @0.5",
    '{"a, b",None} x2 @0.5',
    "Latent x2 @{0.1,0.2,0.4,0.8}",
    "Latent x2 @0.5\nLanczos x2",
    "Latent x2 @{0.5,0.7}\nLatent x2 @0.5 > None x2",
    "Latent x2 @{0,0.5}",
    "Latent x2 @{auto-0.1,auto,auto+0.1}",
    "{Latent,None} x2 @{auto!,0.7} > Lanczos x1.5 @auto",
    "Latent x2 @{auto-0.2,auto-0.1,auto,auto+0.1,auto+0.2}",
]


@pytest.mark.parametrize("text", SWEEPS)
def test_a_sweep_comes_back_as_it_was(text: str) -> None:
    assert folded(parse(text)) == text


def test_sixty_four_lines_are_one() -> None:
    lines = [f"{name} x2 @{n / 10:g}" for name in ("Latent", "None", "Lanczos", "Nearest", "a", "b", "c", "d")
             for n in range(1, 9)]  # fmt: skip
    assert len(lines) == 64
    assert folded(parse("\n".join(lines))) == "{Latent,None,Lanczos,Nearest,a,b,c,d} x2 @{0.1..0.8..0.1}"


def test_a_part_that_only_some_have_is_another_line() -> None:
    assert folded(parse("Latent x2 @{0.3,0.5}\nLatent x2 @{0.3,0.5} [cfg 5]")).count("\n") == 1


def test_what_was_written_is_kept_if_it_says_the_same() -> None:
    lines = ["Latent x2 @0.5", "Latent x2 @0.7"]
    for text in ("Latent  x2 @{0.5,0.7}", "Latent x2 @0.5\nLatent x2 @0.7", "Latent x2 @{.5..0.7..0.2}"):
        assert as_written(f"{text}\n", lines) == text
    others = ("", "Latent x2 @0.5", "Latent x2 @{0.5,0.7,0.9}", "Latent x2 @{0.7,0.5}", "Latnt x2 @{0.5,0.7}")
    for other in (None, *others):
        assert as_written(other, lines) == "Latent x2 @{0.5,0.7}"


def test_names_that_only_the_host_knows_stay_lines() -> None:
    assert as_written(None, ["Latentt x2 @0.5", "Latentt x2 @0.7"]) == "Latentt x2 @0.5\nLatentt x2 @0.7"


@given(st.lists(strategies(), min_size=1, max_size=12))
def test_it_gives_the_very_same_strategies(found: list) -> None:
    text = folded(found)
    assert [format_strategy(each) for each in parse(text)] == [format_strategy(each) for each in found]
    assert text.count("\n") < len(found)
