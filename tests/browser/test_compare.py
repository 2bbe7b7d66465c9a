"""Two images of the gallery under one slider: mouse, keyboard, touch."""

from __future__ import annotations

import pytest

HANDLE = ".hires-strategies-compare-handle"


@pytest.fixture
def compare(section):
    """The wipe over three variants of two sizes, quick ones, opened from the contact sheet: it is no variant."""
    section.small_first_pass()
    section.write("Lanczos x2\nNearest x2\nLanczos x1.5")
    section.generate()
    section.select_image(0)
    section.page.locator("#txt2img_hires_strategies_compare").click()
    section.page.locator(HANDLE).wait_for()
    section.page.wait_for_function("() => document.querySelector('.hires-strategies-compare output').textContent")
    return section.page


def wipe(page):
    return int(page.locator(HANDLE).get_attribute("aria-valuenow"))


def chosen(page):
    return [page.locator(".hires-strategies-compare select").nth(n).input_value() for n in (0, 1)]


def boxes(page):
    return [page.locator(".hires-strategies-compare-side img").nth(n).bounding_box() for n in (0, 1)]


def wait_for_width(page, pixels):
    """Until the images are at least so wide: a gesture's events reach the page after they were sent."""
    page.wait_for_function(
        "(pixels) => "
        "document.querySelector('.hires-strategies-compare-side img').getBoundingClientRect().width > pixels",
        arg=pixels,
    )


def test_the_variants_stand_to_choice_by_their_texts(compare):
    labels = compare.locator(".hires-strategies-compare select").first.locator("option").all_inner_texts()
    assert labels == ["2. Lanczos x2", "3. Nearest x2", "4. Lanczos x1.5", "First pass, seed 5, 128\u00d7192"]


def test_wipe_by_mouse_and_keyboard(compare):
    assert (wipe(compare), chosen(compare)) == (50, ["0", "1"])
    box = compare.locator(HANDLE).bounding_box()
    y = box["y"] + box["height"] / 3
    compare.mouse.move(box["x"] + box["width"] / 2, y)
    compare.mouse.down()
    compare.mouse.move(compare.viewport_size["width"] * 0.25, y, steps=4)
    compare.mouse.up()
    assert 24 <= wipe(compare) <= 26
    clip = (
        compare.locator(".hires-strategies-compare-side").nth(1).evaluate("(side) => getComputedStyle(side).clipPath")
    )
    assert clip.startswith("inset(0px 0px 0px 2")
    compare.locator(HANDLE).focus()
    before = wipe(compare)
    compare.keyboard.press("ArrowRight")
    assert wipe(compare) == before + 2
    compare.keyboard.press("End")
    assert wipe(compare) == 100


def test_arrows_go_through_the_variants_and_sizes_are_aligned(compare):
    wait_for_width(compare, 255)
    left, right = boxes(compare)
    assert left == right
    assert (round(left["width"]), round(left["height"])) == (256, 384), "the larger image at 1:1"
    for shown in ("2", "3", "1", "2"):
        compare.keyboard.press("ArrowRight")
        assert chosen(compare) == ["0", shown], "never the picture that is on the left"
    compare.keyboard.press("ArrowLeft")
    compare.keyboard.press("ArrowLeft")
    assert chosen(compare) == ["0", "3"]
    compare.locator(".hires-strategies-compare select").first.select_option("3")
    assert chosen(compare) == ["3", "0"], "chosen on the other side as well, they change places"
    compare.keyboard.press("ArrowRight")
    compare.keyboard.press("ArrowRight")
    assert chosen(compare) == ["3", "2"]


def test_zoom_and_pan_move_both(compare):
    area = compare.locator(".hires-strategies-compare-area").bounding_box()
    x, y = area["x"] + area["width"] / 4, area["y"] + area["height"] / 2
    compare.mouse.move(x, y)
    before = boxes(compare)[0]
    compare.mouse.wheel(0, -400)
    wait_for_width(compare, before["width"] * 2)
    left, right = boxes(compare)
    assert left == right
    compare.mouse.down()
    compare.mouse.move(x + 50, y + 20, steps=3)
    compare.mouse.up()
    moved = boxes(compare)
    assert moved[0] == moved[1]
    assert round(moved[0]["x"] - left["x"]) == 50 and round(moved[0]["y"] - left["y"]) == 20
    compare.keyboard.press("1")
    assert round(boxes(compare)[0]["width"]) == 256
    compare.keyboard.press("Escape")
    compare.locator(".hires-strategies-compare").wait_for(state="detached")


def test_touch_drags_the_handle(compare):
    box = compare.locator(HANDLE).bounding_box()
    start, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    session = compare.context.new_cdp_session(compare)
    touch = {"x": start, "y": y}
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [touch]})
    for part in (0.6, 0.7, 0.8):
        touch = {"x": compare.viewport_size["width"] * part, "y": y}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [touch]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    compare.wait_for_function(f"() => document.querySelector('{HANDLE}').ariaValueNow >= 78")
    assert 78 <= wipe(compare) <= 82


def test_two_fingers_zoom_where_they_are(compare):
    area = compare.locator(".hires-strategies-compare-area").bounding_box()
    x, y = area["x"] + area["width"] / 4, area["y"] + area["height"] / 2
    before = boxes(compare)[0]
    session = compare.context.new_cdp_session(compare)

    def touch(kind, *away):
        points = [{"x": x + each, "y": y, "id": number} for number, each in enumerate(away)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -30, 30)
    for away in (40, 50, 60):
        touch("touchMove", -away, away)
    touch("touchEnd")
    wait_for_width(compare, before["width"] * 1.9)
    left, right = boxes(compare)
    assert left == right and 1.9 < left["width"] / before["width"] < 2.1
    stays = [(x - box["x"]) / box["width"] for box in (before, left)]
    assert abs(stays[0] - stays[1]) < 0.01, "what lies between the fingers stays there"


def test_each_picture_of_the_sheet_has_a_button_that_compares_it(section):
    section.small_first_pass()
    section.write("Lanczos x2\nNearest x2\nLanczos x1.5")
    section.generate()
    section.select_image(0)
    page = section.page
    tiles = page.locator(".hires-strategies-tile")
    tiles.nth(2).wait_for()
    assert tiles.count() == 3
    sheet = page.locator("#txt2img_gallery .preview img").first.bounding_box()
    for number in range(3):
        box = tiles.nth(number).bounding_box()
        assert (
            sheet["x"] < box["x"] < sheet["x"] + sheet["width"] and sheet["y"] < box["y"] < sheet["y"] + sheet["height"]
        )
    tiles.nth(2).click()
    page.locator(HANDLE).wait_for()
    assert chosen(page) == ["0", "2"]
    page.keyboard.press("Escape")
    page.locator(".hires-strategies-compare").wait_for(state="detached")
    tiles.nth(0).click()
    page.locator(HANDLE).wait_for()
    assert chosen(page) == ["0", "1"], "the first one with the next"
    page.keyboard.press("Escape")
    page.locator(".hires-strategies-compare").wait_for(state="detached")
    assert page.locator("#txt2img_gallery .preview img").first.is_visible(), "the sheet is still there"
    section.select_image(1)
    tiles.first.wait_for(state="detached")
