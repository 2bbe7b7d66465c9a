"""The WebUI's console stays clean in what a page's user does: it prints what fails there, and goes on."""

from __future__ import annotations

from tests.browser.section import Section
from tests.browser.test_reload import reload_ui
from tests.browser.test_seeing_to_using import COMPARE, RUN, wait_until_selected
from tests.live.client import WebUI
from tests.live.plots import Axis, plot


def test_nothing_fails_from_generate_to_reload_ui(log_stays_clean, open_section, webui_url):
    section = open_section(restarts=True)
    section.small_first_pass()
    section.write("Latent x2 @{0.5,0.7}")
    section.generate()
    section.write("None x1.5")
    section.select_image(1)
    section.page.locator(RUN).click()
    section.page.get_by_text("On its first pass").first.click()
    wait_until_selected(section.page, 2)
    section.page.locator(COMPARE).click()
    section.page.keyboard.press("Escape")
    section.choose("preset", "Latent 2x")
    section.press("stage1_sweep_button")
    plot(WebUI(webui_url), "Latent x2 @0.7", Axis("[Hires] Denoising strength", "0.5,0.6"))
    reload_ui(section.page, webui_url)
    again = Section(section.page)
    again.small_first_pass()
    again.write("None x1.25")
    again.generate()
