"""One value of a strategy changed, as the cells of an X/Y/Z plot do it."""

from __future__ import annotations

import pytest

from hires_strategies.editing.change import changed, read_change, spread
from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan


def edit(text: str, field: str, value: str) -> str:
    return format_strategy(changed(parse(text)[0], read_change(field, value)))


@pytest.mark.parametrize(
    ("text", "field", "value", "result"),
    [
        ("Latent x2 @0.7", "denoising_strength", "0.5", "Latent x2 @0.5"),
        ("Latent x2 @0.7", "denoising_strength", "0.7999999999999999", "Latent x2 @0.8"),
        ("Latent x2 @0.7 > Lanczos x2 @0.4", "denoising_strength", "0.5", "Latent x2 @0.5 > Lanczos x2 @0.5"),
        ("Latent x2 @0.7 > Lanczos x2 @0.4", "denoising_strength", "2: 0.5", "Latent x2 @0.7 > Lanczos x2 @0.5"),
        ("Latent x2 @0.7 > Lanczos x2", "denoising_strength", "0.5", "Latent x2 @0.5 > Lanczos x2"),
        ("Latent x2 @0.7 > Lanczos x2", "denoising_strength", "stage 2: .5", "Latent x2 @0.7 > Lanczos x2 @0.5"),
        ("Latent x2 @0.7 > Lanczos x2", "steps", "all: 9", "Latent x2 @0.7 [9 steps] > Lanczos x2"),
        ("Direct x2 > Lanczos x2 @0.3", "steps", "9.0", "Direct x2 [9 steps] > Lanczos x2 @0.3 [9 steps]"),
        ("Direct x2 > Lanczos x2 @0.3", "denoising_strength", "0.4", "Direct x2 > Lanczos x2 @0.4"),
        ("Direct x2 > Lanczos x2 @0.3", "upscaler", "None", "Direct x2 > None x2 @0.3"),
        ("Lanczos 512x768", "scale", "1.5", "Lanczos x1.5"),
        ("Latent x2 @0.7", "denoising_strength", "auto", "Latent x2 @auto"),
        ("Latent x2 @0.7 > Lanczos x2 @0.4", "denoising_strength", "2: auto", "Latent x2 @0.7 > Lanczos x2 @auto"),
        ("Latent x2 @0.7 > Lanczos x2", "denoising_strength", "all: auto! - .10", "Latent x2 @auto!-0.1 > Lanczos x2"),
        ("Latent x2 @sigma 1.5", "denoising_strength", "auto", "Latent x2 @auto"),
        ("Latent x2 @auto", "denoising_strength", "0.5", "Latent x2 @0.5"),
        ("Latent x2 @auto > Lanczos x2", "denoising_strength", "0.5", "Latent x2 @0.5 > Lanczos x2"),
        ("Latent x2 @auto", "start_sigma", "1.5", "Latent x2 @sigma 1.5"),
        ("Latent x2 @auto", "scale", "1.5", "Latent x1.5 @auto"),
        ("Latent x2 @0.7", "cfg", "6.5", "Latent x2 @0.7 [cfg 6.5]"),
        ("Latent x2 @0.7 [sampler Heun]", "cfg", "6", "Latent x2 @0.7 [sampler Heun; cfg 6]"),
    ],
)
def test_one_value_changes(text: str, field: str, value: str, result: str) -> None:
    assert edit(text, field, value) == result


