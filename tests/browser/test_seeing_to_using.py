"""From seeing to using: the strategy of a picture that was made, and pictures before and after, counted in clicks."""

from __future__ import annotations

import pytest

WIPE = ".hires-strategies-compare"
HANDLE = ".hires-strategies-compare-handle"
NOTICE = "#hires_strategies_notice"
RUN, USE, COMPARE = (f"#txt2img_hires_strategies_{name}" for name in ("run", "use", "compare"))
CHOICE = ".hires-strategies-choice-answers button"


@pytest.fixture
def small(section):
    """Small and quick; the clicks of a person count from here."""
    section.small_first_pass()
    section.page.evaluate(
        "() => { window.clicks = 0; document.addEventListener('click', "
        "(event) => { window.clicks += event.isTrusted ? 1 : 0; }, true); }"
    )
    return section


def clicks(section):
    return section.page.evaluate("() => window.clicks")


def labels(page):
    return page.locator(f"{WIPE} select").first.locator("option").all_inner_texts()


def chosen(page):
    """The texts that the wipe's two pickers show."""
    return [
        page.locator(f"{WIPE} select").nth(n).evaluate("(picker) => picker.selectedOptions[0].textContent")
        for n in (0, 1)
    ]


def wait_for_both(page, *sizes):
    """Until the wipe shows two loaded pictures of these sizes."""
    page.wait_for_function(
        "(sizes) => [...document.querySelectorAll('.hires-strategies-compare-side img')]"
        ".map((each) => `${each.naturalWidth}x${each.naturalHeight}`).join() === sizes",
        arg=",".join(sizes),
    )


def notice(page, words):
    page.wait_for_function(
        "([place, words]) => document.querySelector(place)?.textContent.includes(words)", arg=[NOTICE, words]
    )


def selected(page):
    return page.evaluate("() => selected_gallery_index()")


def wait_until_selected(page, index):
    page.wait_for_function("(index) => selected_gallery_index() === index", arg=index)


def select(section, index):
    section.select_image(index)
    wait_until_selected(section.page, index)


def test_finding_a_strength_and_using_it_are_four_clicks(small):
    page = small.page
    small.tick(False)
    page.evaluate("() => { window.clicks = 0; }")
    small.tick()
    small.press("stage1_sweep_button")
    small.page.wait_for_function(
        "() => document.querySelector('#script_hires_strategies_strategies textarea').value.includes('{')"
    )
    small.wait_until_shown(small.text)
    sweep = small.text
    small.generate()
    records = small.info["hires_strategies"]
    tiles = page.locator(".hires-strategies-use")
    tiles.nth(1).wait_for()
    assert tiles.count() == len(records[0]["tiles"])
    best = records[0]["tiles"][1]["strategy"]
    tiles.nth(1).click()
    small.wait_for_text(best)
    assert clicks(small) == 4
    assert small.part("preset").is_visible() and sweep != best
    assert f"@{small.field('stage1_denoising').input_value()}" == best.split()[-1]
    notice(page, best)
    small.set_host("txt2img_seed", "6")
    small.generate()
    assert [record["strategy"] for record in small.info["hires_strategies"]] == [best]
    assert not page.locator(NOTICE).is_visible(), "it was of the pictures before"


def test_generate_waits_for_the_strategy_that_is_being_used(small):
    small.write("Lanczos x2\nNearest x1.5")
    small.generate()
    small.page.route("**/run/predict*", lambda route: (small.page.wait_for_timeout(300), route.continue_()))
    small.page.locator(".hires-strategies-use").nth(1).click()
    small.generate()
    assert [record["strategy"] for record in small.info["hires_strategies"]] == ["Nearest x1.5"]


def test_a_variant_is_used_from_the_gallery_and_from_the_wipe(small):
    page = small.page
    small.write("Lanczos x2\nNearest x1.5\nLanczos x1.25 > Nearest x1.5")
    small.generate()
    select(small, 3)
    page.locator(USE).click()
    small.wait_for_text("Lanczos x1.25 > Nearest x1.5")
    assert small.part("stage2_row").is_visible()
    select(small, 2)
    page.locator(COMPARE).click()
    wait_for_both(page, "192x288", "240x360")
    page.locator(f"{WIPE}-bar").get_by_text("Use").first.click()
    page.locator(WIPE).wait_for(state="detached")
    small.wait_for_text("Nearest x1.5")
    select(small, 0)
    page.locator(USE).click()
    notice(page, "contact sheet")


