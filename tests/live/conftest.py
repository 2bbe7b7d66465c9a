"""The WebUI under test, over its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.client import WebUI


@pytest.fixture(scope="session")
def webui(webui_url: str) -> WebUI:
    return WebUI(webui_url)


@pytest.fixture(scope="module")
def computed_first_passes(webui: WebUI) -> Iterator[None]:
    """Every first pass is computed: one remembered from a batch differs in its last bits from one made alone."""
    option = "hires_strategies_remember_first_passes"
    before = webui.get("/sdapi/v1/options").get(option, True)  # Forge lists no options of extensions
    webui.post("/sdapi/v1/options", {option: False})
    yield
    webui.post("/sdapi/v1/options", {option: before})
