"""The sheet to paint on shows what the run starts from: a picture of one's own, one of a folder, or the gallery's."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops

from tests.browser.section import PREFIX, SETTLED, Section
from tests.browser.test_paint_where import SHEET, TEXT, close, opened, place_of
from tests.browser.test_start_from import picture, start_from, wait_for_note

PICTURE = f"{SHEET} img"
# As a person who has the sheet before them cannot, but as what was clicked before it may still do.
REMOVE = f"{PREFIX}image button[aria-label=Clear], {PREFIX}image button[aria-label='Remove Image']"


@pytest.fixture
def generated(section: Section) -> Section:
    """A picture of 256x384 is in the gallery."""
    section.small_first_pass()
    section.write(TEXT)
    section.generate()
    return section


def choose(section: Section, file: Path) -> None:
    section.page.locator(f"{PREFIX}image input[type=file]").first.set_input_files(str(file))


def chosen(section: Section, file: Path) -> None:
    """The picture is chosen, and the plan is one of its size."""
    start_from(section, "an image")
    choose(section, file)
    with Image.open(file) as image:
        wait_for_note(section, f"{image.width} \u00d7 {image.height}")
        wait_for_plan(section, f"{image.width}\u00d7{image.height} \u2192")


def wait_for_plan(section: Section, words: str) -> None:
    section.page.wait_for_function(
        "([id, words]) => document.querySelector(id).textContent.includes(words)",
        arg=[f"{PREFIX}preview", words],
        timeout=SETTLED,
    )


def wait_for_picture(section: Section, *size: int) -> None:
    """Until the sheet shows a picture of this size."""
    section.page.wait_for_function(
        "([place, size]) => { const image = document.querySelector(place);"
        "return !image.hidden && `${image.naturalWidth}x${image.naturalHeight}` === size; }",
        arg=[PICTURE, "x".join(map(str, size))],
        timeout=SETTLED,
    )


def wait_for_shape(section: Section, width: int, height: int) -> None:
    """Until the sheet has these proportions."""
    section.page.wait_for_function(
        "([place, parts]) => { const { width, height } = document.querySelector(place).getBoundingClientRect();"
        "return Math.abs(width / height / parts - 1) < 0.02; }",
        arg=[f"{SHEET} canvas", width / height],
        timeout=SETTLED,
    )


def told(section: Section) -> str:
    return section.page.locator(SHEET).inner_text()


def wait_until_told(section: Section, words: str) -> None:
    section.page.locator(SHEET).get_by_text(words).wait_for()
    assert section.page.locator(PICTURE).is_hidden()


def test_an_image_of_one_s_own_is_painted_on(generated: Section, tmp_path: Path) -> None:
    chosen(generated, picture(tmp_path / "own.png", None))
    opened(generated)
    wait_for_picture(generated, 96, 64)
    wait_for_shape(generated, 96, 64)
    generated.page.keyboard.press("Space")
    close(generated, "Done")
    place = place_of(generated)
    assert (place.columns, place.rows, sum(place.cells)) == (32, 21, 1)
    generated.write(TEXT)
    start_from(generated, "first pass")
    wait_for_plan(generated, "128\u00d7192 \u2192")
    opened(generated)
    wait_for_picture(generated, 256, 384)
    wait_for_shape(generated, 128, 192)


def test_the_image_is_sampled_where_it_was_painted(generated: Section, tmp_path: Path) -> None:
    file = picture(tmp_path / "own.png", None)
    chosen(generated, file)
    box = opened(generated).bounding_box()
    wait_for_picture(generated, 96, 64)
    mouse = generated.page.mouse
    for row in range(10):
        height = box["y"] + (row + 0.5) / 21 * box["height"]
        mouse.move(box["x"] + 3, height)
        mouse.down()
        mouse.move(box["x"] + 0.4 * box["width"], height)
        mouse.up()
    close(generated, "Done")
    place_of(generated)
    generated.generate()
    with Image.open(file) as image, urllib.request.urlopen(generated.images[0]) as answer:
        plain = image.resize((192, 128), Image.Resampling.LANCZOS)
        made = Image.open(answer).convert("RGB")
    changed = ImageChops.difference(plain, made).getbbox()
    assert changed == (0, 0, 78, 61)  # 13 of 32 columns of 192 pixels, 10 of 21 rows of 128


def test_a_later_stage_s_sheet_shows_the_image_cropped_as_it_will_be(generated: Section, tmp_path: Path) -> None:
    """The image is 3 to 2, and the first stage leaves a square of it."""
    generated.write("Lanczos 128x128 @0.6 > Lanczos x1.5 @0.6")
    chosen(generated, picture(tmp_path / "own.png", None))
    generated.unfold_stage(2)
    generated.press("stage2_where_paint")
    wait_for_picture(generated, 96, 64)
    wait_for_shape(generated, 1, 1)
    image = generated.page.locator(PICTURE).bounding_box()
    sheet = generated.page.locator(f"{SHEET} canvas").bounding_box()
    assert abs(image["width"] - 1.5 * sheet["width"]) < 2 and abs(image["height"] - sheet["height"]) < 2
    assert abs(image["x"] - sheet["x"] + sheet["width"] / 4) < 2


def test_an_image_that_changes_below_the_open_sheet(generated: Section, tmp_path: Path) -> None:
    """One can be pasted, or arrive late."""
    start_from(generated, "an image")
    wait_for_plan(generated, "No picture is chosen yet")
    opened(generated)
    wait_until_told(generated, "No picture is chosen under 'Start from' yet")
    wait_for_shape(generated, 128, 192)
    choose(generated, picture(tmp_path / "own.png", None))
    wait_for_picture(generated, 96, 64)
    wait_for_shape(generated, 96, 64)
    assert "No picture" not in told(generated)
    assert "0 of 672 cells" in told(generated), "nothing was painted: the grid is the new picture's"
    generated.page.keyboard.press("Space")
    choose(generated, picture(tmp_path / "other.png", None, (64, 80)))
    wait_for_picture(generated, 64, 80)
    wait_for_shape(generated, 64, 80)
    assert "1 of 672 cells" in told(generated), "what is painted stays"
    generated.page.locator(REMOVE).first.evaluate("(button) => button.click()")
    wait_until_told(generated, "No picture is chosen")
    wait_for_shape(generated, 128, 192)
    close(generated, "Done")
    assert sum(place_of(generated).cells) == 1


def test_a_folder_has_no_one_picture(generated: Section, tmp_path: Path) -> None:
    picture(tmp_path / "1.png", None)
    start_from(generated, "a folder")
    generated.change("folder", str(tmp_path))
    wait_for_plan(generated, "has its own size")
    opened(generated)
    wait_until_told(generated, "Each picture in the folder")
    wait_for_shape(generated, 128, 192)
    generated.page.keyboard.press("Space")
    close(generated, "Done")
    assert sum(place_of(generated).cells) == 1


def test_the_sentence_leaves_room_for_the_buttons_on_a_narrow_page(open_section: Any) -> None:
    section = open_section(viewport={"width": 400, "height": 800})
    section.write(TEXT)
    section.small_first_pass()
    for start, words in (("an image", "No picture is chosen under"), ("a folder", "Each picture in the folder")):
        start_from(section, start)
        wait_for_plan(section, "128\u00d7192.")
        opened(section)
        wait_until_told(section, words)
        wait_for_shape(section, 128, 192)
        assert section.page.locator(SHEET).evaluate("(each) => each.scrollHeight <= each.clientHeight")
        close(section, "Cancel")


def test_an_image_that_a_browser_cannot_show(generated: Section, tmp_path: Path) -> None:
    file = tmp_path / "own.tiff"
    Image.new("RGB", (96, 64), "teal").save(file)
    chosen(generated, file)
    opened(generated)
    wait_until_told(generated, "This browser cannot show the picture")
    wait_for_shape(generated, 96, 64)


def test_what_is_transparent_is_white_as_in_the_run(open_section: Any, tmp_path: Path) -> None:
    section = open_section(theme="dark")
    section.write(TEXT)
    file = tmp_path / "own.png"
    Image.new("RGBA", (96, 64), (0, 128, 128, 0)).save(file)
    chosen(section, file)
    opened(section)
    wait_for_picture(section, 96, 64)
    ground = section.page.locator(PICTURE).evaluate("(image) => getComputedStyle(image).backgroundColor")
    assert ground == "rgb(255, 255, 255)"
