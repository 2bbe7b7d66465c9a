"""A refused strategy as an answer of the host's API."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI

from hires_strategies.errors import StrategyError


def test_it_is_answered_and_goes_no_further() -> None:
    """Forge handles exceptions at the very edge alone, where they end the connection after the answer."""
    from hires_strategies.webui.hooks import Refused

    app = FastAPI()

    @app.post("/sdapi/v1/txt2img")
    def txt2img() -> None:
        raise Refused(StrategyError("Unknown upscaler 'Latnt'.", 1, 1))

    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app)  # raises what leaves the app
        async with httpx.AsyncClient(transport=transport, base_url="http://webui") as client:
            return await client.post("/sdapi/v1/txt2img")

    answer = asyncio.run(post())
    assert answer.status_code == 422
    assert answer.json()["detail"] == "Line 1, column 1: Unknown upscaler 'Latnt'."


def test_it_is_still_the_error_it_was() -> None:
    from hires_strategies.webui.hooks import Refused

    error = StrategyError("'scale' is 99.", 2, 3, field="scale")
    refused = Refused(Refused(error))
    assert isinstance(refused, StrategyError)
    assert (str(refused), refused.line, refused.column, refused.field) == (str(error), 2, 3, "scale")
    assert (refused.status_code, refused.detail) == (422, str(error))  # what A1111's API reads
