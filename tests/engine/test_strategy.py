"""Stage and Strategy refuse what no stage can be, in a sentence with the offending value."""

from __future__ import annotations

import math

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.strategy import LATENT_UPSCALERS, Stage, Strategy

BAD = [
    ({"upscaler": ""}, "The upscaler is missing"),
    ({"upscaler": "  "}, "The upscaler is missing"),
    ({"upscaler": None}, "found None"),
    ({"upscaler": " None"}, "found ' None'"),
    ({"upscaler": "a\nb"}, "no line break"),
    ({"upscaler": "a\rb"}, "no line break"),
    ({"upscaler": "a\ud800"}, "no character"),
    ({"scale": None}, "needs a size"),
    ({"scale": 0}, "found 0"),
    ({"scale": -2.0}, "found -2.0"),
    ({"scale": 16.5}, "found 16.5"),
    ({"scale": math.nan}, "found nan"),
    ({"scale": math.inf}, "found inf"),
    ({"scale": "2"}, "found '2'"),
    ({"scale": True}, "found True"),
    ({"width": 512, "height": 512}, "not both"),
    ({"scale": None, "width": 512}, "found 512xNone"),
    ({"scale": None, "width": 0, "height": 5}, "The width has to be a whole number from 1 to 1000000, found 0."),
    ({"scale": None, "width": 5.0, "height": 5}, "found 5.0"),
    ({"denoising_strength": -0.1}, "found -0.1"),
    ({"denoising_strength": 1.01}, "found 1.01"),
    ({"denoising_strength": math.nan}, "found nan"),
    ({"denoising_strength": "0.5"}, "found '0.5'"),
    ({"upscaler": "Direct", "denoising_strength": 0.5}, "takes no denoising strength"),
    ({"steps": 20}, "'steps' is for sampling"),
    ({"denoising_strength": 0.5, "steps": 0}, "found 0"),
    ({"denoising_strength": 0.5, "steps": 151}, "found 151"),
    ({"denoising_strength": 0.5, "steps": 20.0}, "found 20.0"),
    ({"denoising_strength": 0.5, "steps": True}, "found True"),
    ({"denoising_strength": 0.5, "cfg": 0.5}, "found 0.5"),
    ({"denoising_strength": 0.5, "cfg": 31}, "found 31"),
    (
        {"denoising_strength": 0.5, "sampler": ""},
        "The sampler has to be the name of a sampler",
    ),
    (
        {"denoising_strength": 0.5, "scheduler": " Karras"},
        "for example, found ' Karras'.",
    ),
    ({"denoising_strength": 0.5, "prompt": 5}, "The prompt has to be a text, found 5"),
    ({"denoising_strength": 0.5, "negative": "\udfff"}, "no character"),
]


@pytest.mark.parametrize(("values", "message"), BAD, ids=[str(row[0]) for row in BAD])
def test_a_bad_stage_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        Stage(**{"upscaler": "None", "scale": 2, **values})  # type: ignore[arg-type]
    assert message in caught.value.message


@pytest.mark.parametrize("upscaler", LATENT_UPSCALERS)
def test_a_latent_upscale_needs_sampling(upscaler: str) -> None:
    assert Stage(upscaler, scale=2, denoising_strength=0.7).is_latent
    with pytest.raises(StrategyError, match="A latent upscale without sampling is a blur"):
        Stage(upscaler, scale=2)


def test_a_strength_of_0_is_the_upscale_alone() -> None:
    for upscaler in ("None", "Latent"):
        stage = Stage(upscaler, scale=2, denoising_strength=0, steps=20)
        assert not stage.is_sampled


def test_kinds_of_stages() -> None:
    direct, upscale = Stage("Direct", scale=2), Stage("None", scale=2)
    assert direct.is_direct and direct.is_sampled and not direct.is_latent
    assert not upscale.is_direct and not upscale.is_sampled and not upscale.is_latent


def test_a_strategy_is_a_chain() -> None:
    direct, upscale = Stage("Direct", scale=2), Stage("None", scale=2)
    assert Strategy((upscale, upscale)).needs_first_pass
    assert not Strategy((direct, upscale)).needs_first_pass
    with pytest.raises(StrategyError, match="only be the first stage"):
        Strategy((upscale, direct))
    with pytest.raises(StrategyError, match="at least one stage"):
        Strategy(())
    with pytest.raises(StrategyError, match="at most 100 stages, found 101"):
        Strategy((upscale,) * 101)


def test_places_are_no_part_of_what_makes_strategies_equal() -> None:
    stages = (Stage("None", scale=2),)
    assert Strategy(stages, ((1, 1),)) == Strategy(stages, ((7, 3),))
    assert hash(Strategy(stages, ((1, 1),))) == hash(Strategy(stages))
