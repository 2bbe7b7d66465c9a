"""Rows and text are two views of one thing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hires_strategies.editing import row_edits
from hires_strategies.editing.rows import FIRST_ROW, Row, line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.lines import lines_of
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.presets import builtin
from hires_strategies.vocabulary import Vocabulary
from tests.properties import examples

CANONICAL = [
    "Latent x2 @0.7",
    "R-ESRGAN 4x+ x2",
    "Latent x2 @0.7 > R-ESRGAN 4x+ x2",
    "DAT x4 x1.5 @0.3 [20 steps; sampler DPM++ 2M; scheduler Karras; cfg 5]",
    "Latent 1024x1536 @0.55",
    'None x2 @0.4 [prompt "a > b; [c] {d}"; negative "x \\"y\\""]',
    '"odd, name" x2 @0.4 > None x1.5',
    "Direct 1024x1024 [30 steps]",
    "Latent x2 @0.3 [tile] > None x2 @0.3 [tile 1024; overlap 128]",
    "Latent x2 @sigma 1.5",
    "None x2 @sigma 0.0291 [20 steps] > Latent x1.5 @sigma 3",
    "Latent x2 @auto > R-ESRGAN 4x+ x2 @auto!-0.1 [20 steps]",
]


@pytest.mark.parametrize("line", CANONICAL)
def test_canonical_text_survives_the_rows_and_none_is_raw(line):
    rows = rows_from_line(line)
    assert not any(row.raw for row in rows)
    assert line_from_rows(rows) == line == format_strategy(parse(line)[0])


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("Latent 1024 x 1536 @0.7", "Latent 1024x1536 @0.7"),
        ("Latent x 2 @0.7", "Latent x2 @0.7"),
        ("Latent ×2 @ 0.7", "Latent x2 @0.7"),
        ("None X2. @.5 [cfg 5.]", "None x2 @0.5 [cfg 5]"),
        ("Latent x2 @0.7 [1 step;sampler  DPM++  2M]", "Latent x2 @0.7 [1 steps; sampler DPM++ 2M]"),
        ('"None"x2@0.4[prompt\t"a"]', 'None x2 @0.4 [prompt "a"]'),
        ("Latent x2 @{ 0.5, 0.6 }[20 steps]", "Latent x2 @{0.5, 0.6} [20 steps]"),
        ("Latent x2 @  sigma  1.50", "Latent x2 @sigma 1.5"),
        ("Latent x2 @sigma { 1, 1.5 }", "Latent x2 @sigma {1, 1.5}"),
        ("Latent x2 @ auto! - .10", "Latent x2 @auto!-0.1"),
        ("Latent x2 @{ auto , auto -0.1}", "Latent x2 @{auto , auto -0.1}"),
        ("None x2 @0 > {None, Lanczos} x2", "None x2 > {None, Lanczos} x2"),
        ("Latent x2 @ 0 [20 steps]", "Latent x2 @0 [20 steps]"),
    ],
)
def test_whatever_the_notation_reads_is_shown_in_fields(line: str, canonical: str) -> None:
    rows = rows_from_line(line)
    assert not any(row.raw for row in rows)
    assert line_from_rows(rows) == canonical


@pytest.mark.parametrize("line", [line for lines in builtin().values() for line in lines])
def test_every_preset_is_shown_in_fields(line):
    rows = rows_from_line(line)
    assert not any(row.raw for row in rows)
    assert parse(line_from_rows(rows)) == parse(line)


@pytest.mark.parametrize(
    "line",
    ["Latent x2 @", "Latent", "{Latent x2 @0.5,None x2}", "None x{1.5,2}", 'None x2 @0.4 [prompt ""]',
     'None x2 [prompt "', "None x2 @0.{5,6}", "None x2 @0.5 [{20,30} steps]", "] > [", "a > > b"],
)  # fmt: skip
def test_what_fields_cannot_show_stays_as_text(line):
    rows = rows_from_line(line)
    assert any(row.raw for row in rows)
    assert line_from_rows(rows) == line


def test_a_field_with_a_wrong_value_stays_a_field():
    (row,) = rows_from_line("Latent x2")
    assert (row.upscaler, row.denoising, row.raw) == ("Latent", 0, "")
    (row,) = rows_from_line("Latnt x2 @1.7")
    assert (row.upscaler, row.denoising, row.raw) == ("Latnt", 1.7, "")


hundredths = st.integers(1, 100).map(lambda n: n / 100)
names = st.sampled_from(["Latent", "Latent (nearest)", "R-ESRGAN 4x+", "DAT x4", '"odd > name"', "{None,Lanczos}"])
rows = st.builds(
    Row,
    upscaler=names,
    scale=st.integers(21, 320).map(lambda n: n / 20),
    denoising=hundredths,
    sweep=st.sampled_from(["", "0.5,0.6", "0.4..0.8..0.1", "auto", "auto!", "auto+0.05", "auto-0.1,auto,0.7"]),
    options=st.fixed_dictionaries(
        {},
        optional={
            "steps": st.integers(1, 150),
            "sampler": st.sampled_from(["Euler a", "DPM++ 2M", "{Euler a,Heun}"]),
            "scheduler": st.sampled_from(["Karras", "SGM Uniform"]),
            "cfg": st.sampled_from([1, 4.5, 7]),
            "prompt": st.text(min_size=1, max_size=20),
            "negative": st.just('say "no"; > [x]'),
        },
    ),
).map(lambda row: replace(row, denoising=0) if row.sweep else row)


def test_a_start_sigma_and_a_sweep_of_them() -> None:
    line = "Latent x2 @sigma 1.5"
    assert rows_from_line(line)[0].sigma == 1.5
    swept = row_edits.toggle_sweep(line, 0, 0)
    assert swept == "Latent x2 @sigma {1.05,1.5,2.1}"
    assert rows_from_line(swept)[0].sweep == "sigma 1.05,1.5,2.1" and not rows_from_line(swept)[0].raw
    assert row_edits.toggle_sweep(swept, 0, 0) == line
    shown = rows_from_line(line)
    assert row_edits.merged_edit(line, 0, shown, [shown[0].having({"sigma": 2})]) == "Latent x2 @sigma 2"
    assert row_edits.merged_edit(line, 0, shown, [shown[0].having({"sigma": 0})]) == "Latent x2 @0"
    assert rows_from_line("Latent x2 @{0.5,sigma 1}")[0].sweep == "0.5,sigma 1"


@settings(max_examples=examples(60))
@given(st.lists(rows, min_size=1, max_size=2))
def test_rows_survive_the_text(listed):
    line = line_from_rows(listed)
    assert list(rows_from_line(line)) == listed
    parse(line, Vocabulary(limits=Limits(variants=10**6)))


@given(
    st.text(alphabet='Latent x2@{}[]">,;.0 \n', max_size=40)
    | st.lists(st.sampled_from(["Latent x2 @", "auto", "!", "-0.1", "+", "{", "}", ",", " ", "0.5", "sigma "])).map(
        "".join
    )
)
def test_any_text_has_rows_and_keeps_its_words(text):
    for index, line in enumerate(lines_of(text)):
        shown = row_edits.rows_of(text, index)
        assert "".join(line_from_rows(shown).split()) == "".join(line.split()) or parse(line_from_rows(shown)) == parse(
            line
        )


def test_an_edit_touches_its_field_alone_even_in_a_newer_text():
    shown = row_edits.rows_of("Latent x2 @0.7 > None x2", 0)
    edited = [replace(shown[0], denoising=0.6), shown[1]]
    newer = "Latent x1.5 @0.7 [20 steps] > None x2\nNone x3"
    assert row_edits.merged_edit(newer, 0, shown, edited) == "Latent x1.5 @0.6 [20 steps] > None x2\nNone x3"


def test_scale_and_size_replace_each_other():
    shown = (FIRST_ROW,)
    sized = row_edits.merged_edit("Latent x2 @0.7", 0, shown, [replace(FIRST_ROW, width=1024, height=768)])
    assert sized == "Latent 1024x768 @0.7"
    back = row_edits.rows_of(sized, 0)
    assert row_edits.merged_edit(sized, 0, back, [replace(back[0], scale=1.5)]) == "Latent x1.5 @0.7"
    assert row_edits.merged_edit(sized, 0, back, [replace(back[0], width=0)]) == "Latent x2 @0.7"


def test_sweep_on_and_off():
    assert row_edits.toggle_sweep("Latent x2 @0.7", 0, 0) == "Latent x2 @{0.6,0.7,0.8}"
    assert row_edits.toggle_sweep("Latent x2 @{0.6,0.7,0.8}", 0, 0) == "Latent x2 @0.7"
    assert row_edits.toggle_sweep("Latent x2 @1", 0, 0) == "Latent x2 @{0.9,1}"


def test_add_move_remove():
    text = row_edits.add_stage("", 0, "DAT x2")
    assert text == "Latent x2 @0.7"
    text = row_edits.add_stage(text, 0, "DAT x2")
    assert text == "Latent x2 @0.7 > DAT x2 x2"
    text = row_edits.move_stage(text, 0, 0, 1)
    assert text == "DAT x2 x2 > Latent x2 @0.7"
    assert row_edits.move_stage(text, 0, 1, 1) == text
    assert row_edits.remove_stage(text, 0, 0) == "Latent x2 @0.7"


@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("Latent x2 @0.7 > Lanczos x2", '"a > b" x2 @0.35 > Lanczos x2'),
        ("Latent 768x640 @{0.5,0.6} [20 steps]", '"a > b" 768x640 @0.35 [20 steps]'),
        ("DAT x4 x2", "Latent x2 @0.7"),
        ("None x{1.5,2}", "None x{1.5,2}"),  # no fields
    ],
)
def test_a_strategy_to_compare_with_is_another_one(line: str, other: str) -> None:
    assert row_edits.add_line(line, 0, "a > b").splitlines() == [line, other]
    assert row_edits.add_line(f"None x2\n{line}", 1, "a > b").splitlines() == ["None x2", line, other]


def test_the_slider_at_0_is_a_latent_upscale_alone() -> None:
    latent = row_edits.rows_of("Latent x2 @0.7", 0)
    text = row_edits.merged_edit("Latent x2 @0.7", 0, latent, [replace(latent[0], denoising=0)])
    assert text == "Latent x2 @0"
    shown = row_edits.rows_of(text, 0)
    assert row_edits.merged_edit(text, 0, shown, [replace(shown[0], denoising=0.3)]) == "Latent x2 @0.3"
    assert row_edits.merged_edit(text, 0, shown, [replace(shown[0], scale=3)]) == "Latent x3 @0"
    assert row_edits.merged_edit(text, 0, shown, [replace(shown[0], upscaler="Lanczos")]) == "Lanczos x2"
    pixels = row_edits.rows_of("Lanczos x2 @0.7", 0)
    assert row_edits.merged_edit("Lanczos x2 @0.7", 0, pixels, [replace(pixels[0], denoising=0)]) == "Lanczos x2"


@pytest.mark.parametrize(
    ("line", "strength"),
    [
        ("Latent x2 @0.7", "0.7"),
        ("Latent x2 @0", "0"),
        ("Lanczos x2", "0"),
        ("Latent x2 @sigma 1.5", "sigma 1.5"),
        ("Latent x2 @{0.5,0.6} [20 steps]", "{0.5,0.6}"),
        ("Latent x2 @sigma {1,2}", "sigma {1,2}"),
        ("Lanczos x1.5 @auto!-0.1", "auto!-0.1"),
    ],
)
def test_a_strength_becomes_one_that_is_found_and_comes_back(line: str, strength: str) -> None:
    text = f"None x2\n{line}"
    assert row_edits.strength_of(text, 1, 0) == strength
    auto = row_edits.with_strength(text, 1, 0, "auto")
    assert row_edits.has_auto(row_edits.strength_of(auto, 1, 0)) and parse(auto)[1].stages[0].auto
    assert row_edits.with_strength(auto, 1, 0, strength) == text


@pytest.mark.parametrize("line", ["Direct x2", "None x{1.5,2}", "", "Latent x2 @"])
def test_what_has_no_strength_has_none_to_be_found(line: str) -> None:
    assert row_edits.strength_of(line, 0, 0) == "" == row_edits.strength_of(line, 0, 3)


@pytest.mark.parametrize("strength", ["", "much", "auto-", "{", "0.5 0.6", "0.5 > None x2"])
def test_a_strength_that_is_none_is_refused(strength: str) -> None:
    with pytest.raises(StrategyError):
        row_edits.with_strength("Latent x2 @0.7", 0, 0, strength)


def test_a_sweep_around_what_is_found_and_back_to_it() -> None:
    swept = row_edits.toggle_sweep("Latent x2 @auto", 0, 0)
    assert swept == "Latent x2 @{auto-0.1,auto,auto+0.1}"
    assert rows_from_line(swept)[0].sweep == "auto-0.1,auto,auto+0.1"
    assert row_edits.toggle_sweep(swept, 0, 0) == "Latent x2 @auto"
    assert row_edits.toggle_sweep("Latent x2 @{auto,0.7}", 0, 0) == "Latent x2 @0.7"
    assert row_edits.toggle_sweep("Latent x2 @auto!", 0, 0) == "Latent x2 @{auto!-0.1,auto!,auto!+0.1}"


def test_auto_is_typed_into_a_sweep_s_field() -> None:
    text = "Latent x2 @{0.6,0.7}"
    shown = row_edits.rows_of(text, 0)
    assert row_edits.merged_edit(text, 0, shown, [replace(shown[0], sweep="auto")]) == "Latent x2 @auto"
    auto = row_edits.rows_of("Latent x2 @auto", 0)
    assert row_edits.merged_edit("Latent x2 @auto", 0, auto, [replace(auto[0], sweep="0.6")]) == "Latent x2 @{0.6}"


def test_a_strategy_to_compare_with_one_that_is_found_is_found_too() -> None:
    assert row_edits.add_line("Latent x2 @auto", 0, "DAT x2").splitlines()[1] == "DAT x2 x2 @auto"
    assert row_edits.add_line("DAT x2 x2 @{auto-0.1,auto}", 0, "DAT x2").splitlines()[1] == "Latent x2 @{auto-0.1,auto}"
