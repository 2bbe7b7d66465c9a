"""A real browser on the WebUI under test: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.section import Section

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
# The stock page of A1111 1.10.1 says these itself: its resolution preview writes to outputs that it does not have. And
# Gradio asks for fonts and scripts that a machine without a network cannot get. While "Reload UI" restarts the server,
# the host's page knocks until it opens.
STOCK_MESSAGES = ("(reading 'props')", "ERR_NAME_NOT_RESOLVED", "ERR_INTERNET_DISCONNECTED", "fonts.googleapis.com",
                  "ERR_CONNECTION_REFUSED")  # fmt: skip
# What Gradio says besides of questions that were open when the server ended: for a test that restarts it.
RESTART_MESSAGES = ("Failed to fetch", "Connection errored out")
# Gradio 4 says these of any page with tabs, of any event that gets an HTML part's value, of a server that ended, and of
# any file that is uploaded.
GRADIO_4_MESSAGES = ("select a non-interactive or hidden tab", "Too many arguments provided for the endpoint",
                     "Server stopped unexpectedly", "Method not implemented.")  # fmt: skip


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in the variable CHROMIUM")
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_section(browser: Any, webui_url: str) -> Iterator[Any]:
    """Opens the page with the section ticked; afterwards nothing may have complained in the console."""
    pages, messages = [], []
    known = [*STOCK_MESSAGES, *GRADIO_4_MESSAGES]

    def hear(text: str) -> None:
        if not any(stock in text for stock in known):
            messages.append(text)

    def opened(**options: Any) -> Section:
        theme, script = options.pop("theme", "light"), options.pop("init_script", None)
        known.extend(RESTART_MESSAGES if options.pop("restarts", False) else ())
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 1400}, **options})
        pages.append(page)
        page.on("console", lambda message: hear(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: hear(str(error)))
        if script:
            page.add_init_script(script)
        page.goto(f"{webui_url}/?__theme={theme}")
        return Section(page)

    yield opened
    for page in pages:
        page.close()
    assert messages == []


@pytest.fixture
def section(open_section: Any) -> Section:
    return open_section()
