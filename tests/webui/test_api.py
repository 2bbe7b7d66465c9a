"""Whether there are routes at all: with the host's --api (or --nowebui, which serves nothing else), else not."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from modules import shared

from hires_strategies.webui.api import routes


def routes_of(monkeypatch: pytest.MonkeyPatch, **options: object) -> set[str]:
    for name, value in options.items():
        monkeypatch.setattr(shared.cmd_opts, name, value)
    app = FastAPI()
    before = len(app.routes)
    routes.register(None, app)
    return {getattr(route, "path", "") for route in app.routes[before:]}


@pytest.mark.parametrize(("api_on", "nowebui"), [(True, False), (False, True), (True, True)])
def test_with_api_there_are_all(monkeypatch: pytest.MonkeyPatch, api_on: bool, nowebui: bool) -> None:
    paths = routes_of(monkeypatch, api=api_on, nowebui=nowebui, api_auth=None)
    assert len(paths) == 7
    assert all(path.startswith("/hires-strategies/v1/") for path in paths)


def test_without_api_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert routes_of(monkeypatch, api=False, nowebui=False, api_auth=None) == set()
