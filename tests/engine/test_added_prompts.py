"""What a stage adds to the first pass's prompt, and the networks that it leaves out: `prompt+`, `negative+`,
`networks off`."""

from __future__ import annotations

import jsonschema
import pytest

from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import read_strategies, strategy_from_object
from hires_strategies.notation.json_schema import STRATEGY_SCHEMA
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.sheet.captions import make_captions
from hires_strategies.strategy import Stage, Strategy

TEXT = 'Latent x2 @0.7 [prompt+ "detailed face"; negative+ "blurry"; networks off]'
STAGE = {"upscaler": "Latent", "scale": 2, "denoising_strength": 0.7}


def test_the_three_options() -> None:
    stage = Stage(
        "Latent", 2, denoising_strength=0.7, prompt_added="detailed face", negative_added="blurry", networks_off=True
    )
    assert parse(TEXT) == [Strategy((stage,))]
    assert format_strategy(Strategy((stage,))) == TEXT
    assert line_from_rows(rows_from_line(TEXT)) == TEXT
    assert rows_from_line(TEXT)[0].raw == ""


def test_false_is_as_good_as_nothing() -> None:
    without = strategy_from_object({"stages": [{**STAGE, "networks_off": False, "prompt": "a"}]})
    assert without == strategy_from_object({"stages": [{**STAGE, "prompt": "a"}]})
    assert parse(format_strategy(without)) == [without]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('prompt "a"; prompt+ "b"', ["'prompt+'", "'prompt'", "leave one"]),
        ('prompt+ "b"; prompt "a"', ["'prompt+'", "'prompt'", "leave one"]),
        ('negative "a"; negative+ "b"', ["'negative+'", "'negative'", "leave one"]),
        ('networks off; prompt "a"', ["'networks off'", "'prompt'", "leave one"]),
        ("networks off 1", ["Expected ';' or ']' after 'networks off'", "found '1'"]),
        ("networks", ["Expected an option", "'networks'"]),
        ("prompt+ face", ["quotation marks after 'prompt+'"]),
        ("networks off; networks off", ["twice"]),
    ],
)
def test_what_cannot_be(options: str, words: list[str]) -> None:
    with pytest.raises(StrategyError) as error:
        parse(f"Latent x2 @0.7 [{options}]")
    assert all(word in str(error.value) for word in words), error.value
    assert error.value.line == 1 and error.value.column and error.value.column > len("Latent x2 @0.7 ")


@pytest.mark.parametrize(
    "options",
    [
        {"prompt": "a", "prompt_added": "b"},
        {"negative": "a", "negative_added": "b"},
        {"prompt": "a", "networks_off": True},
        {"networks_off": "yes"},
        {"prompt_added": 1},
    ],
)
def test_schema_and_check_agree(options: dict[str, object]) -> None:
    strategy = {"stages": [{**STAGE, **options}]}
    with pytest.raises(StrategyError):
        read_strategies(strategy)
    assert not jsonschema.Draft202012Validator(STRATEGY_SCHEMA).is_valid(strategy)


def test_they_need_sampling() -> None:
    for option in ('prompt+ "a"', 'negative+ "a"', "networks off"):
        with pytest.raises(StrategyError, match="for sampling"):
            parse(f"None x2 [{option}]")


def test_captions_tell_a_flag() -> None:
    captions = make_captions(parse("Latent x2 @0.7 {[5 steps],[5 steps; networks off]}"), [None, None])
    assert captions.each[1] == "networks off"
    assert captions.title == "With and without 'networks off', Latent \u00d72 at 0.7, 5 steps"
