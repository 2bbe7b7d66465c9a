"""The page says a stage's strength as a denoising strength or as the start sigma that it means, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

VALUES = {"width": 64, "height": 64, "steps": 20, "sampler": "Euler", "scheduler": "Automatic"}


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("Latent x2 @0.5", "Latent x2 @sigma 1.5482"),
        ("Latent x2 @0.5 [sampler DPM++ 2M]", "Latent x2 @sigma 1.1817 [sampler DPM++ 2M]"),
        ("Lanczos x2", None),
        ("Direct x2", None),
        ("Latent x2 @0", None),
        ("Latent x2 @sig", None),
    ],
)
def test_there_and_back(api: Callable[..., Any], text: str, other: str | None) -> None:
    from modules import sd_models

    from hires_strategies.webui.page.strength_unit import with_other_unit

    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights()
    assert with_other_unit(text, 0, 0, VALUES) == (other or text)
    if other is not None:
        assert with_other_unit(other, 0, 0, VALUES) == text


def test_a_sweep(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.strength_unit import with_other_unit

    text = "Latent x2 @{0.5,0.7}"
    other = with_other_unit(text, 0, 0, VALUES)
    assert other.startswith("Latent x2 @sigma {1.5482,") and with_other_unit(other, 0, 0, VALUES) == text


def test_a_start_between_two_steps_becomes_the_strength_of_the_longer_one(api: Callable[..., Any]) -> None:
    from hires_strategies.webui.page.strength_unit import with_other_unit

    text = "None x1.5\nNone x2 > Latent x2 @sigma 1.5"
    assert with_other_unit(text, 1, 1, VALUES) == "None x1.5\nNone x2 > Latent x2 @0.5"
    assert with_other_unit(text, 1, 0, VALUES) == text
    assert with_other_unit(text, 1, 5, VALUES) == text


def pressed(text: str, times: int = 1, line: int = 0, index: int = 0) -> str:
    """The text after the tool "auto" of a row was pressed."""
    from hires_strategies.webui.page.strength_unit import with_auto

    before = ""
    for _ in range(times):
        text, before = with_auto(text, line, index, before, VALUES)
    return text


@pytest.mark.parametrize("strength", ["0.7", "0.35", "sigma 1.5", "{0.5,0.6}", "sigma {1,2}", "0"])
def test_what_was_there_comes_back_where_nothing_was_found(remembered: Any, strength: str) -> None:
    text = f"None x2\nNone x2 > Latent x2 @{strength} [9 steps]"
    assert pressed(text, 1, 1, 1) == "None x2\nNone x2 > Latent x2 @auto [9 steps]"
    assert pressed(text, 2, 1, 1) == text
    assert pressed(text, 3, 1, 1) == pressed(text, 1, 1, 1)


def test_without_anything_known_it_is_a_half(remembered: Any) -> None:
    assert pressed("Latent x2 @auto") == "Latent x2 @0.5"
    assert pressed("Latent x2 @{auto-0.1,auto,0.7}") == "Latent x2 @0.5"
    assert pressed("Lanczos x2", 2) == "Lanczos x2"


@pytest.mark.parametrize("text", ["Direct x2", "Latent x2 @{", "None x{1,2}", ""])
def test_what_has_no_strength_stays(remembered: Any, text: str) -> None:
    assert pressed(text) == text


@pytest.mark.parametrize(
    "before", ["", "[]", "nonsense", '{"0.0": "auto"}', '{"0.0": ["x"]}', '{"0.0": "9 > None x2"}']
)
def test_what_the_page_kept_may_be_anything(remembered: Any, before: str) -> None:
    from hires_strategies.webui.page.strength_unit import with_auto

    assert with_auto("Latent x2 @auto", 0, 0, before, VALUES)[0] == "Latent x2 @0.5"


def test_the_number_that_is_remembered(remembered: Any) -> None:
    from hires_strategies.finding.remembered import Key
    from hires_strategies.webui.page.preview import plan_of
    from hires_strategies.webui.page.strength_unit import with_other_unit

    plan = plan_of("Latent x2 @auto", VALUES)
    remembered.choose(Key.of(plan.sought(plan.stages[0])), 1.5482)
    for text, number in (
        ("Latent x2 @auto", "0.5"),
        ("Latent x2 @auto!", "0.5"),
        ("Latent x2 @auto+0.1", "0.6"),
        ("Latent x2 @{auto-0.1,auto,0.7}", "{0.4,0.5,0.7}"),
    ):
        assert pressed(text) == f"Latent x2 @{number}"
    assert pressed("Latent x2 @0.3", 2) == "Latent x2 @0.5"
    assert with_other_unit("Latent x2 @auto", 0, 0, VALUES) == "Latent x2 @sigma 1.5482"
    assert with_other_unit("Latent x2 @auto!", 0, 0, VALUES) == "Latent x2 @auto!"
