"""What did not fit into memory, on the page: said before Generate, and tried whole again where the user asks for it."""

from __future__ import annotations

import pytest

from tests.live.client import WebUI

TEXT = "Lanczos x1.5 @0.6"
BUTTON = ".hires-strategies-try-whole"
ASKED = {"strategies": [TEXT], "width": 128, "height": 192}


def test_what_did_not_fit_is_tried_whole_again(section, webui_url):
    webui = WebUI(webui_url)
    if "test little memory" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    little = {"Test little memory": {"args": [{"decode": 24 * 36 - 1, "forget": False}]}}
    webui.txt2img({"strategies": [TEXT]}, alwayson_scripts=little, width=128, height=192, batch_size=1, steps=4)
    section.small_first_pass()
    section.write(TEXT)
    button = section.page.locator(BUTTON)
    button.wait_for()
    assert "192x288 did not fit into this machine's memory on " in section.preview
    button.click()
    button.wait_for(state="detached")
    assert "tries it whole again" in section.page.locator("#hires_strategies_notice").inner_text()
    assert webui.post("/hires-strategies/v1/plan", ASKED)["less_memory"] == []
