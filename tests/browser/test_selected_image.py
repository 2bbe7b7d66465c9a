"""The gallery's button that runs the strategy on the selected image: which one, on what, and what is shown then."""

from __future__ import annotations

import pytest

from tests.browser.test_seeing_to_using import (
    CHOICE,
    COMPARE,
    RUN,
    chosen,
    clicks,
    notice,
    select,
    wait_for_both,
    wait_until_selected,
)
from tests.browser.test_seeing_to_using import small as small  # the fixture

ID = RUN.removeprefix("#")


def answer(page, words):
    page.locator(CHOICE).get_by_text(words).or_(page.locator(CHOICE, has_text=words)).first.click()


def texts_of(section, key):
    """A value of each image's text."""
    found = [text.rpartition("\nSteps: ")[2] for text in section.info["infotexts"]]
    return [text.partition(f"{key}: ")[2].partition(", ")[0] for text in found]


def run_and_answer(section, words):
    """Press the button, answer its question, and wait for the new picture."""
    page, count = section.page, len(section.images)
    page.locator(RUN).click()
    answer(page, words)
    page.wait_for_function("(count) => hiresStrategies.gallerySources().length > count", arg=count, timeout=120_000)
    section.wait_until_drawn()


def generate_and_change(section, text):
    """Pictures of a prompt, and then other values on the page."""
    section.set_host("txt2img_prompt", "a woman with red hair")
    section.write(text)
    section.generate()
    section.set_host("txt2img_prompt", "something else")
    section.set_host("txt2img_seed", "6")


@pytest.fixture
def two(small):
    """A sheet and two variants; see generate_and_change."""
    generate_and_change(small, "Latent x2 @{0.5,0.7}")
    small.write("Lanczos x1.5")
    return small


def test_the_third_image_of_a_batch_are_two_clicks(small):
    small.tick(False)
    small.set_host("txt2img_batch_count", "3")
    small.generate()
    small.tick()
    small.write("Lanczos x2")
    small.page.evaluate("() => { window.clicks = 0; }")
    third = len(small.images) - 1
    assert texts_of(small, "Seed")[third] == "7"
    small.select_image(third)
    small.generate(ID)
    wait_until_selected(small.page, third + 1)
    assert clicks(small) == 2
    assert texts_of(small, "Seed")[third : third + 2] == ["7", "7"]
    small.page.locator(COMPARE).click()
    wait_for_both(small.page, "128x192", "256x384")
    assert chosen(small.page) == [f"{third + 1}. seed 7, 128\u00d7192", f"{third + 2}. Lanczos x2"]


def test_again_from_the_first_pass_of_a_variant(two):
    original = two.images
    select(two, 2)  # after the contact sheet and the first variant
    run_and_answer(two, "On its first pass (128\u00d7192)")
    wait_until_selected(two.page, 3)
    texts = two.info["infotexts"]
    assert len(two.images) == len(original) + 1 == 4
    assert two.images[0].split("?")[0] == original[0].split("?")[0]
    assert "Hires strategy: Latent x2 @0.7" in texts[2]
    assert "Hires strategy: Lanczos x1.5" in texts[3]
    for text in texts:
        assert text.startswith("a woman with red hair") and "Seed: 5" in text and "Size: 128x192" in text
    two.generate()
    assert len(two.images) == 1, "the button's mark must not outlast its own run"


def test_going_on_from_a_picture_again_and_again(small):
    generate_and_change(small, "Lanczos x1.5")
    select(small, 0)
    run_and_answer(small, "On this picture (192\u00d7288)")
    wait_until_selected(small.page, 1)
    assert texts_of(small, "Size") == ["128x192", "192x288"]
    assert all(text.startswith("a woman with red hair") and "Seed: 5" in text for text in small.info["infotexts"])
    before = small.page.evaluate("() => hiresStrategies.gallerySources().length")
    small.page.locator(RUN).click()  # made from a picture, so there is nothing to ask
    small.page.wait_for_function(
        "(before) => hiresStrategies.gallerySources().length > before", arg=before, timeout=120_000
    )
    wait_until_selected(small.page, 2)
    assert texts_of(small, "Size") == ["128x192", "192x288", "288x432"]
    small.page.locator(COMPARE).click()
    wait_for_both(small.page, "288x432", "432x648")
    assert chosen(small.page) == ["2. Lanczos x1.5, 288\u00d7432", "3. Lanczos x1.5, 432\u00d7648"]


def test_on_the_contact_sheet_it_asks_which_picture(two):
    page = two.page
    select(two, 0)
    page.locator(RUN).click()
    assert page.locator(CHOICE).all_inner_texts() == ["2. Latent x2 @0.5", "3. Latent x2 @0.7"]
    page.keyboard.press("Escape")
    page.locator(CHOICE).first.wait_for(state="detached")
    page.locator(RUN).click()
    answer(page, "3. Latent x2 @0.7")
    run = len(two.images)
    answer(page, "On its first pass")
    page.wait_for_function("(count) => hiresStrategies.gallerySources().length > count", arg=run, timeout=120_000)
    wait_until_selected(page, 3)
    assert texts_of(two, "Hires strategy")[3] == "Lanczos x1.5"


def test_a_sweep_on_a_selected_picture_ends_with_its_sheet_and_is_used(small):
    page = small.page
    small.tick(False)
    small.generate()
    small.tick()
    small.write("Lanczos x{1.25,1.5}")
    small.generate(ID)
    wait_until_selected(page, 1)
    uses = page.locator(".hires-strategies-use")
    uses.nth(1).wait_for()
    uses.nth(1).click()
    small.wait_for_text("Lanczos x1.5")
    small.page.locator(COMPARE).click()
    wait_for_both(page, "160x240", "192x288")


def test_with_a_preview_closed_it_asks_and_takes_the_only_one(small):
    """Nothing is selected then: the host's button would fail."""
    page = small.page
    small.tick(False)
    small.generate()
    small.tick()
    small.write("Lanczos x1.5")
    page.locator("#txt2img_gallery .preview").first.dispatch_event("keydown", {"code": "Escape", "key": "Escape"})
    wait_until_selected(page, -1)
    small.generate(ID)
    wait_until_selected(page, 1)
    assert texts_of(small, "Hires strategy")[1] == "Lanczos x1.5"
    notice(page, "Taken: 1. seed 5")
