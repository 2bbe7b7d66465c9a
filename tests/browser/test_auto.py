"""Strengths that are found, on the page: the row's tool, what the preview says, the list, "use this one"."""

from __future__ import annotations


def line_says(section, words):
    section.part("preview").get_by_text(words).first.wait_for()


def test_one_click_lets_the_strength_be_found_and_another_brings_it_back(section):
    section.write("Latent x2 @0.65 > Lanczos x1.5")
    section.press("stage1_auto_button")
    section.wait_for_text("Latent x2 @auto > Lanczos x1.5")
    assert section.field("stage1_sweep").input_value() == "auto"
    assert section.part("stage1_denoising").is_hidden()
    section.press("stage1_auto_button")
    section.wait_for_text("Latent x2 @0.65 > Lanczos x1.5")
    assert section.field("stage1_denoising").input_value() == "0.65"
    section.press("stage2_auto_button")
    section.wait_for_text("Latent x2 @0.65 > Lanczos x1.5 @auto")
    section.press("stage2_sweep_button")
    section.wait_for_text("Latent x2 @0.65 > Lanczos x1.5 @{auto-0.1,auto,auto+0.1}")
    section.write("Direct x1")
    section.press("stage1_auto_button")
    section.page.wait_for_timeout(500)
    assert section.text == "Direct x1"


def test_the_row_with_what_is_found_is_no_higher(open_section):
    for width in (400, 1400):
        section = open_section(viewport={"width": width, "height": 1000})
        section.write("R-ESRGAN 4x+ x2 @0.35")
        before = section.part("stage1_row").bounding_box()["height"]
        section.press("stage1_auto_button")
        section.wait_for_text("R-ESRGAN 4x+ x2 @auto")
        section.part("stage1_sweep").wait_for()
        assert section.part("stage1_row").bounding_box()["height"] <= before
