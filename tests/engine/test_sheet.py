"""The contact sheet as a picture."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.sheet.curve import Curve, Tones, curve_size, draw_curve
from hires_strategies.sheet.drawing import Cell, Content, Drawing
from hires_strategies.sheet.fonts import Lettering
from hires_strategies.sheet.sheet import LONGEST_SIDE, Look, Sheet, Tile, _facts, make_sheet

COLOURS = ((200, 30, 30), (30, 200, 30), (30, 30, 200), (200, 200, 30), (30, 200, 200), (200, 30, 200))


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Pillow's own font as a file, for Latin letters only."""
    file = tmp_path_factory.mktemp("font") / "latin.ttf"
    font = ImageFont.load_default(12)
    assert isinstance(font, ImageFont.FreeTypeFont) and isinstance(font.path, BytesIO)
    file.write_bytes(font.path.getvalue())
    return str(file)


def tiles(text: str, size: tuple[int, int] = (256, 256), steps: int = 20) -> list[Tile]:
    """A plain colour for every variant, in the order of COLOURS."""
    found = parse(text)
    plan = make_plan(found, FirstPass(128, 128, steps))
    return [
        Tile(strategy, Image.new("RGB", size, COLOURS[n % len(COLOURS)]), 1.5, 12.34, 4.0, variant.same_as)
        for n, (strategy, variant) in enumerate(zip(found, plan.variants, strict=True))
    ]


