"""Strategies as objects: the same as their texts, checked key by key, described by a schema that tells the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.json_form import read_strategies, strategy_from_object
from hires_strategies.notation.json_schema import STAGE, STRATEGY_SCHEMA, argument_schema
from hires_strategies.notation.text import format_strategy
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import Vocabulary
from tests.engine.generators import names_of, strategies
from tests.strategy_objects import strategy_to_object

LATENT = {"upscaler": "Latent", "scale": 2, "denoising_strength": 0.7}
HOST = Vocabulary(("Latent", "None", "R-ESRGAN 4x+"), ("Euler", "DPM++ 2M"), ("Automatic", "Karras"))


@given(strategies())
def test_object_and_text_are_the_same_strategy(strategy: Strategy) -> None:
    sent = json.loads(json.dumps(strategy_to_object(strategy)))
    assert strategy_from_object(sent) == strategy
    assert read_strategies([sent, format_strategy(strategy)], names_of(strategy)) == (strategy, strategy)


@given(strategies())
def test_every_object_that_is_taken_fits_the_schema(strategy: Strategy) -> None:
    jsonschema.Draft202012Validator(STRATEGY_SCHEMA).validate(strategy_to_object(strategy))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(argument_schema())


def test_the_example_of_the_issue() -> None:
    text, same = read_strategies(
        [
            "Latent x2 @0.7 [20 steps] > R-ESRGAN 4x+ x2",
            {"stages": [{**LATENT, "steps": 20}, {"upscaler": "R-ESRGAN 4x+", "scale": 2}]},
        ],
        HOST,
    )
    assert text == same == Strategy((Stage("Latent", 2, denoising_strength=0.7, steps=20), Stage("R-ESRGAN 4x+", 2)))


def test_one_object_needs_no_list() -> None:
    assert read_strategies({"stages": [LATENT]}, HOST) == read_strategies("Latent x2 @0.7", HOST)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"denoising": 0.7}, ["stages[0]: Unknown key 'denoising'", *(field.name for field in STAGE)]),
        ({"denoising_strength": 1.7}, ["'denoising_strength'", "from 0 to 1", "found 1.7"]),
        ({"denoising_strength": "0.7"}, ["'denoising_strength'", "a number", "found '0.7'"]),
        ({"denoising_strength": float("nan")}, ["'denoising_strength'", "found nan"]),
        ({"scale": 0}, ["'scale'", "above 0", "found 0"]),
        ({"scale": 17}, ["'scale'", "at most 16", "found 17"]),
        ({"scale": True}, ["'scale'", "found True"]),
        ({"scale": None}, ["'scale'", "found None"]),
        ({"width": 512}, ["not both"]),
        ({"steps": 151}, ["'steps'", "from 1 to 150", "found 151"]),
        ({"steps": 10.5}, ["'steps'", "whole number", "found 10.5"]),
        ({"steps": 10**5000}, ["'steps'", "too large to show"]),
        ({"cfg": 0}, ["'cfg'", "from 1 to 30", "found 0"]),
        ({"upscaler": "Latnt"}, ["stages[0].upscaler", "Did you mean 'Latent'?"]),
        ({"upscaler": ""}, ["'upscaler'", "found ''"]),
        ({"sampler": "Eulr"}, ["stages[0].sampler", "'Euler'"]),
        ({"scheduler": "Karas"}, ["stages[0].scheduler", "'Karras'"]),
        ({"prompt": 3}, ["'prompt'", "a text", "found 3"]),
        ({"prompt": "\ud800"}, ["'prompt'", "a text"]),
    ],
)
def test_an_error_names_the_place_the_key_and_what_is_allowed(change: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(StrategyError) as caught:
        read_strategies(["Latent x2 @0.7", {"stages": [{**LATENT, **change}]}], HOST)
    assert "strategies[1].stages[0]" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], ["'strategies'", "[]"]),
        ([3], ["'strategies[0]'", "found 3"]),
        ([""], ["empty"]),
        (["Latent x2 @0.7", " "], ["Line 2", "empty"]),
        ({}, ["strategies: The key 'stages' is missing"]),
        ({"stages": []}, ["'stages'", "found []"]),
        ({"stages": "Latent x2"}, ["'stages'", "'Latent x2'"]),
        ({"stages": [3]}, ["strategies.stages[0]", "found 3"]),
        ({"stages": [{"scale": 2}]}, ["'upscaler' is missing"]),
        ({"stages": [{"upscaler": "None"}]}, ["stages[0]", "size"]),
        ({"stages": [{"upscaler": "None", "width": 64}]}, ["stages[0]", "size"]),
        ({"stages": [LATENT, {"upscaler": "Direct", "scale": 2}]}, ["'Direct'", "first stage"]),
        ({"stages": [LATENT] * 101}, ["'stages'", "1 to 100"]),
    ],
)
def test_what_is_no_strategy(value: object, words: list[str]) -> None:
    with pytest.raises(StrategyError) as caught:
        read_strategies(value, HOST)
    for word in words:
        assert word in str(caught.value)


def test_lines_count_through_the_whole_list() -> None:
    with pytest.raises(StrategyError) as caught:
        read_strategies(["Latent x2 @0.7\nLatent x3 @0.7", {"stages": [LATENT]}, "\nLatnt x2 @0.5"], HOST)
    assert (caught.value.line, caught.value.column) == (5, 1)
    places = [strategy.places for strategy in read_strategies(["\nNone x2", "None x3 > None x2"], HOST)]
    assert places == [((2, 1),), ((3, 1), (3, 11))]


def test_texts_and_objects_share_the_limit_of_variants() -> None:
    with pytest.raises(StrategyError, match="more than 3 variants"):
        read_strategies(["None x{1,2}", {"stages": [LATENT]}, "None x3"], replace(HOST, limits=Limits(variants=3)))
