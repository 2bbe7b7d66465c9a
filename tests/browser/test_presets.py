"""The box of presets: choosing, saving and deleting, and what it shows beside a text."""

from __future__ import annotations

import pytest

from hires_strategies.presets import builtin


def test_presets_from_choosing_to_deleting(section):
    section.choose("preset", "Latent against pixel")
    section.wait_for_text("Latent x2 @0.7\nR-ESRGAN 4x+ x2 @0.35")
    section.write("Latent x1.25 @0.5")
    section.name_preset("browser test")
    section.press("preset_save")
    section.part("preset_message").get_by_text("Saved as 'browser test'.").wait_for()
    section.choose("preset", "Latent 2x")
    section.wait_for_text("Latent x2 @0.7")
    section.page.reload()
    again = type(section)(section.page)
    again.choose("preset", "browser test")
    again.wait_for_text("Latent x1.25 @0.5")
    again.press("preset_delete")
    again.part("preset_message").get_by_text("Deleted 'browser test'.").wait_for()
    assert again.field("preset").input_value() == "" and again.text == "Latent x1.25 @0.5"
    again.press("preset_delete")
    again.part("preset_message").get_by_text("Choose the preset").wait_for()
    again.name_preset("Latent 2x")
    again.press("preset_save")
    again.part("preset_message").get_by_text("comes with the extension").wait_for()


def test_the_box_shows_the_preset_that_the_text_is_and_takes_it_again(section):
    section.choose("preset", "Pixel 2x")
    section.wait_for_text("R-ESRGAN 4x+ x2 @0.35")
    section.change("stage1_denoising", "0.4")
    section.wait_for_text("R-ESRGAN 4x+ x2 @0.4")
    assert section.field("preset").input_value() == ""
    section.choose("preset", "Pixel 2x")
    section.wait_for_text("R-ESRGAN 4x+ x2 @0.35")
    section.write("Latent x2 @0.7")
    assert section.field("preset").input_value() == "Latent 2x"


@pytest.mark.parametrize("width", [400, 1400])
def test_names_of_presets_are_not_cut(open_section, width):
    section = open_section(viewport={"width": width, "height": 1000})
    for name, lines in builtin().items():
        section.choose("preset", name)
        section.wait_for_text("\n".join(lines))
        cut = section.field("preset").evaluate("(box) => box.scrollWidth - box.clientWidth")
        assert section.field("preset").input_value() == name and cut <= 0, name
