"""The workbench's server, as "Reload UI" makes it anew while pages ask."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import httpx
from fastapi import FastAPI


def test_errors_are_answered_by_a_server_that_was_asked_before_it_was_complete(api):
    from modules.api import _wire

    app = FastAPI()

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://here") as page:
            assert (await page.get("/fails")).status_code == 404
            _wire.install(app)

            @app.get("/fails")
            def fails() -> None:
                raise ValueError("as asked")

            return await page.get("/fails")

    with ThreadPoolExecutor(1) as thread:  # beside the loop that a browser's tests leave running
        answer = thread.submit(asyncio.run, ask()).result()
    assert (answer.status_code, answer.json()["errors"]) == (500, "as asked")
