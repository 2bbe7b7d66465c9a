"""The workbench calls the same hooks in the same order and state, and draws the same noise, as A1111 v1.10.1 did."""

from __future__ import annotations

import json
from pathlib import Path

import host_order
import pytest
import requests

RECORDED = json.loads(host_order.RECORDED.read_text(encoding="utf-8"))
RECORDED_CALLS = json.loads(host_order.RECORDED_CALLS.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def recorded_url(webui_url: str) -> str:
    scripts = requests.get(f"{webui_url}/sdapi/v1/scripts", timeout=60).json()["txt2img"]
    if "recorder" not in scripts:
        pytest.skip("this WebUI has not loaded the extension tests/workbench/recorder")
    return webui_url


@pytest.mark.parametrize("name", host_order.REQUESTS)
def test_a_request_takes_the_course_that_it_takes_on_the_host(recorded_url: str, name: str, tmp_path: Path) -> None:
    course = host_order.record(recorded_url, name, tmp_path)
    assert [line["hook"] for line in course] == [line["hook"] for line in RECORDED[name]]
    for line, on_host in zip(course, RECORDED[name]):
        assert line == on_host, line["hook"]


@pytest.mark.parametrize("name", host_order.CALLS)
def test_a_request_calls_what_it_calls_on_the_host(recorded_url: str, name: str, tmp_path: Path) -> None:
    assert host_order.record_calls(recorded_url, name, tmp_path) == RECORDED_CALLS[name]
