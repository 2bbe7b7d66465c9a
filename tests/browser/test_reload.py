"""The host's "Reload UI": scripts and page are made anew in the same process."""

from __future__ import annotations

import json
from importlib import metadata

import pytest
import requests

from tests.browser.section import Section
from tests.live.client import WebUI
from tests.live.plots import axis_labels

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
AXES = ("Strategy", "Denoising strength", "Upscaler", "Scale", "Steps", "CFG scale")


def reload_ui(page, webui_url):
    """Press the button, and wait for the new page."""
    settings = page.get_by_role("button", name="Settings", exact=True)
    if settings.count():
        settings.first.click()
    try:
        with page.expect_navigation(timeout=60_000):
            page.locator("#settings_restart_gradio").click()
    except (
        sync_api.TimeoutError
    ):  # the host's page asked the server as it ended, and has no answer: its user presses F5
        page.goto(webui_url)


@pytest.fixture
def left_event(request, webui_url):
    """An event in Gradio 3's queue whose page was left before it sent the event's values."""
    if request.config.getoption("--webui-url"):
        pytest.skip("a host on Gradio 3 does not end its server then, and its Reload UI hangs")
    client = pytest.importorskip("websockets.sync.client")
    with client.connect(f"{webui_url.replace('http', 'ws')}/queue/join") as page:
        while (message := json.loads(page.recv(timeout=10))["msg"]) != "send_data":
            if message == "send_hash":
                page.send(json.dumps({"session_hash": "left", "fn_index": 0}))


@pytest.mark.skipif(metadata.version("gradio").startswith("4."), reason="Gradio 4's queue has no such event")
def test_a_page_that_was_left_in_an_event_does_not_hold_reload_ui_up(
    log_stays_clean, left_event, open_section, webui_url
):
    page = open_section(restarts=True).page
    reload_ui(page, webui_url)
    Section(page).small_first_pass()


def test_after_reload_ui_the_section_works_and_the_axes_are_there_once(open_section, webui_url):
    page, presets = open_section(restarts=True).page, f"{webui_url}/hires-strategies/v1/presets"
    requests.put(f"{presets}/before the reload", json={"strategies": ["Nearest x1.25"]}, timeout=10).raise_for_status()
    reload_ui(page, webui_url)
    again = Section(page)
    again.small_first_pass()
    again.choose("preset", "before the reload")
    again.wait_for_text("Nearest x1.25")
    again.generate()
    assert [record["strategy"] for record in again.info["hires_strategies"]] == ["Nearest x1.25"]
    labels = axis_labels(WebUI(webui_url))
    assert [labels.count(f"[Hires] {axis}") for axis in AXES] == [1] * len(AXES)
    requests.delete(f"{presets}/before the reload", timeout=10).raise_for_status()
