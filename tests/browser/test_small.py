"""Small until asked: heights, clicks, and that nothing lies on the next thing."""

from __future__ import annotations

import pytest

HIGHEST, HIGHEST_STAGE = 300, 90  # pixels
# Pairs of visible controls of which one lies on the other, and controls that stand out of the section.
_OVERLAPS = """(id) => {
    const section = document.querySelector(id), frame = section.getBoundingClientRect();
    const all = [...section.querySelectorAll('button, input, textarea, .label-wrap, [data-testid=block-info]')];
    const seen = all.filter((each) => each.offsetParent && getComputedStyle(each).clipPath === 'none'
        && each.getBoundingClientRect().width > 1);
    const name = (each) => each.id || each.closest('[id]').id + ' ' + each.tagName;
    const lies = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    const found = [];
    seen.forEach((one, index) => {
        const box = one.getBoundingClientRect();
        if (box.left < frame.left - 1 || box.right > frame.right + 1) found.push([name(one), 'outside']);
        for (const other of seen.slice(index + 1)) {
            if (one.contains(other) || other.contains(one) || !lies(box, other.getBoundingClientRect())) continue;
            found.push([name(one), name(other)]);
        }
    });
    return found;
}"""


class Clicks:
    """Presses things, and counts."""

    def __init__(self):
        self.count = 0

    def press(self, *parts):
        for part in parts:
            part.click()
            self.count += 1


def height(section, name="enable"):
    return section.part(name).bounding_box()["height"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_section_is_small_with_one_stage_and_grows_little(open_section, theme):
    section = open_section(theme=theme, viewport={"width": 1400, "height": 1000})
    last = height(section)
    assert last <= HIGHEST
    for stage in (2, 3):
        section.press("add_stage")
        section.part(f"stage{stage}_row").wait_for()
        now = height(section)
        assert now - last <= HIGHEST_STAGE
        last = now
    assert height(section, "stage1_row") < 50, "a stage is one line"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_lies_on_the_next_thing(open_section, theme, width):
    section = open_section(theme=theme, viewport={"width": width, "height": 1000})
    assert section.page.evaluate(_OVERLAPS, "#script_hires_strategies_enable") == []
    section.write("Latent x2 @{0.5..0.8..0.1} > R-ESRGAN 4x+ x2\nNone x2 > { x2 @0.3")
    section.choose("line", "1. Latent x2 @{0.5..0.8..0.1} > R-ESRGAN 4x+ x2")
    section.part("stage1_sweep").wait_for()
    section.unfold_stage(1)
    for fold in ("what_runs", "returned", "keepers", "found"):
        section.unfold(fold)
    assert section.page.evaluate(_OVERLAPS, "#script_hires_strategies_enable") == []


@pytest.mark.parametrize("width", [400, 1400])
def test_a_row_shows_its_values_in_full(open_section, width):
    section = open_section(viewport={"width": width, "height": 1000})
    for text, fields in (("R-ESRGAN 4x+ x2.25 @0.35", ("upscaler", "scale", "denoising")),
                         ("R-ESRGAN 4x+ x2 @{0.5..0.8..0.1}", ("upscaler", "sweep"))):  # fmt: skip
        section.write(text)
        for name in fields:
            box = section.field(f"stage1_{name}")
            box.wait_for()
            assert box.evaluate("(box) => box.scrollWidth - box.clientWidth") <= 0, (name, box.input_value())
        assert section.part("stage1_row").bounding_box()["height"] < (50 if width == 1400 else 120)


def test_what_is_folded_opens_with_one_click_and_closes_with_another(section):
    for fold, inside in (("as_text", "strategies"), ("what_runs", "plan"), ("returned", "stages"),
                         ("keepers", "keepers_with"), ("found", "found_table")):  # fmt: skip
        assert not section.part(inside).is_visible()
        for state in ("visible", "hidden"):
            section.part(fold).locator(".label-wrap").first.click()
            section.part(inside).wait_for(state=state)
    for state in ("visible", "hidden"):
        section.press("stage1_more")
        section.part("stage1_steps").wait_for(state=state)


def test_a_first_latent_2x_takes_two_clicks(section):
    section.small_first_pass()
    section.tick(False)
    clicks = Clicks()
    clicks.press(section.part("enable").locator(".label-wrap").first)
    section.part("preset").wait_for()
    section.generate()
    clicks.count += 1
    assert [record["strategy"] for record in section.info["hires_strategies"]] == ["Latent x2 @0.7"]
    assert clicks.count == 2


def test_latent_against_pixel_takes_four_clicks_with_the_wipe(section):
    section.small_first_pass()
    for side in ("width", "height"):
        section.set_host(f"txt2img_{side}", "64")  # R-ESRGAN takes its time without a GPU
    section.tick(False)
    clicks = Clicks()
    clicks.press(section.part("enable").locator(".label-wrap").first, section.part("add_line"))
    strategies = section.wait_for_other_text("Latent x2 @0.7").split("\n")
    section.generate()
    clicks.count += 1
    made = [record["strategy"] for record in section.info["hires_strategies"] if record["kind"] == "variant"]
    assert made == strategies and len(made) == 2 and not made[1].startswith("Latent")
    clicks.press(section.page.locator("#txt2img_hires_strategies_compare"))
    section.page.locator(".hires-strategies-compare-handle").wait_for()
    assert clicks.count == 4


def test_a_preset_takes_two_clicks(section):
    clicks = Clicks()
    clicks.press(section.part("preset").locator("input").first)
    clicks.press(section.part("preset").locator('li[aria-label="Pixel 2x"]'))
    section.wait_for_text("R-ESRGAN 4x+ x2 @0.35")
    assert clicks.count == 2


def test_every_part_of_a_row_says_what_it_is(section):
    row = ("upscaler", "scale", "denoising", "auto_button", "sweep_button", "more", "remove")
    parts = ("preset", "preset_save", "preset_delete", "take_over", "add_stage", "add_line")
    for name in (*parts, *(f"stage1_{part}" for part in row)):
        assert len(section.part(name).get_attribute("title") or "") > 10, name


def test_a_chain_longer_than_the_rows_says_so(section):
    section.write(" > ".join(["Lanczos x1"] * 8))
    assert section.part("rest").inner_text() == 'Stages 7 to 8 have no row here: see and change them under "As text".'
    section.write("Lanczos x2")
    assert section.part("rest").inner_text().strip() == ""
