"""The sheet on which the user paints where a stage is sampled, and what it writes into the field."""

from __future__ import annotations

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.where import Painted, read_where
from tests.browser.test_seeing_to_using import small as small  # the fixture

SHEET = ".hires-strategies-paint"
TEXT = "Lanczos x2 @0.6"


def opened(section):
    if not section.part("stage1_where_paint").is_visible():
        section.unfold_stage(1)
    section.press("stage1_where_paint")
    canvas = section.page.locator(f"{SHEET} canvas")
    canvas.wait_for()
    section.page.wait_for_function("() => document.activeElement?.tagName === 'CANVAS'")
    return canvas


def close(section, name):
    section.page.locator(SHEET).get_by_text(name, exact=True).click()
    section.page.locator(SHEET).wait_for(state="detached")


def place_of(section):
    """What the strategy's text says of the place; waits until it says something new."""
    section.page.wait_for_function(
        "() => document.querySelector('#script_hires_strategies_strategies textarea').value.includes('painted')"
    )
    place = read_where(parse(section.text)[0].stages[0].where or "")
    assert isinstance(place, Painted)
    return place


def counted(section):
    return int(section.page.locator(f"{SHEET} [role=status]").inner_text().split()[0])


def test_dragging_paints_cells_and_done_writes_them(small):
    small.write(TEXT)
    small.generate()
    canvas = opened(small)
    assert small.page.locator(f"{SHEET} img").evaluate("(image) => image.naturalWidth") > 0
    box = canvas.bounding_box()
    mouse = small.page.mouse
    mouse.move(box["x"] + 0.26 * box["width"], box["y"] + 0.51 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.74 * box["width"], box["y"] + 0.51 * box["height"])
    mouse.up()
    count = counted(small)
    assert count >= 9  # all on the way, though the pointer jumped
    close(small, "Done")
    place = place_of(small)
    assert sum(place.cells) == count and max(place.columns, place.rows) == 32
    opened(small)
    assert counted(small) == count
    close(small, "Cancel")
    opened(small)
    small.page.locator(SHEET).get_by_text("Clear", exact=True).click()
    assert counted(small) == 0
    close(small, "Done")
    small.wait_for_text(TEXT)


def test_the_keyboard_paints(small):
    small.write(TEXT)
    opened(small)  # the gallery is empty: the grid has the page's proportions
    keyboard = small.page.keyboard
    keyboard.press("Space")
    keyboard.press("ArrowRight")
    keyboard.press("Shift+ArrowDown")
    assert "2 of" in small.page.locator(f"{SHEET} [role=status]").inner_text()
    close(small, "Done")
    place = place_of(small)
    assert [index for index, cell in enumerate(place.cells) if cell] == [0, place.columns + 1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_finger_on_a_narrow_page(open_section, theme):
    section = open_section(viewport={"width": 400, "height": 800}, theme=theme, has_touch=True)
    section.write(TEXT)
    canvas = opened(section)
    sheet, box = section.page.locator(SHEET).bounding_box(), canvas.bounding_box()
    assert sheet["x"] >= 0 and sheet["x"] + sheet["width"] <= 400 and box["width"] > 250
    assert sheet["y"] >= 0 and sheet["y"] + sheet["height"] <= 800
    section.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert counted(section) == 1
    close(section, "Done")
    assert sum(place_of(section).cells) == 1


def test_a_picture_that_was_cropped_lies_where_it_belongs(small):
    """The picture is the middle half of a first pass of 128x192."""
    small.write("Lanczos 128x96 @0.6")
    small.generate()
    canvas = opened(small)
    picture, sheet = small.page.locator(f"{SHEET} img").bounding_box(), canvas.bounding_box()
    assert abs(sheet["width"] * 192 - sheet["height"] * 128) < 2 * 192
    assert abs(picture["width"] - sheet["width"]) < 2 and abs(picture["height"] - sheet["height"] / 2) < 2
    assert abs(picture["y"] - sheet["y"] - sheet["height"] / 4) < 2
    small.page.mouse.click(picture["x"] + 3, picture["y"] + 3)
    assert "was cropped" in small.page.locator(f"{SHEET} [role=status]").inner_text()
    close(small, "Done")
    place = place_of(small)
    assert [index for index, cell in enumerate(place.cells) if cell] == [8 * place.columns]
