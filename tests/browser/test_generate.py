"""Generating from the page: what was promised is what runs."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from hires_strategies.notation.text import parse

TWO = "Latent x2 @{0.5,0.7}"


@pytest.fixture
def small(section):
    section.small_first_pass()
    section.set_host("txt2img_prompt", "a woman with red hair")
    return section


def test_ticked_and_generated_as_the_preview_says(small):
    small.write(f"{TWO}\nLanczos x1.5")
    said = small.part("plan").locator("li").all_inner_texts()
    small.generate()
    records = [record for record in small.info["hires_strategies"] if record["kind"] == "variant"]
    assert [record["strategy"] for record in records] == ["Latent x2 @0.5", "Latent x2 @0.7", "Lanczos x1.5"]
    assert len(said) == len(records)
    for words, record in zip(said, records, strict=True):
        assert f"{record['width']}×{record['height']}" in words
        if record["start_sigma"] is not None:
            assert f"start sigma {record['start_sigma']:.2f}" in words
    small.write(TWO)
    assert "on this machine, learnt from your last runs" in small.plan
    assert "about" in small.preview


def test_a_bad_text_says_the_same_and_runs_nothing(small):
    small.write("Latnt x2 @0.7")
    before = small.images
    small.generate()
    assert "Unknown upscaler 'Latnt'. Did you mean 'Latent'?" in small.message
    assert small.images == before == []


def test_infotext_restores_the_section_and_turns_it_off(small):
    settings = "Steps: 4, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 5, Size: 128x192"
    text = 'Latent x1.3 @0.6 [prompt "a: b, c"] > None x2'
    prompt = small.page.locator("#txt2img_prompt textarea")
    quoted = '"Latent x1.3 @0.6 [prompt \\"a: b, c\\"] > None x2"'
    prompt.fill(f"cat\n{settings}, Hires strategy: {quoted}, Version: v1")
    small.page.locator("#paste").first.click()
    small.wait_for_text(text)
    assert parse(small.text)[0].stages[0].prompt == "a: b, c"
    assert small.part("preset").is_visible()
    prompt.fill(f"cat\n{settings}, Version: v1")
    small.page.locator("#paste").first.click()
    small.part("preset").wait_for(state="hidden")


def test_a_picture_sent_from_png_info_restores_the_section(small):
    page = small.page
    if not page.locator("#tab_pnginfo").count():
        pytest.skip("this page has no PNG Info tab; the host's has")
    settings = "Steps: 4, Sampler: Euler, Schedule type: Automatic, CFG scale: 7, Seed: 5, Size: 128x192"

    def send(text):
        info, file = PngInfo(), io.BytesIO()
        info.add_text("parameters", text)
        Image.new("RGB", (128, 192)).save(file, "PNG", pnginfo=info)
        page.get_by_role("button", name="PNG Info", exact=True).first.click()
        if page.locator("#pnginfo_image button[aria-label=Clear]").count():
            page.locator("#pnginfo_image button[aria-label=Clear]").click()
        picture = {"name": "one.png", "mimeType": "image/png", "buffer": file.getvalue()}
        page.locator("#pnginfo_image input[type=file]").set_input_files(picture)
        page.locator("#tab_pnginfo").get_by_text(text.split(",")[-1].strip()).first.wait_for()
        page.locator("#tab_pnginfo").get_by_role("button", name="Send to txt2img").click()
        page.locator("#txt2img_generate").wait_for(state="visible")

    send(f"a dog\n{settings}, Hires strategy: Lanczos x1.25 > Nearest x1.5, Version: sent-1")
    small.wait_for_text("Lanczos x1.25 > Nearest x1.5")
    assert small.part("preset").is_visible()
    send(f"a dog\n{settings}, Version: sent-2")
    small.part("preset").wait_for(state="hidden")


def test_the_contact_sheet_is_the_first_image(small):
    """As the host's own grid: the generated image comes after it, and is the one whose text is shown."""
    small.write(TWO)
    small.generate()
    assert len(small.images) == 3
    info = small.info
    assert info["index_of_first_image"] == 1
    assert [record["kind"] for record in info["hires_strategies"]] == ["sheet", "variant", "variant"]
    assert f'Hires strategy: "{TWO}"' in info["infotexts"][0], "the sweep, not its lines"
    assert "Hires strategy: Latent x2 @0.5," in info["infotexts"][1]
    assert "Hires strategy: Latent x2 @0.7," in info["infotexts"][2]
    small.unfold("returned")
    small.part("sheet").locator("input").uncheck()
    small.generate()
    assert len(small.images) == 2 and small.info["index_of_first_image"] == 0


def test_generate_runs_what_the_fields_show_however_soon_it_is_pressed(small):
    small.write("Lanczos x1.5")
    small.slow_edits(0.7)
    small.field("stage1_scale").fill("1.25")
    small.generate()
    assert [record["strategy"] for record in small.info["hires_strategies"]] == ["Lanczos x1.25"]
    small.press("stage1_sweep_button")
    small.generate()
    variants = [each["strategy"] for each in small.info["hires_strategies"] if each["kind"] == "variant"]
    assert variants == [f"Lanczos x1.25 @{each}" for each in (0.4, 0.5, 0.6)], "a button's answer is waited for, too"


@pytest.mark.parametrize(("upscaler", "strategy"), [("Latent", "Latent x1.5 @0.6"), ("Lanczos", "Lanczos x1.5 @0.6")])
def test_taken_over_settings_give_the_picture_of_hires_fix(small, upscaler, strategy):
    small.tick(False)
    small.page.locator("#txt2img_hr .label-wrap").first.click()
    small.choose_host("txt2img_hr_upscaler", upscaler)
    for name, value in (("hires_steps", "3"), ("hr_scale", "1.5"), ("denoising_strength", "0.6")):
        small.set_host(f"txt2img_{name}", value)
    small.generate()
    theirs = small.pixels(0)
    assert "hires_strategies" not in small.info
    small.tick()
    small.press("take_over")
    small.wait_for_text(f"{strategy} [3 steps]")
    assert not small.page.locator("#txt2img_hr_scale").is_visible()
    small.generate()
    assert [record["strategy"] for record in small.info["hires_strategies"]] == [f"{strategy} [3 steps]"]
    assert small.pixels(0) == theirs