def test_pressed_again_at_once_it_is_the_new_picture_that_is_meant(small):
    """Though the server takes its time to tell what the last run made."""
    page = small.page
    small.write("Lanczos x2")
    small.tick(False)
    small.generate()
    wait = lambda route: (page.wait_for_timeout(700), route.continue_())  # noqa: E731
    page.route("**/run/hires_strategies_selected_image", wait)
    small.generate(RUN[1:])
    page.locator(RUN).click()
    page.locator(CHOICE).first.wait_for()
    assert page.locator(CHOICE).first.inner_text().endswith("(256\u00d7384)")
    page.locator(".hires-strategies-cancel").click()


def test_an_empty_gallery_says_so(small):
    page = small.page
    for button in (COMPARE, USE, RUN):
        page.locator(button).click()
        notice(page, "The gallery is empty")
        page.evaluate("() => { hiresStrategies.say(); }")
    assert not page.locator(WIPE).count()


def test_one_picture_is_compared_with_its_first_pass(small):
    """It was not returned, but is remembered."""
    page = small.page
    small.write("Lanczos x2")
    small.generate()
    assert len(small.images) == 1
    page.locator(COMPARE).click()
    page.locator(HANDLE).wait_for()
    wait_for_both(page, "128x192", "256x384")
    assert labels(page) == ["1. Lanczos x2", "First pass, seed 5, 128\u00d7192"]
    assert chosen(page) == ["First pass, seed 5, 128\u00d7192", "1. Lanczos x2"]
    for key in ("ArrowRight", "ArrowUp"):
        page.keyboard.press(key)
        assert len(set(chosen(page))) == 2, "never a picture with itself"
    uses = page.locator(f"{WIPE}-bar").get_by_text("Use")
    first = chosen(page)[0].startswith("First pass")
    assert [uses.nth(n).is_enabled() for n in (0, 1)] == [not first, first], "a first pass has no strategy"


def test_a_first_pass_that_was_returned_is_there_once(small):
    small.unfold("returned")
    small.part("first_pass").locator("input").check()
    small.write("Lanczos x2")
    small.generate()
    select(small, 0)
    small.page.locator(COMPARE).click()
    wait_for_both(small.page, "128x192", "256x384")
    assert labels(small.page) == ["1. Lanczos x2", "2. first pass, seed 5, 128\u00d7192"]


def test_pictures_without_a_strategy_have_labels_and_one_alone_is_not_compared(small):
    page = small.page
    small.tick(False)
    small.generate()
    page.locator(COMPARE).click()
    notice(page, "nothing to compare")
    assert not page.locator(WIPE).count()
    page.locator(USE).click()
    notice(page, "without a strategy")
    small.set_host("txt2img_batch_size", "2")
    small.generate()
    page.locator(COMPARE).click()
    page.locator(HANDLE).wait_for()
    assert "2. seed 5, 128\u00d7192" in labels(page) and "3. seed 6, 128\u00d7192" in labels(page)
    assert not any("grid" in label for label in labels(page))


def test_seeds_are_told_where_there_are_several(small):
    small.unfold("returned")
    small.part("sheet").locator("input").uncheck()
    small.set_host("txt2img_batch_count", "2")
    small.write("Lanczos x2")
    small.generate()
    small.page.locator(COMPARE).click()
    small.page.locator(HANDLE).wait_for()
    found = [label.split(". ")[-1] for label in labels(small.page)]
    assert found[:2] == ["Lanczos x2, seed 5", "Lanczos x2, seed 6"]


def test_back_closes_the_wipe_and_stays(small):
    page = small.page
    small.write("Lanczos x2\nNearest x2")
    small.generate()
    for close in (page.go_back, lambda: page.keyboard.press("Escape"), page.go_back):
        page.locator(COMPARE).click()
        page.locator(HANDLE).wait_for()
        page.wait_for_function("() => history.state?.hiresStrategies")
        close()
        page.locator(WIPE).wait_for(state="detached")
        page.wait_for_function("() => !history.state?.hiresStrategies")
    assert small.text == "Lanczos x2\nNearest x2", "it is still the same page"


def test_the_sheet_s_buttons_need_no_pointer(open_section):
    """On a telephone, and by keyboard."""
    section = open_section(viewport={"width": 400, "height": 900}, has_touch=True, is_mobile=True)
    section.small_first_pass()
    section.write("Lanczos x2\nNearest x2")
    section.generate()
    page = section.page
    tile = page.locator(".hires-strategies-tile").nth(1)
    tile.wait_for()
    assert float(tile.evaluate("(each) => getComputedStyle(each).opacity")) > 0.8
    assert tile.evaluate("(each) => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    tile.tap()
    page.locator(HANDLE).wait_for()
    page.go_back()
    page.locator(WIPE).wait_for(state="detached")
    tile.focus()
    page.keyboard.press("Enter")
    page.locator(HANDLE).wait_for()
