"""The WebUI under test, over its API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.client import WebUI


@pytest.fixture(scope="session")
def webui(request: pytest.FixtureRequest, webui_url: str) -> WebUI:
    """The WebUI under test, which knows no first pass: one that was up before may know those of an earlier run."""
    told = request.config.getoption("--webui-host")
    found = WebUI(webui_url, told or (None if request.config.getoption("--webui-url") else "workbench"))
    off = {"hires_strategies_remember_first_passes": False}
    found.txt2img(False, width=64, height=64, steps=1, override_settings=off)
    return found


@pytest.fixture(scope="module")
def computed_first_passes(webui: WebUI) -> Iterator[None]:
    """Every first pass is computed: one remembered from a batch differs in its last bits from one made alone."""
    option = "hires_strategies_remember_first_passes"
    before = webui.get("/sdapi/v1/options").get(option, True)  # Forge lists no options of extensions
    webui.post("/sdapi/v1/options", {option: False})
    yield
    webui.post("/sdapi/v1/options", {option: before})
