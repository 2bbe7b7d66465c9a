"""A refusal as an answer of the host's API: what leaves the app closes the connection, which a program may go on using.

A1111, reForge and Classic answer every exception in a middleware. Forge and Neo have no such middleware: they answer an
HTTPException as any FastAPI app, and others at the app's edge, where Starlette raises them again after the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from hires_strategies.errors import NoPicture, StrategyError

FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 5, "steps": 2, "width": 64, "height": 64}
NO_FOLDER = {"strategies": ["None x2"], "folder": "/there/is/no/such/folder"}


def answered_at_the_edge(request: Request, error: Exception) -> JSONResponse:
    """Forge's and Neo's handler (webui.py, _handle_exception)."""
    told = vars(error)
    content = {"error": type(error).__name__, "detail": told.get("detail", ""), "message": str(error)}
    return JSONResponse(content, int(told.get("status_code", 500)))


@pytest.fixture(params=["in a middleware", "at the edge"])
def post(request: Any, api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., httpx.Response]:
    """POST of txt2img; what leaves the app is raised here."""
    from modules import call_queue
    from modules.api import _wire
    from modules.api.api import Api

    app = FastAPI()
    if request.param == "at the edge":
        app.add_exception_handler(Exception, answered_at_the_edge)
        monkeypatch.setattr(_wire, "install", lambda app: None)
    Api(app, call_queue.queue_lock)

    def post(**fields: Any) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport, base_url="http://webui", timeout=60) as client:
                return await client.post("/sdapi/v1/txt2img", json={**FIELDS, **fields})

        return asyncio.run(send())

    return post


def section(argument: Any) -> dict[str, Any]:
    return {"alwayson_scripts": {"Hires strategies": {"args": [argument]}}}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (section("Latnt x2 @0.7"), "Line 1, column 1: Unknown upscaler 'Latnt'."),
        (section({"strategies": []}), "strategies"),
        (section({"strategy": "None x2"}), "strategy"),
        (section("None x16 > None x16 > None x16"), "longest side"),
        (section(NO_FOLDER), "/there/is/no/such/folder"),
    ],
)
def test_it_is_answered_and_goes_no_further(post: Callable[..., httpx.Response], fields: Any, said: str) -> None:
    answer = post(**fields)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_refusal_that_is_only_known_in_the_sampling(
    post: Callable[..., httpx.Response], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.webui.generation.job import Job

    def run_batch(*_: Any) -> Any:
        raise StrategyError("The first pass gave 3 pictures, and 1 was expected.")

    monkeypatch.setattr(Job, "run_batch", run_batch)
    answer = post(**section("None x2"))
    assert (answer.status_code, answer.json()["detail"]) == (422, "The first pass gave 3 pictures, and 1 was expected.")


def test_an_axis_of_a_plot(post: Callable[..., httpx.Response]) -> None:
    from modules import scripts

    plot = next(each for each in scripts.scripts_data if each.script_class.__module__.startswith("xyz_grid"))
    labels = [option.label for option in plot.module.axis_options]
    strategy, nothing = labels.index("[Hires] Strategy"), labels.index("Nothing")
    x, none = [strategy, "Latnt x2 @0.7", []], [nothing, "", []]
    arguments = [*x, *none, *none, False, True, False, False, False, False, False, 0, True]
    answer = post(script_name="x/y/z plot", script_args=arguments)
    assert answer.status_code == 422
    assert "Unknown upscaler 'Latnt'" in answer.json()["detail"]


def test_it_is_still_the_error_it_was() -> None:
    from hires_strategies.webui.refusal import ended

    error = StrategyError("'scale' is 99.", 2, 3, field="scale")
    for same in (ended(error), ended(ended(error)), deepcopy(ended(error))):
        assert isinstance(same, StrategyError)
        assert (str(same), same.line, same.column, same.field) == (str(error), 2, 3, "scale")
        assert vars(same)["status_code"] == 422 and vars(same)["detail"] == str(error)  # what A1111's API reads


def test_a_generation_without_a_picture_is_an_answer_too() -> None:
    from hires_strategies.webui.refusal import ended

    failed = deepcopy(ended(NoPicture("Hires strategies: 'Direct x2' failed: no memory.")))
    assert isinstance(failed, NoPicture)
    assert str(failed) == vars(failed)["detail"] == "Hires strategies: 'Direct x2' failed: no memory."
    assert vars(failed)["status_code"] == 500
