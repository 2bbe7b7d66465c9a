"""Typing, dragging and pressing in the section: rows, text and preview say the same."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from hires_strategies.editing import row_edits
from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.notation.text import parse
from tests.properties import examples

EDITS = 200


def test_the_text_is_explained_and_an_error_marked_as_one_types(section):
    section.set_host("txt2img_width", "512")
    section.set_host("txt2img_height", "512")
    section.write("Latent x2 @0.7 > None x2")
    assert "512×512 → 1024×1024 → 2048×2048" in section.preview
    assert "first passes" in section.preview and "without sampling" in section.plan
    section.write("Latent x2 @0.7\nLatnt x2 @0.7")
    assert section.preview.startswith("Line 2, column 1: Unknown upscaler 'Latnt'. Did you mean 'Latent'?")
    assert section.part("preview").locator("mark").inner_text() == "L"
    assert section.part("preview").locator("[role=alert]").is_visible()
    section.write("Latent x2 @0.7")
    assert section.part("preview").locator("[role=alert]").count() == 0


def test_the_preview_follows_the_host_s_fields(section):
    section.set_host("txt2img_width", "256")
    section.set_host("txt2img_height", "320")
    section.part("preview").get_by_text("512×640").first.wait_for()


def test_fields_change_the_text_and_the_text_the_fields(section):
    section.write("Latent x2 @0.7 > None x1.5")
    assert section.field("stage2_upscaler").input_value() == "None"
    assert section.field("stage2_scale").input_value() == "1.5"
    section.change("stage1_denoising", "0.55")
    section.wait_for_text("Latent x2 @0.55 > None x1.5")
    slider = section.part("stage2_scale").locator("input[type=range]")
    slider.focus()
    slider.press("ArrowRight")
    section.wait_for_text("Latent x2 @0.55 > None x1.55")
    section.choose("stage2_upscaler", "Lanczos")
    section.wait_for_text("Latent x2 @0.55 > Lanczos x1.55")
    section.unfold_stage(1)
    section.change("stage1_prompt", 'a "cat" > [dog]')
    section.wait_for_text('Latent x2 @0.55 [prompt "a \\"cat\\" > [dog]"] > Lanczos x1.55')


def test_the_folded_fields_are_in_the_text_too(section):
    section.write("Latent x2 @0.7")
    section.unfold_stage(1)
    section.change("stage1_steps", "12")
    section.wait_for_text("Latent x2 @0.7 [12 steps]")
    section.change("stage1_cfg", "5.5")
    section.choose("stage1_sampler", "Euler")
    section.choose("stage1_scheduler", "Karras")
    section.wait_for_text("Latent x2 @0.7 [12 steps; sampler Euler; scheduler Karras; cfg 5.5]")
    section.change("stage1_steps", "0")
    section.change("stage1_cfg", "0")
    section.choose("stage1_sampler", "Use same sampler")
    section.choose("stage1_scheduler", "Use same scheduler")
    section.wait_for_text("Latent x2 @0.7")
    section.change("stage1_width", "768")
    section.change("stage1_height", "640")
    section.wait_for_text("Latent 768x640 @0.7")
    section.write("Latent x2 @0.5 [cfg 4; 9 steps]")
    assert section.field("stage1_cfg").input_value() == "4"
    assert section.field("stage1_steps").input_value() == "9"
    assert section.field("stage1_width").input_value() == "0"


def test_an_edit_made_before_the_last_one_is_answered_counts(section):
    section.write("Latent x2 @0.7")
    section.slow_edits(0.7)
    with section.page.expect_request("**/run/hires_strategies_edit"):
        section.change("stage1_denoising", "0.55")
    section.change("stage1_scale", "1.5")
    section.wait_for_text("Latent x1.5 @0.55")
    assert section.field("stage1_scale").input_value() == "1.5"


def test_one_click_makes_a_sweep(section):
    section.write("Latent x2 @0.7")
    section.press("stage1_sweep_button")
    section.wait_for_text("Latent x2 @{0.6,0.7,0.8}")
    assert section.field("stage1_sweep").input_value() == "0.6,0.7,0.8"
    assert section.part("plan").locator("li").count() == 3
    assert "3 variants" in section.preview.replace("\xa0", " ")
    section.change("stage1_sweep", "0.4..0.8..0.2")
    section.wait_for_text("Latent x2 @{0.4..0.8..0.2}")
    section.press("stage1_sweep_button")
    section.wait_for_text("Latent x2 @0.6")


def test_a_second_strategy_has_rows_of_its_own(section):
    section.write("Latent x2 @0.7")
    section.press("add_line")
    second = section.wait_for_other_text("Latent x2 @0.7").removeprefix("Latent x2 @0.7\n")
    assert second.endswith(" x2 @0.35") and not second.startswith("Latent")
    section.change("stage1_scale", "1.5")
    section.wait_for_text(f"Latent x2 @0.7\n{second.replace(' x2 @', ' x1.5 @')}")
    section.choose("line", "1. Latent x2 @0.7")
    section.page.wait_for_function(
        "() => document.querySelector('#script_hires_strategies_stage1_scale input').value === '2'"
    )


def test_a_random_walk_of_edits_keeps_rows_and_text_the_same(section):
    """Each edit is made where the dice say, in a field or in the text; afterwards both must say the same."""
    dice = random.Random(4)
    section.write("Latent x2 @0.7")
    for _ in range(examples(EDITS)):
        section.wait_for_text(_edit(section, dice))
        _compare(section)
    assert parse(section.text)


def _edit(section, dice):
    """Make one edit. Returns the text that follows from it."""
    text = section.text
    rows = rows_from_line(text)
    row = dice.randint(1, len(rows))
    kind = dice.choice(("denoising", "scale", "upscaler", "add", "remove", "up", "down", "text"))
    if kind == "denoising":
        value = dice.randint(1, 100) / 100
        section.change(f"stage{row}_denoising", str(value))
        return _with_field(rows, row, denoising=value)
    if kind == "scale":
        value = dice.randint(20, 40) / 20
        section.change(f"stage{row}_scale", str(value))
        return _with_field(rows, row, scale=value)
    if kind == "upscaler":
        name = dice.choice(("Latent", "None", "Lanczos", "Latent (bicubic)"))
        section.choose(f"stage{row}_upscaler", name)
        return _with_field(rows, row, upscaler=name)
    if kind == "add" and len(rows) < 4:
        section.press("add_stage")
        upscaler = section.wait_for_other_text(text).removeprefix(f"{text} > ").removesuffix(" x2")
        return row_edits.add_stage(text, 0, upscaler)
    if kind == "remove" and len(rows) > 1:
        section.press(f"stage{row}_remove")
        return row_edits.remove_stage(text, 0, row - 1)
    if kind in ("up", "down"):
        section.unfold_stage(row)
        section.press(f"stage{row}_{kind}")
        return row_edits.move_stage(text, 0, row - 1, -1 if kind == "up" else 1)
    stages = [f"{dice.choice(('Latent', 'Lanczos'))} x{dice.randint(2, 4) / 2:g} @0.{dice.randint(1, 9)}"]
    text = " > ".join(stages * dice.randint(1, 2))
    section.write(text)
    return text


def _with_field(rows, number, **field):
    return line_from_rows([*rows[: number - 1], replace(rows[number - 1], **field), *rows[number:]])


def _compare(section):
    rows = rows_from_line(section.text)
    for number, row in enumerate(rows, start=1):
        assert section.field(f"stage{number}_upscaler").input_value() == row.upscaler
        assert float(section.field(f"stage{number}_scale").input_value()) == row.scale
        assert float(section.field(f"stage{number}_denoising").input_value()) == row.denoising
    assert section.part(f"stage{len(rows)}_row").is_visible()
    if len(rows) < 6:
        assert not section.part(f"stage{len(rows) + 1}_row").is_visible()


def test_hires_fix_settings_are_taken_over(section):
    page = section.page
    page.locator("#txt2img_hr .label-wrap").first.click()
    section.set_host("txt2img_hires_steps", "7")
    section.set_host("txt2img_hr_scale", "1.5")
    section.set_host("txt2img_denoising_strength", "0.6")
    section.press("take_over")
    section.wait_for_text("Latent x1.5 @0.6 [7 steps]")
    assert not page.locator("#txt2img_hr_scale").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_readable_in_both_themes_and_at_any_width(open_section, theme, width):
    section = open_section(theme=theme, viewport={"width": width, "height": 900})
    section.write("Latnt x2 @0.7")
    box = section.part("enable").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    too_wide = section.page.evaluate(
        "() => [...document.querySelectorAll('#script_hires_strategies_enable *')].filter((each) => each.offsetParent"
        " && each.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map((each) => each.id)"
    )
    assert too_wide == []
    for selector in ("[role=alert]", "mark"):
        assert _contrast(section.part("preview").locator(selector).first) >= 4.5


def _contrast(element):
    """Contrast of text to background as WCAG 2 defines it."""
    return element.evaluate(
        """(element) => {
            const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
            const ground = (one) => numbers(getComputedStyle(one).backgroundColor);
            let behind = element;
            while (ground(behind)[3] < 0.9 && behind.parentElement) behind = behind.parentElement;
            const light = (colour) => numbers(colour).slice(0, 3).map((each) => each / 255)
                .map((each) => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4)
                .reduce((sum, each, index) => sum + each * [0.2126, 0.7152, 0.0722][index], 0);
            const two = [light(getComputedStyle(element).color), light(getComputedStyle(behind).backgroundColor)];
            return (Math.max(...two) + 0.05) / (Math.min(...two) + 0.05);
        }"""
    )


def test_keystrokes_share_a_request(section):
    section.write("Latent x2 @0.7")
    requests: list[str] = []
    asks = "/run/hires_strategies_refresh"
    section.unfold("as_text")
    section.page.on("request", lambda request: requests.append(request.url) if asks in request.url else None)
    box, typed = section.field("strategies"), " > None x2"
    box.press("End")
    box.press_sequentially(typed, delay=20)
    section.wait_until_shown("Latent x2 @0.7 > None x2")
    # On a busy machine the keys come slower than the pause that ends a word; each alone would be one request a key.
    assert 1 <= len(requests) < len(typed), f"{len(requests)} requests for {len(typed)} keystrokes"