@pytest.mark.parametrize(
    ("text", "field", "value", "words"),
    [
        ("Latent x2 @0.7", "denoising_strength", "2: 0.5", ["Latent x2 @0.7", "no stage 2", "0.5"]),
        ("Latent x2 @0.7", "denoising_strength", "0: 0.5", ["count from 1 to 100", "'0'"]),
        ("Latent x2 @0.7", "denoising_strength", "101: 0.5", ["count from 1 to 100", "'101'"]),
        ("Latent x2 @0.7", "denoising_strength", "9" * 400 + ": 0.5", ["count from 1 to 100", "'999"]),
        ("Latent x2 @0.7", "denoising_strength", "1.5", ["1.5"]),
        ("Latent x2 @0.7", "denoising_strength", "strong", ["number or 'auto'", "strong"]),
        ("Latent x2 @0.7", "denoising_strength", "auto-2", ["number or 'auto'", "auto-2"]),
        ("Lanczos x2", "denoising_strength", "auto", ["no stage", "denoising strength", "auto"]),
        ("Direct x2", "denoising_strength", "1: auto", ["Direct"]),
        ("Latent x2 @0.7", "start_sigma", "auto", ["Expected a number for the start sigma", "auto"]),
        ("Latent x2 @0.7", "denoising_strength", "1:", ["missing"]),
        ("Lanczos x2", "denoising_strength", "0.5", ["no stage", "denoising strength"]),
        ("Lanczos x2", "steps", "1: 9", ["steps"]),
        ("Latent x2 @0.7", "steps", "9.5", ["whole", "9.5"]),
        ("Latent x2 @0.7", "scale", "17", ["17"]),
        ("Lanczos x2", "upscaler", "Latent", ["Latent", "denoising strength"]),
        ("Direct x2", "denoising_strength", "1: 0.5", ["Direct"]),
    ],
)
def test_what_cannot_be_is_refused(text: str, field: str, value: str, words: list[str]) -> None:
    with pytest.raises(StrategyError) as caught:
        edit(text, field, value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["0.4", "0.5"], ["0.4", "0.5"]),
        (["2: 0.4", "0.5", "all: 0.6", "0.7"], ["2: 0.4", "2: 0.5", "all: 0.6", "all: 0.7"]),
        (["0.4-0.8 (+0.1)"], ["0.4", "0.5", "0.6", "0.7", "0.8"]),
        (["0.8-0.4 (-0.2)"], ["0.8", "0.6", "0.4"]),
        (["2: 0.4-0.8 [3]"], ["2: 0.4", "2: 0.6", "2: 0.8"]),
        (["1-4"], ["1", "2", "3", "4"]),
        (["R-ESRGAN 4x+"], ["R-ESRGAN 4x+"]),
        (["", "0.5", " "], ["0.5"]),
        (["2:", "0.5"], ["2: 0.5"]),
    ],
)
def test_values_are_written_out(texts: list[str], values: list[str]) -> None:
    assert spread(texts, "cfg") == values


@pytest.mark.parametrize("text", ["0.4-0.8 (+0)", "0.8-0.4 (+0.1)", "0-1 (+0.0001)", "1-2 [0]"])
def test_a_range_without_an_end_is_refused(text: str) -> None:
    with pytest.raises(StrategyError, match="range"):
        spread([text], "cfg")


def test_every_stage_that_a_strategy_can_have_has_its_number() -> None:
    text = " > ".join(["None x1"] * 99 + ["None x1 @0.5"])
    assert edit(text, "denoising_strength", "100: 0.6").endswith("None x1 > None x1 @0.6")


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
def test_a_strength_of_0_among_the_cells(upscaler: str) -> None:
    """The axes '0-1 [3]' and '4,8' steps: the cells at 0 are the upscale alone, and the others as they are."""
    strategy = parse(f"{upscaler} x2 @0.7")[0]
    cells = []
    for value in spread(["0-1 [3]"], "denoising_strength"):
        at = changed(strategy, read_change("denoising_strength", value))
        cells += [format_strategy(changed(at, read_change("steps", steps))) for steps in ("4", "8")]
    expected = [f"@{strength} [{steps} steps]" for strength in ("0", "0.5", "1") for steps in (4, 8)]
    assert cells == [f"{upscaler} x2 {text}" for text in expected]
    plan = make_plan([parse(text)[0] for text in cells], FirstPass(512, 512, 20))
    assert [variant.same_as for variant in plan.variants] == [None, 0, None, None, None, None]


def test_names_are_no_ranges() -> None:
    assert spread(["2: 1-3", "1-3 (2)"], "checkpoint") == ["2: 1-3", "2: 1-3 (2)"]


def test_found_strengths_among_numbers_and_ranges() -> None:
    texts = ["auto", "0.5-0.7 (+0.1)", "2: auto-0.1", "auto+0.1", "auto!"]
    values = spread(texts, "denoising_strength")
    assert values == ["auto", "0.5", "0.6", "0.7", "2: auto-0.1", "2: auto+0.1", "2: auto!"]
    text = "Latent x2 @0.7 > Lanczos x2 @0.3"
    cells = [edit(text, "denoising_strength", value) for value in values]
    assert cells[0] == "Latent x2 @auto > Lanczos x2 @auto" and cells[4] == "Latent x2 @0.7 > Lanczos x2 @auto-0.1"
    assert [read_change("denoising_strength", value).text for value in values[-2:]] == ["auto+0.1", "auto!"]
