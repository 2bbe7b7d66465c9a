"""--api-auth: our routes stand behind it exactly as the host's own do, and without --api there are none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.conftest import WORKBENCH, _wait_until_it_runs

THEIRS = ("GET", "/sdapi/v1/samplers")
OURS = [
    ("GET", "/hires-strategies/v1/upscalers"),
    ("GET", "/hires-strategies/v1/presets"),
    ("GET", "/hires-strategies/v1/schema"),
    ("POST", "/hires-strategies/v1/plan"),
    ("PUT", "/hires-strategies/v1/presets/of an intruder"),
    ("DELETE", "/hires-strategies/v1/presets/of an intruder"),
]
WRONG = [None, ("ann", "wrong"), ("bob", "secret"), ("eve", "secret"), ("ann", ""), ("", ""), ("ánn", "sécret")]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A WebUI with --api-auth ann:secret,bob:hidden: WEBUI_WITH_AUTH where that is set, else a workbench."""
    if "WEBUI_WITH_AUTH" in os.environ:
        yield os.environ["WEBUI_WITH_AUTH"]
        return
    folder = tmp_path_factory.mktemp("locked")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--data-dir", str(folder), "--nowebui", "--api-auth", "ann:secret,bob:hidden"]
    log = folder / "log.txt"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [sys.executable, str(Path(WORKBENCH) / "__main__.py"), *options], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_it_runs(server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(timeout=30)


def ask(url: str, route: tuple[str, str], auth: tuple[str, str] | None) -> requests.Response:
    """A valid request; names and passwords as UTF-8, which requests does not do by itself."""
    body = {"strategies": ["None x2"]} if route[0] in ("POST", "PUT") else None
    encoded = None if auth is None else tuple(part.encode() for part in auth)
    return requests.request(route[0], url + route[1], json=body, auth=encoded, timeout=60)  # type: ignore[arg-type]


@pytest.mark.parametrize("route", OURS, ids=" ".join)
def test_who_is_not_let_in_by_the_host_is_not_let_in_by_us(locked: str, route: tuple[str, str]) -> None:
    for auth in WRONG:
        ours, theirs = ask(locked, route, auth), ask(locked, THEIRS, auth)
        assert ours.status_code == 401, auth
        if theirs.status_code == 401:  # the host's own comparison cannot take other letters than ASCII
            assert ours.json() == theirs.json()
            assert ours.headers.get("WWW-Authenticate") == theirs.headers.get("WWW-Authenticate")


@pytest.mark.parametrize("auth", [("ann", "secret"), ("bob", "hidden")])
def test_every_user_of_the_host_is_let_in(locked: str, auth: tuple[str, str]) -> None:
    assert ask(locked, THEIRS, auth).status_code == 200
    for route in OURS:
        assert ask(locked, route, auth).status_code == 200, route


def test_an_intruder_changes_nothing(locked: str) -> None:
    ask(locked, ("PUT", "/hires-strategies/v1/presets/of an intruder"), ("ann", "wrong"))
    assert "of an intruder" not in ask(locked, OURS[1], ("ann", "secret")).json()
