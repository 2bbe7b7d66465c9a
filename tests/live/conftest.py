"""The WebUI under test, over its API."""

from __future__ import annotations

import pytest

from tests.live.client import WebUI


@pytest.fixture(scope="session")
def webui(webui_url: str) -> WebUI:
    return WebUI(webui_url)
