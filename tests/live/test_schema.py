"""schemathesis against our own part of the host's OpenAPI document: whatever it sends, the server stays whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from tests.live.client import WebUI, same
from tests.properties import examples

V1 = "/hires-strategies/v1"


@pytest.fixture(scope="module")
def own_part(webui: WebUI) -> Iterator[Any]:
    """The document's part; presets that the run leaves behind are deleted, and the host generates as before."""
    before = webui.txt2img("Nearest x2").images[0]
    kept = set(webui.get(f"{V1}/presets"))
    yield schemathesis.openapi.from_url(f"{webui.url}/openapi.json").include(path_regex=f"^{V1}/")
    for name in set(webui.get(f"{V1}/presets")) - kept:
        requests.delete(f"{webui.url}{V1}/presets/{quote(name, safe='')}", timeout=60).raise_for_status()
    assert same(webui.txt2img("Nearest x2").images[0], before)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/plan"),
        ("GET", "/upscalers"),
        ("GET", "/presets"),
        ("PUT", "/presets/{name}"),
        ("DELETE", "/presets/{name}"),
        ("GET", "/schema"),
    ],
)
def test_no_answer_is_a_server_error(own_part: Any, method: str, path: str) -> None:
    """Valid and invalid requests; every answer is one that the document names."""
    operation = own_part[f"{V1}{path}"][method]

    @settings(max_examples=examples(100), database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in GenerationMode)))
    def send(case: Any) -> None:
        response = case.call(timeout=60)
        case.validate_response(
            response, checks=[not_a_server_error, response_schema_conformance, status_code_conformance]
        )
        if response.status_code >= 400:
            assert response.json()["detail"]

    send()
