"""One connection outlives a refusal: a program that sends the next request on it gets its answer."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.live.client import BASE, TITLE, WebUI

SMALL = {**BASE, "width": 64, "height": 64, "steps": 1}
REFUSED = {
    "/sdapi/v1/txt2img": {**SMALL, "alwayson_scripts": {TITLE: {"args": ["Latnt x2"]}}},
    "/hires-strategies/v1/plan": {"strategies": "Latnt x2"},
}


@pytest.fixture
def connection(webui: WebUI) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(webui.url)
    opened = http.client.HTTPConnection(str(address.hostname), address.port, timeout=300)
    opened.connect()
    opened.auto_open = 0  # a connection that is closed is an error, and not opened again in silence
    yield opened
    opened.close()


def exchange(connection: http.client.HTTPConnection, path: str, body: Any) -> tuple[int, bool]:
    """The answer's status, and whether it says that the connection ends."""
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.will_close


@pytest.mark.parametrize("path", REFUSED)
def test_the_connection_of_a_refusal_takes_the_next_request(webui: WebUI, connection, path: str) -> None:
    for _ in range(2):
        assert exchange(connection, path, REFUSED[path]) == (422, False)
        assert exchange(connection, "/sdapi/v1/txt2img", webui.traits.sampler_fields(SMALL)) == (200, False)


def test_the_connection_of_a_generation_without_a_picture_takes_the_next_request(webui: WebUI, connection) -> None:
    if "test faults" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/live/faults")
    fault = {"Test faults": {"args": [{"where": "create_sampler", "call": 1}]}}
    direct = {**SMALL, "alwayson_scripts": {TITLE: {"args": ["Direct x1.5"]}, **fault}}
    for fields, status in ((direct, 500), (SMALL, 200)) * 2:
        assert exchange(connection, "/sdapi/v1/txt2img", webui.traits.sampler_fields(fields)) == (status, False)