def colours_at(sheet: Sheet) -> list[tuple[int, ...]]:
    """The colour in the middle of every tile's place."""
    found = []
    for place in sheet.places:
        assert place is not None
        colour = sheet.image.getpixel(((place[0] + place[2]) // 2, (place[1] + place[3]) // 2))
        assert isinstance(colour, tuple)
        found.append(colour)
    return found


def test_every_variant_has_its_place_in_order(font: str) -> None:
    sheet = make_sheet(tiles("Latent x2 @{0.3,0.5,0.7}"), Look((font,), "whole"))
    assert colours_at(sheet) == list(COLOURS[:3])
    lefts = [place[0] for place in sheet.places if place]
    assert lefts == sorted(lefts) and len(set(lefts)) == 3
    assert all(place and place[2] - place[0] == 256 for place in sheet.places)
    assert sheet.notes == ()


def test_two_sweeps_are_a_table(font: str) -> None:
    sheet = make_sheet(tiles("{Latent,Lanczos} x2 @{0.3,0.5,0.7}"), Look((font,), "whole"))
    assert colours_at(sheet) == list(COLOURS)
    places = [place for place in sheet.places if place]
    assert [place[1] for place in places[:3]] == [places[0][1]] * 3
    assert [place[0] for place in places[:3]] == [place[0] for place in places[3:]]
    assert places[3][1] > places[0][3]


def test_merged_variants_share_a_place(font: str) -> None:
    sheet = make_sheet(tiles("Latent x2 @{0.8,0.95,1}", steps=18), Look((font,), "whole"))
    assert sheet.places[1] == sheet.places[2] != sheet.places[0]


def test_crops_are_smaller_and_begin_with_the_first_pass(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5}", (1024, 1024))
    whole = make_sheet(given, Look((font,), "whole"))
    crops = make_sheet(given, Look((font,)), first_pass=Image.new("RGB", (512, 512), "gray"))
    assert crops.image.width < whole.image.width
    assert crops.places[0] is not None and crops.places[0][0] > 400  # the first pass's crop is left of it
    assert colours_at(crops) == list(COLOURS[:2])


@pytest.mark.parametrize("crops", ["differences", "whole"])
@pytest.mark.parametrize("text", ["Latent x2 @{0.3,0.5}", "{Latent,Lanczos} x2 @{0.3,0.5,0.7}"])
def test_the_first_pass_is_a_tile_beside_the_others(font: str, text: str, crops: str) -> None:
    """Also where rows and columns are used: left of their labels, beside the first row."""
    gray = (90, 90, 90)
    sheet = make_sheet(tiles(text, (400, 400)), Look((font,), crops), first_pass=Image.new("RGB", (200, 200), gray))
    left, top, right, bottom = sheet.places[0] or (0, 0, 0, 0)
    assert left > right - left, "there is room for one more on its left"
    found = {sheet.image.getpixel((x, (top + bottom) // 2)) for x in range(0, left, 8)}
    assert gray in found
    assert colours_at(sheet) == list(COLOURS[: len(sheet.places)])


def test_only_what_differs_is_told_under_the_pictures() -> None:
    given = tiles("Latent x2 @{0.3,0.5}")
    assert _facts(given) == [(), ()]
    slightly = [replace(tile, seconds=12.34 * by) for tile, by in zip(given, (1, 1.2), strict=True)]
    assert _facts(slightly) == [(), ()], "that is chance"
    other = [replace(given[0], seconds=3.0), replace(given[1], cost=1.0, start_sigma=2.25)]
    assert _facts(other) == [
        ("4 first passes", "3.0 s", "start sigma 1.50"),
        ("1 first pass", "12.3 s", "start sigma 2.25"),
    ]
    larger = [given[0], replace(given[1], image=Image.new("RGB", (384, 384)))]
    assert _facts(larger) == [("256\u00d7256",), ("384\u00d7384",)]


def test_small_print_takes_one_line(font: str) -> None:
    """What finds no room is left out, the most important stays."""
    given = tiles("Latent x2 @{0.3,0.5,0.7}")
    full = [replace(tile, cost=n + 1.0, seconds=9.0 * n + 1, start_sigma=n + 0.5) for n, tile in enumerate(given)]
    one = [replace(tile, cost=n + 1.0) for n, tile in enumerate(given)]
    heights = [make_sheet(each, Look((font,), "whole")).image.height for each in (full, one)]
    assert heights[0] == heights[1]


def test_text_is_as_large_as_the_sheet_is_wide() -> None:
    """A gallery shows any sheet in some 700 pixels."""
    shown = []
    for columns, side in ((2, 640), (8, 640), (8, 256), (16, 192)):
        content = Content("a title", (), ((Cell(None),) * columns,), (side, side))
        drawing = Drawing(content, [])
        shown.append(drawing.small.size * 700 / drawing.width)
    assert min(shown[:3]) > 8, shown


def test_a_chosen_box_is_shown(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5}", (400, 400))
    for tile in given:
        assert tile.image is not None
        tile.image.paste((255, 255, 255), (0, 0, 100, 100))
    sheet = make_sheet(given, Look((font,), box=(0.0, 0.0, 0.25, 0.25)))
    assert colours_at(sheet) == [(255, 255, 255)] * 2


def test_a_sheet_over_the_limit_is_scaled_down_with_a_note(font: str) -> None:
    given = tiles("Latent x2 @{0.1..0.9..0.05}", (512, 512))
    sheet = make_sheet(given, Look((font,), "whole", most_pixels=1_000_000))
    assert sheet.image.width * sheet.image.height <= 1_000_000
    assert any("Scaled down" in note for note in sheet.notes)
    near = np.abs(np.subtract(colours_at(sheet), [COLOURS[n % len(COLOURS)] for n in range(len(given))]))
    assert near.max() <= 2


def test_no_side_is_longer_than_files_can_have(font: str) -> None:
    sheet = make_sheet(tiles("Latent x2 @{0.3,0.5}", (9000, 40)), Look((font,), "whole"))
    assert max(sheet.image.size) <= LONGEST_SIDE


def test_even_a_limit_below_the_text_is_kept(font: str) -> None:
    sheet = make_sheet(tiles("Latent x2 @{0.1..0.9..0.05}"), Look((font,), "whole", most_pixels=20_000))
    assert sheet.image.width * sheet.image.height <= 20_000
    for place in sheet.places:
        assert place and place[2] <= sheet.image.width and place[3] <= sheet.image.height


def test_pictures_of_different_sizes_are_shown_alike(font: str) -> None:
    given = tiles("Latent x2 @0.5\nLatent x3 @0.5")
    given[1] = Tile(given[1].strategy, Image.new("RGB", (384, 384), COLOURS[1]))
    sheet = make_sheet(given, Look((font,), "whole"))
    assert all(place and place[2] - place[0] == 384 for place in sheet.places)
    assert sheet.notes == ("The pictures have different sizes; smaller ones are enlarged to 384x384.",)


def test_a_picture_of_another_shape_is_not_stretched(font: str) -> None:
    """A square in a portrait's place: its upper and lower quarter are a band."""
    given = tiles("Latent x2 @0.5\nLatent 256x256 @0.5", (256, 512))
    given[1] = Tile(given[1].strategy, Image.new("RGB", (256, 256), COLOURS[1]))
    sheet = make_sheet(given, Look((font,), "whole"))
    left, top, right, bottom = sheet.places[1] or (0, 0, 0, 0)
    middle = (left + right) // 2
    found = [sheet.image.getpixel((middle, top + part * (bottom - top) // 8)) for part in (1, 4, 7)]
    assert found[1] == COLOURS[1] and found[0] == found[2] != COLOURS[1]


def test_a_table_is_turned_to_make_a_wide_sheet(font: str) -> None:
    sheet = make_sheet(tiles("Latent x2 @{0.1..0.8..0.1} > {None,Lanczos} x2"), Look((font,), "whole"))
    assert sheet.image.width > sheet.image.height


def test_letters_that_no_font_has_are_noted_on_the_sheet(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5}")
    plain = make_sheet(given, Look((font,), "whole"), ["abc"])
    noted = make_sheet(given, Look((font,), "whole"), ["ab\ue124"])
    assert "No font" in noted.notes[0] and noted.image.height > plain.image.height


def test_a_failed_variant_says_why(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5,0.7}")
    given[1] = Tile(given[1].strategy, None, error="'Latent x2 @0.5' failed: out of memory.")
    sheet = make_sheet(given, Look((font,), "whole"))
    left, top, right, bottom = sheet.places[1] or (0, 0, 0, 0)
    cell = np.asarray(sheet.image.crop((left + 2, top + 2, right - 2, bottom - 2)))
    assert cell.min() < 200 and cell.mean() > 200  # letters on the background


def test_nothing_to_show_is_an_error(font: str) -> None:
    with pytest.raises(ValueError, match="no picture"):
        make_sheet([Tile(parse("Latent x2 @0.5")[0], None)], Look((font,)))


def test_long_prompts_do_not_make_the_sheet_wider(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5}")
    short = make_sheet(given, Look((font,), "whole"), ["a prompt"])
    long = make_sheet(given, Look((font,), "whole"), ["a word and another, " * 200, "w" * 3000])
    assert long.image.width == short.image.width
    assert long.image.height < 3 * short.image.height


def test_a_sheet_needs_a_font_that_can_be_read(font: str, tmp_path: Path) -> None:
    """One that cannot be read is passed over."""
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    given = tiles("Latent x2 @{0.3,0.5}")
    one = make_sheet(given, Look((str(broken), str(tmp_path / "absent.ttf"), font), "whole"))
    other = make_sheet(given, Look((font,), "whole"))
    assert np.array_equal(np.asarray(one.image), np.asarray(other.image))


POINTS = ((0.3, 0.0), (0.8, 0.01), (1.3, 0.04), (2.0, 0.3), (14.6, 1.0))
CURVE = Curve(POINTS, 1.1, ((0.7, "0.32"), (1.1, "0.42"), (1.8, "0.52")))
ORANGE = (232, 89, 12)


def columns_of(image: Image.Image, colour: tuple[int, ...]) -> list[int]:
    """The columns in which there is a pixel of a colour."""
    return [int(x) for x in np.flatnonzero((np.asarray(image) == colour).all(axis=2).any(axis=0))]


@pytest.mark.parametrize("tones", [Tones("#ffffff", "#000000", "#777777"), Tones("#111827", "#ffffff", "#999999")])
def test_what_was_found_is_marked_where_it_is(font: str, tones: Tones) -> None:
    lettering = Lettering((font,), 20)
    size = curve_size(23, lettering, 1000)
    places = []
    for sigma in (0.5, 1.1, 3.0):
        image = draw_curve(Curve(POINTS, sigma, ((sigma, ""),)), size, lettering, tones)
        marked = columns_of(image, ORANGE)
        assert image.size == size and marked
        places.append((min(marked) + max(marked)) / 2)
    steps = np.diff(places) / np.diff(np.log([0.5, 1.1, 3.0]))
    assert steps[0] == pytest.approx(steps[1], rel=0.1)  # sigmas are drawn by their logarithm


def test_noise_alone_and_variants_beyond_the_ends_stay_on_the_drawing(font: str) -> None:
    lettering = Lettering((font,), 16)
    curve = Curve(((0.3, 0.0), (4.0, 0.6), (float("inf"), 1.0)), 4.0, ((0.01, "0.02"), (4.0, "0.8"), (90.0, "1")))
    for width in (480, 120, 40):
        size = curve_size(18, lettering, width)
        assert draw_curve(curve, size, lettering, Tones("#fff", "#000", "gray")).size == size


@pytest.mark.parametrize("size", [(256, 256), (64, 96), (1024, 768)])
def test_curves_stand_under_the_title_and_move_the_pictures_down(font: str, size: tuple[int, int]) -> None:
    given = tiles("Latent x2 @{0.3,0.5,0.7}", size)
    plain = make_sheet(given, Look((font,), "whole"), ["A prompt"])
    made = make_sheet(given, Look((font,), "whole"), ["A prompt"], curves=[CURVE])
    below = [new[1] - old[1] for new, old in zip(made.places, plain.places, strict=True) if new and old]
    assert len(set(below)) == 1 and below[0] > 0
    assert made.image.width == plain.image.width and colours_at(made) == colours_at(plain)
    head = made.image.crop((0, 0, made.image.width, made.places[0][1] if made.places[0] else 0))
    assert columns_of(head, ORANGE) and not columns_of(plain.image, ORANGE)


def test_as_many_curves_as_find_room_are_drawn(font: str) -> None:
    given = tiles("Latent x2 @{0.3,0.5,0.7}", (512, 512))
    one, two, many = (make_sheet(given, Look((font,), "whole"), curves=[CURVE] * count).image for count in (1, 2, 40))
    assert one.size == two.size == many.size
    assert len(columns_of(one, ORANGE)) < len(columns_of(two, ORANGE)) <= len(columns_of(many, ORANGE))
