"""What captions, titles, rows and columns say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.sheet.captions import Captions, Table, make_captions
from tests.engine.generators import strategies


def captions(text: str, steps: int = 20) -> Captions:
    found = parse(text)
    plan = make_plan(found, FirstPass(512, 512, steps))
    return make_captions(found, [variant.same_as for variant in plan.variants])


def test_a_sweep_says_only_its_value() -> None:
    made = captions("Latent x2 @{0.5,0.6,0.7}")
    assert made == Captions("Denoising strength 0.5 to 0.7, Latent ×2", ("@0.5", "@0.6", "@0.7"), None)


def test_a_strength_that_was_found_says_so() -> None:
    sweep = make_captions(parse("Latent x2 @{0.32,0.42,0.52}"), [None] * 3, [(), (0,), ()])
    assert sweep == Captions("Denoising strength 0.32 to 0.52, Latent ×2", ("@0.32", "@0.42, found", "@0.52"), None)
    two = make_captions(parse("Latent x2 @{0.42,0.7}"), [None] * 2, [(0,), ()])
    assert two == Captions("Denoising strength 0.42 (found) and 0.7, Latent ×2", ("@0.42, found", "@0.7"), None)
    shared = make_captions(parse("Latent x2 @0.42 [{10,20} steps]"), [None] * 2, [(0,), (0,)])
    assert shared.title == "Steps 10 and 20, Latent ×2 at 0.42 (found)"
    equal = make_captions(parse("Latent x2 @{0.42,0.5}\nLatent x2 @0.42"), [None, None, 0], [(0,), (), (0,)])
    assert equal.each[0] == "@0.42, found"
    mixed = make_captions(parse("Latent x2 @{0.42,sigma 2}"), [None] * 2, [(0,), ()])
    assert mixed.each == ("@0.42, found", "@sigma 2")


def test_the_same_picture_is_told_once() -> None:
    made = captions("Latent x2 @{0.8,0.95,1}", steps=18)
    assert made.each[:2] == ("@0.8", "@0.95 = @1")


def test_two_lines_say_what_differs_and_share_the_rest() -> None:
    made = captions("Latent x2 @0.7\nR-ESRGAN 4x+ x2 @0.35")
    title = "Upscalers Latent and R-ESRGAN 4x+, denoising strength 0.7 and 0.35, ×2"
    assert made == Captions(title, ("Latent @0.7", "R-ESRGAN 4x+ @0.35"), None)


def test_strategies_with_nothing_in_common_have_no_title() -> None:
    made = captions("Latent x2 @0.7\nDirect x2\nR-ESRGAN 4x+ x4")
    assert made == Captions("", ("Latent x2 @0.7", "Direct x2", "R-ESRGAN 4x+ x4"), None)


def test_a_stage_that_not_all_have_is_told_whole() -> None:
    made = captions("Latent x2 @0.7\nLatent x2 @0.7 > Lanczos x2 @0.3 [9 steps]")
    title = "With and without Lanczos x2 @0.3 [9 steps], Latent ×2 at 0.7"
    assert made == Captions(title, ("nothing more", "Lanczos x2 @0.3 [9 steps]"), None)


def test_options_and_prompts_are_told() -> None:
    made = captions('Latent x2 @0.5 [20 steps; prompt "漢字"]\nLatent x2 @0.5 [30 steps]')
    assert made.title == "Steps 20 and 30, 2 prompts, Latent ×2 at 0.5"
    assert made.each == ('20 steps; prompt "漢字"', "30 steps")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("{Latent,Lanczos} x2 @{0.3,0.5,0.7}", "Upscalers Latent and Lanczos, denoising strength 0.3 to 0.7, ×2"),
        ("Latent x2 @{0.9,0.3,0.5,0.1}", "4 denoising strengths, Latent ×2"),
        ("Latent x2 @{0.9,0.5,0.1}", "Denoising strength 0.9 to 0.1, Latent ×2"),
        (
            "Latent x2 @0.7 > R-ESRGAN 4x+ x2 @{0.2..0.5..0.1}",
            "Stage 2's denoising strength 0.2 to 0.5, Latent ×2 at 0.7, then R-ESRGAN 4x+ ×2",
        ),
        ("{a,b,c,d} 512x768 @0.3 [networks off]", "4 upscalers, 512×768 at 0.3, networks off"),
        ("Latent {x2,1024x1536} @0.5", "Sizes ×2 and 1024×1536, Latent at 0.5"),
        ("Latent x{1.5,2,3} @0.5 [20 steps; cfg 5]", "Scale ×1.5 to ×3, Latent at 0.5, 20 steps, cfg 5"),
        ("Latent x2 @0.5 [{10,20,40} steps]", "Steps 10 to 40, Latent ×2 at 0.5"),
        ("Latent x2 @0.5 [sampler {Euler,DPM++ 2M}]", "Samplers Euler and DPM++ 2M, Latent ×2 at 0.5"),
        ("Latent x2 @0.5\nLatent x2 @0.5 [cfg 5]", "CFG scale the first pass's and 5, Latent ×2 at 0.5"),
    ],
)
def test_a_title_says_in_words_what_differs_and_what_all_share(text: str, title: str) -> None:
    assert captions(text).title == title


def test_two_sweeps_are_rows_and_columns() -> None:
    made = captions("{Latent,Lanczos} x2 @{0.3,0.5,0.7}")
    assert made.table == Table(("Latent", "Lanczos"), ("@0.3", "@0.5", "@0.7"), ((0, 1, 2), (3, 4, 5)))


def test_three_sweeps_are_rows_of_two_and_columns() -> None:
    table = captions("{None,Lanczos} x{1.5,2} > Latent x2 @{0.3,0.5}").table
    assert table is not None
    assert table.rows == ("None x1.5", "None x2", "Lanczos x1.5", "Lanczos x2")
    assert table.columns == ("@0.3", "@0.5")


def test_parts_that_change_together_are_one_axis() -> None:
    table = captions("Latent x2 @{0.5,0.6}\nLanczos x2 @{0.5,0.6} [cfg 5]").table
    assert table == Table(("Latent", "Lanczos [cfg 5]"), ("@0.5", "@0.6"), ((0, 1), (2, 3)))


def test_columns_of_the_same_pictures_are_one() -> None:
    table = captions("{Latent,Lanczos} x2 @{0.5,0.95,1}", steps=18).table
    assert table == Table(("Latent", "Lanczos"), ("@0.5", "@0.95 = @1"), ((0, 1), (3, 4)))


def test_a_pair_that_is_only_here_the_same_keeps_its_column() -> None:
    table = captions("Latent x2 @{0.9,0.95,1} [{10,40} steps]").table
    assert table is not None and table.rows == ("@0.9", "@0.95", "@1") and table.columns == ("10 steps", "40 steps")


def test_a_grid_with_holes_is_no_table() -> None:
    assert captions("Latent x2 @{0.3,0.5}\nLanczos x2 @0.3").table is None


@given(st.lists(strategies(), min_size=1, max_size=8, unique=True))
def test_different_strategies_have_different_captions(found: list) -> None:
    made = make_captions(found, [None] * len(found))
    assert len(set(made.each)) == len(found)
    if made.table:
        assert sorted(n for row in made.table.cells for n in row) == list(range(len(found)))


def test_start_sigmas_are_titled_as_strengths_are() -> None:
    def of(text: str) -> tuple[str, tuple[str, ...]]:
        found = parse(text)
        made = make_captions(found, [None] * len(found))
        return made.title, made.each

    assert of("Latent x2 @sigma {1,1.5,2}") == (
        "Start sigma 1 to 2, Latent \u00d72", ("@sigma 1", "@sigma 1.5", "@sigma 2")
    )  # fmt: skip
    assert of("Latent x2 @{0.5,sigma 1}") == (
        "Denoising strength 0.5 and sigma 1, Latent \u00d72", ("@0.5", "@sigma 1")
    )  # fmt: skip
    assert of("Latent x2 @sigma 1.5 > None x2 @{0.3,0.4}")[0].endswith("Latent \u00d72 at sigma 1.5, then None \u00d72")
