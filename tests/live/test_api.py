"""The routes under /hires-strategies/v1, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from jsonschema import Draft202012Validator

from hires_strategies import __version__
from hires_strategies.notation.json_schema import argument_schema
from tests.live.client import TITLE, Refused, WebUI

V1 = "/hires-strategies/v1"
FIRST = {"width": 128, "height": 128, "steps": 6, "sampler_name": "Euler", "scheduler": "Automatic", "cfg_scale": 5}


@pytest.fixture
def preset(webui: WebUI) -> Iterator[str]:
    """A name that no preset has before or after the test."""
    name = "a test's, d'été #1?"
    yield name
    requests.delete(f"{webui.url}{V1}/presets/{quote(name, safe='')}", timeout=60)


def send(webui: WebUI, method: str, path: str, body: object = None) -> requests.Response:
    data = None if body is None else json.dumps(body).encode()
    return requests.request(method, webui.url + V1 + path, data=data, timeout=60)


def preset_path(name: str) -> str:
    return f"/presets/{quote(name, safe='')}"


@pytest.mark.parametrize(
    "strategies",
    [
        ["Latent x1.5 @{0.95,1} > Lanczos 200x300", "Lanczos x1.3 @0.5 [9 steps; sampler Euler a]", "Direct x1.5"],
        [{"stages": [{"upscaler": "Latent", "scale": 1.5, "denoising_strength": 0.6}]}, "Nearest x1.7"],
    ],
)
def test_the_plan_is_what_runs(webui: WebUI, strategies: list[Any]) -> None:
    plan = webui.post(f"{V1}/plan", {"strategies": strategies, **FIRST})
    answer = webui.txt2img({"strategies": strategies, "stages": True})
    shown = {record["strategy"]: record for record in answer.records if record["kind"] == "variant"}
    merged = {merge["variant"]: merge["same_as"] for merge in plan["merges"]}
    assert [text for text in plan["variants"] if text not in merged] == list(shown)
    for text, last in zip(plan["variants"], plan["last_stages"], strict=True):
        record, stage = shown[merged.get(text, text)], plan["stages"][last]
        assert (record["width"], record["height"]) == (stage["width"], stage["height"])
        assert record["stage"] == stage["text"]
        assert record["start_sigma"] == (stage["start_sigma"] and pytest.approx(stage["start_sigma"], rel=1e-3))
        assert record["error"] is None
        assert record["seconds"] > 0
        steps = 0
        while last is not None:
            steps += plan["stages"][last]["steps"]
            last = plan["stages"][last]["parent"]
        assert record["model_evaluations"] == steps
    others = len(plan["stages"]) - len(set(plan["last_stages"]))
    assert [record["kind"] for record in answer.records].count("stage") == others


def test_the_plan_names_every_stage_once(webui: WebUI) -> None:
    plan = webui.post(f"{V1}/plan", {"strategies": "Latent x2 @{0.95,1}", "steps": 15})
    assert set(plan) == {
        "variants", "last_stages", "merges", "stages", "cost", "searches", "model_changes", "seconds", "less_memory",
    }  # fmt: skip
    assert plan["variants"] == ["Latent x2 @0.95", "Latent x2 @1"]
    assert plan["merges"] == [{"variant": "Latent x2 @1", "same_as": "Latent x2 @0.95"}]
    assert len(plan["stages"]) == 1
    stage = plan["stages"][0]
    assert (stage["parent"], stage["width"], stage["height"], stage["steps"]) == (None, 1024, 1024, 15)
    assert stage["start_sigma"] == pytest.approx(14.6146, abs=1e-3)
    assert plan["cost"] == 5
    assert plan["seconds"] is None or plan["seconds"] > 0


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"strategies": "Latnt x2 @0.7"}, ["Line 1, column 1", "Did you mean 'Latent'?"]),
        ({"strategies": ["Latent x2 @0.7"], "size": 512}, ["Unknown key 'size'", "width, height"]),
        ({"strategies": "None x2", "steps": "20"}, ["'steps'", "whole number from 1 to 150", "'20'"]),
        ({"strategies": {"stages": [{"upscaler": "Latent", "scale": 99}]}}, ["'scale'", "at most 16", "found 99"]),
        ({"strategies": "None x{1..100}"}, ["variants"]),
        (["Latent x2 @0.7"], ["Expected an object"]),
        ({}, ["'strategies' is missing"]),
    ],
)
def test_a_plan_that_cannot_be(webui: WebUI, body: object, words: list[str]) -> None:
    answer = send(webui, "POST", "/plan", body)
    assert answer.status_code == 422
    for word in words:
        assert word in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"strategies": "\\ud800"}'])
def test_what_is_no_json_is_refused(webui: WebUI, body: bytes) -> None:
    answer = requests.post(webui.url + V1 + "/plan", data=body, timeout=60)
    assert answer.status_code == 422
    assert answer.json()["detail"]


@pytest.mark.parametrize(("method", "path"), [("POST", "/plan"), ("PUT", "/presets/large")])
def test_a_body_over_256_kb_is_refused(webui: WebUI, method: str, path: str) -> None:
    largest = {"strategies": ["Latent x2 @0.7"], "x": ""}
    largest["x"] = "x" * (256 * 1024 - len(json.dumps(largest)))
    assert len(json.dumps(largest)) == 256 * 1024
    at_most = send(webui, method, path, largest)
    assert at_most.status_code == 422 and "'x'" in at_most.json()["detail"]
    over = send(webui, method, path, {**largest, "y": 1})
    assert over.status_code == 413
    assert "256 KB" in over.json()["detail"]


def test_upscalers_are_the_hosts_own_names(webui: WebUI) -> None:
    listed = webui.get(f"{V1}/upscalers")
    latent = [each["name"] for each in listed if each["latent"]]
    assert latent == webui.names("latent-upscale-modes") == [each["name"] for each in listed[: len(latent)]]
    assert [each["name"] for each in listed if not each["latent"]] == webui.names("upscalers")


def test_the_life_of_a_preset(webui: WebUI, preset: str) -> None:
    for strategies in (["Latent x2 @0.7"], ["Latent x2 @0.6", "An upscaler of another machine x2"]):
        saved = send(webui, "PUT", preset_path(preset), {"strategies": strategies})
        assert (saved.status_code, saved.json()) == (200, {"name": preset, "strategies": strategies})
        assert webui.get(f"{V1}/presets")[preset] == {"strategies": strategies, "builtin": False}
    assert send(webui, "DELETE", preset_path(preset)).json() == {"deleted": preset}
    assert preset not in webui.get(f"{V1}/presets")
    missing = send(webui, "DELETE", preset_path(preset))
    assert missing.status_code == 404
    assert preset in missing.json()["detail"]


@pytest.mark.parametrize("name", ["../outside", "..\\outside", "/etc/passwd", "a\nb", " ", "x" * 61, "\0"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_presets_name_stays_inside_the_file(webui: WebUI, name: str, method: str) -> None:
    answer = send(webui, method, preset_path(name), {"strategies": ["Latent x2 @0.7"]})
    assert answer.status_code == (404 if "\n" in name else 422)  # no route takes a line break
    assert answer.status_code == 404 or "name" in answer.json()["detail"]


def test_presets_that_came_with_the_extension_stay(webui: WebUI) -> None:
    presets = webui.get(f"{V1}/presets")
    name = next(name for name, preset in presets.items() if preset["builtin"])
    assert send(webui, "PUT", preset_path(name), {"strategies": ["None x2"]}).status_code == 422
    assert send(webui, "DELETE", preset_path(name)).status_code == 422
    assert webui.get(f"{V1}/presets") == presets


@pytest.mark.parametrize(
    "body", [[], {}, {"strategies": []}, {"strategies": "Latent x2"}, {"strategies": ["x"]}, {"a": 1}]
)
def test_a_preset_that_is_none_is_refused(webui: WebUI, preset: str, body: object) -> None:
    assert send(webui, "PUT", preset_path(preset), body).status_code == 422
    assert preset not in webui.get(f"{V1}/presets")


def test_every_preset_can_be_planned(webui: WebUI) -> None:
    known = {upscaler["name"] for upscaler in webui.get(f"{V1}/upscalers")}
    for name, preset in webui.get(f"{V1}/presets").items():
        answer = send(webui, "POST", "/plan", {"strategies": preset["strategies"]})
        unknown = [text for text in preset["strategies"] if "R-ESRGAN 4x+" in text and "R-ESRGAN 4x+" not in known]
        assert answer.status_code == (422 if unknown else 200), name


def test_the_schema_describes_the_argument(webui: WebUI) -> None:
    schema = webui.get(f"{V1}/schema")
    assert schema == argument_schema()
    for example in schema["examples"]:
        Draft202012Validator(schema).validate(example)
    with pytest.raises(Refused):
        webui.txt2img({"strategies": ["Latent x2 @0.7"], "unknown": 1})


def test_the_routes_are_in_the_hosts_document_with_examples_that_work(webui: WebUI) -> None:
    paths = {path: what for path, what in webui.get("/openapi.json")["paths"].items() if path.startswith(V1)}
    assert {(method, path.removeprefix(V1)) for path, what in paths.items() for method in what} == {
        ("post", "/plan"),
        ("get", "/upscalers"),
        ("get", "/presets"),
        ("put", "/presets/{name}"),
        ("delete", "/presets/{name}"),
        ("delete", "/memory-needs"),
        ("get", "/schema"),
        ("get", "/version"),
    }
    for what in paths.values():
        for operation in what.values():
            assert operation["summary"]
            assert "example" in operation["responses"]["200"]["content"]["application/json"]
    plan = paths[f"{V1}/plan"]["post"]["requestBody"]["content"]["application/json"]
    body = plan["example"]
    Draft202012Validator(plan["schema"]).validate(body)
    if "R-ESRGAN 4x+" in webui.names("upscalers"):
        assert webui.post(f"{V1}/plan", body)["variants"]


def test_the_section_is_listed_with_its_arguments(webui: WebUI) -> None:
    sections = [each for each in webui.get("/sdapi/v1/script-info") if each["name"] == TITLE.lower()]
    assert [(each["is_alwayson"], each["is_img2img"]) for each in sections] == [(True, False)]
    assert sections[0]["args"][0]["value"] is False


def test_the_version_is_the_packages(webui: WebUI) -> None:
    assert webui.get("/hires-strategies/v1/version") == {"version": __version__}
