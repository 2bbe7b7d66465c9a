"""The page in another language: what is shown is translated, what is meant is not."""

from __future__ import annotations

import json

import pytest

WORDS = {
    "Hires strategies": "Hires-Strategien",
    "Preset": "Vorlage",
    "Latent against pixel": "Latent gegen Pixel",
    "Lanczos": "Herr Lanczos",
    "Use same sampler": "Derselbe Sampler",
    "+ stage": "+ Stufe",
    "Stage": "Stufe",
}


@pytest.fixture
def translated(open_section):
    # As the host's page has it when a localization is chosen in the settings.
    words = f"Object.defineProperty(window, 'localization', {{ get: () => ({json.dumps(WORDS)}), set: () => {{}} }});"
    section = open_section(init_script=words)
    if section.page.evaluate("() => typeof localizeWholePage") == "undefined":
        pytest.skip("this WebUI's page has no localization")
    return section


def choose(section, name, shown):
    section.part(name).locator("input").first.click()
    section.part(name).locator("li", has_text=shown).click()


def test_translated_names_mean_the_same(translated):
    assert translated.part("preset").get_by_text("Vorlage").is_visible()
    assert translated.part("add_stage").inner_text() == "+ Stufe"
    assert translated.part("stage1_row").get_by_text("Stufe").first.is_visible()
    choose(translated, "preset", "Latent gegen Pixel")
    translated.wait_for_text("Latent x2 @0.7\nR-ESRGAN 4x+ x2 @0.35")
    translated.write("Latent x2 @0.7")
    choose(translated, "stage1_upscaler", "Herr Lanczos")
    translated.wait_for_text("Lanczos x2 @0.7")
    translated.unfold_stage(1)
    choose(translated, "stage1_sampler", "Euler a")
    translated.wait_for_text("Lanczos x2 @0.7 [sampler Euler a]")
    choose(translated, "stage1_sampler", "Derselbe Sampler")
    translated.wait_for_text("Lanczos x2 @0.7")
