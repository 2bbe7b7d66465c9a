"""The options `tile` and `overlap`: how they are written, shown in fields, titled and suggested."""

from __future__ import annotations

import pytest

from hires_strategies.editing.change import changed, read_change
from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.suggestions import suggestions
from hires_strategies.sheet.captions import make_captions
from tests.engine.fake_host import plan_of


@pytest.mark.parametrize(
    ("written", "canonical", "shown"),
    [
        ("tile", "tile", "auto"),
        ("tile auto", "tile", "auto"),
        ("tile 1024", "tile 1024", "1024"),
        ("tile  512.", "tile 512", "512"),
        ("tile {512,auto}", "tile {512,auto}", "{512,auto}"),
    ],
)
def test_a_tile_in_text_and_field(written: str, canonical: str, shown: str) -> None:
    (row,) = rows_from_line(f"None x2 @0.3 [{written}]")
    assert not row.raw
    assert row.get("tile") == shown
    assert line_from_rows([row]) == f"None x2 @0.3 [{canonical}]"
    assert line_from_rows([row.having({"tile": f" {shown} "})]) == f"None x2 @0.3 [{canonical}]"
    assert line_from_rows([row.having({"tile": ""})]) == "None x2 @0.3"
    assert parse(line_from_rows([row])) == parse(f"None x2 @0.3 [{written}]")


def test_an_overlap_of_nothing_is_none_that_was_left_out() -> None:
    (row,) = rows_from_line("None x2 @0.3 [tile; overlap 0]")
    assert row.get("overlap") == "0"
    assert line_from_rows([row]) == "None x2 @0.3 [tile; overlap 0]"
    assert rows_from_line("None x2 @0.3 [tile]")[0].get("overlap") == ""


def test_what_was_typed_wrongly_stays_and_is_told() -> None:
    (row,) = rows_from_line("None x2 @0.3 [tile]")
    line = line_from_rows([row.having({"tile": "large"})])
    assert line == "None x2 @0.3 [tile large]"
    with pytest.raises(StrategyError, match="Expected a number or 'auto' after 'tile', found 'large'"):
        parse(line)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("tile 32", "The tile size has to be a whole number from 64"),
        ("tile 512.5", "found 512.5"),
        ("overlap 64", "'overlap' belongs to 'where' or 'tile'"),
        ("tile; overlap -1", "The overlap of tiles has to be a whole number from 0"),
    ],
)
def test_what_cannot_be_is_refused(options: str, words: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse(f"None x2 @0.3 [{options}]")
    assert words in str(caught.value)


def test_direct_has_no_tiles() -> None:
    with pytest.raises(StrategyError, match="'Direct' starts from noise alone"):
        parse("Direct x2 [tile]")


@pytest.mark.parametrize(("value", "text"), [(True, "[tile]"), ("auto", "[tile]"), (512, "[tile 512]")])
def test_json(value: object, text: str) -> None:
    stage = {"upscaler": "None", "scale": 2, "denoising_strength": 0.3, "tile": value}
    assert format_strategy(strategy_from_object({"stages": [stage]})) == f"None x2 @0.3 {text}"


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("1024", "None x2 @0.3 [tile 1024] > None x2 @0.3 [tile 1024]"),
        ("2: auto", "None x2 @0.3 > None x2 @0.3 [tile]"),
    ],
)
def test_the_axis(value: str, result: str) -> None:
    (strategy,) = parse("None x2 @0.3 > None x2 @0.3")
    assert format_strategy(changed(strategy, read_change("tile", value))) == result


def test_the_axis_says_what_it_takes() -> None:
    with pytest.raises(StrategyError, match="Expected a number or 'auto' for the tile size, found 'auto!'"):
        read_change("tile", "auto!")


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("None x2 @0.3 [tile {512,1024,2048}]", "Tile size 512 to 2048, None ×2 at 0.3"),
        ("None x2 @0.3 [tile {512,1024,auto}]", "Tile size 512, 1024 and auto, None ×2 at 0.3"),
        ("None x2 @0.3\nNone x2 @0.3 [tile]", "Tile size none and auto, None ×2 at 0.3"),
        (
            "None x2 @0.3 [tile]\nNone x2 @0.3 [tile; overlap 64]",
            "Overlap of tiles a quarter of a tile and 64, None ×2 at 0.3, tile",
        ),
    ],
)
def test_the_title(text: str, title: str) -> None:
    strategies = parse(text)
    assert make_captions(strategies, [None] * len(strategies)).title == title


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("None x2 @0.5 [tile 64]", True),
        ("None x2 @0.4 [tile 64]", False),
        ("None x2 @0.5", False),
        ("None x2 @0.5 [tile 4096]", False),  # one tile is none
        ("None x2 @0.5 [tile 64; lock 0.5]", False),
        ('None x2 @0.5 [tile 64; prompt "rock"]', False),
        ("None x2 @auto [tile 64]", False),
        ("None x1 @0.3 > None x2 @0.5 [tile 64]", True),
    ],
)
def test_above_some_strength_each_tile_may_draw_a_figure(text: str, told: bool) -> None:
    found = suggestions(plan_of(text))
    assert bool(found) == told
    assert not told or found[0].startswith("Each tile of 'None x2 @0.5 [tile 64]' may draw a figure of its own")
