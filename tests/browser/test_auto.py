"""Strengths that are found, on the page: the row's tool, what the preview says, the list, "use this one"."""

from __future__ import annotations

from tests.browser.section import PREFIX

ODD = "[cfg 4.37]"  # nobody has found a strength for it


def line_says(section, words):
    section.part("preview").get_by_text(words).first.wait_for()


def test_one_click_lets_the_strength_be_found_and_another_brings_it_back(section):
    section.write(f"Latent x2 @0.65 {ODD} > Lanczos x1.5")
    section.press("stage1_auto_button")
    section.wait_for_text(f"Latent x2 @auto {ODD} > Lanczos x1.5")
    assert section.field("stage1_sweep").input_value() == "auto"
    assert section.part("stage1_denoising").is_hidden()
    section.press("stage1_auto_button")
    section.wait_for_text(f"Latent x2 @0.65 {ODD} > Lanczos x1.5")
    assert section.field("stage1_denoising").input_value() == "0.65"
    section.press("stage2_auto_button")
    section.wait_for_text(f"Latent x2 @0.65 {ODD} > Lanczos x1.5 @auto")
    section.press("stage2_sweep_button")
    section.wait_for_text(f"Latent x2 @0.65 {ODD} > Lanczos x1.5 @{{auto-0.1,auto,auto+0.1}}")
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


def entries(section):
    return section.part("found_table").locator("dt").all_inner_texts()


def choose_entry(section, words):
    """Choose the entry that says so, and wait for its sigma."""
    name = next(entry for entry in entries(section) if words in entry)
    section.choose("found_entry", name)
    section.page.wait_for_function(
        "(id) => Number(document.querySelector(id + 'found_sigma input').value) > 0", arg=PREFIX
    )


def forget(section, words):
    choose_entry(section, words)
    section.press("found_forget")
    section.part("found_message").get_by_text("It will be found again.").wait_for()


def test_what_a_generation_found_is_said_listed_changed_and_forgotten(section):
    section.small_first_pass()
    section.write(f"Lanczos x1.5 @auto {ODD}")
    line_says(section, "evaluations to find the denoising strength")
    assert "at denoising strength auto: 7 evaluations to find it" in section.plan
    section.generate()
    (record,) = section.info["hires_strategies"]
    found = record["strategy"].split("@")[1].split()[0]
    line_says(section, "found for this checkpoint")  # nobody typed anything
    assert f"denoising {found}," in section.preview.replace("\xa0", " ")
    section.unfold("found")
    section.part("found_table").get_by_text("CFG 4.37").wait_for()
    choose_entry(section, "CFG 4.37")
    section.change("found_sigma", "-2")
    section.press("found_save")
    section.part("found_message").get_by_role("alert").get_by_text("above 0").wait_for()
    section.change("found_sigma", "50")
    section.press("found_save")
    section.part("found_table").get_by_text("yours").first.wait_for()
    line_says(section, "denoising 1, found for this checkpoint")
    section.press("stage1_auto_button")
    section.wait_for_text(f"Lanczos x1.5 @1 {ODD}")
    forget(section, "CFG 4.37")
    section.page.wait_for_function(
        "(id) => !document.querySelector(id + 'found_table').textContent.includes('4.37')", arg=PREFIX
    )
    section.write(f"Lanczos x1.5 @auto {ODD}")
    line_says(section, "evaluations to find the denoising strength")


def test_using_one_of_a_sweep_teaches_how_much_change_is_accepted(section):
    section.small_first_pass()
    section.write(f"Lanczos x1.5 @{{0.3,0.5,0.9}} {ODD}")
    section.generate()
    records = [record for record in section.info["hires_strategies"] if record["kind"] == "variant"]
    section.page.locator(".hires-strategies-use").nth(1).click()
    section.wait_for_text(f"Lanczos x1.5 @0.5 {ODD}")
    notice = section.page.locator("#hires_strategies_notice")
    notice.get_by_text("@auto will from now on accept as much change as here").wait_for()
    assert notice.inner_text().startswith(f"The strategy is now Lanczos x1.5 @0.5 {ODD}. Generate runs it alone. @auto")
    section.unfold("found")
    section.part("found_change").get_by_text("as taught by you from").wait_for()
    told = section.part("found_change").inner_text()
    if "from a picture" in told:  # else other tests have taught as well, and the median counts
        assert f"{100 * records[1]['teaches']['change']:.2g} %" in told
    section.write(f"Lanczos x1.5 @auto {ODD}")
    line_says(section, "denoising 0.5, found for this checkpoint")
    section.press("found_usual")
    section.part("found_change").get_by_text("the usual change of the layout").wait_for()
    assert section.part("found_usual").is_hidden()
    forget(section, "CFG 4.37")


def test_a_picture_without_a_sweep_teaches_nothing(section):
    section.small_first_pass()
    section.write("Lanczos x1.5\nNearest x1.5")
    section.generate()
    asked = []
    section.page.on("request", lambda request: asked.append(request.url))
    section.page.locator(".hires-strategies-use").nth(1).click()
    section.wait_for_text("Nearest x1.5")
    section.page.wait_for_timeout(500)
    assert not [url for url in asked if "teach" in url]
    assert section.page.locator("#hires_strategies_notice").inner_text().endswith("Generate runs it alone.")
