"""Our own routes under /hires-strategies/v1, next to the host's /sdapi/v1 and with the same authentication.

Handlers read the body themselves, and the documented schemas are ours, so that pydantic 1 and 2 behave the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from modules import shared
from starlette.concurrency import run_in_threadpool

from hires_strategies import __version__
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_schema import PRESET, argument_schema, check_object
from hires_strategies.planning.answer import as_dict
from hires_strategies.strategy import LATENT_UPSCALERS
from hires_strategies.webui.files import preset_file, timing_file
from hires_strategies.webui.generation.learnt_times import model_kind
from hires_strategies.webui.generation.less_memory import foreseen_here, forget_here
from hires_strategies.webui.generation.request import read_plan
from hires_strategies.webui.host.forks.upscalers import whose
from hires_strategies.webui.host.lists import builtin_presets, host_vocabulary
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.webui.settings import limits

from . import openapi as document
from .auth import host_auth

PREFIX = "/hires-strategies/v1"
MAX_BODY = 256 * 1024  # bytes


def register(_demo: Any, app: FastAPI) -> None:
    """Add the routes; called by the host's on_app_started. Without --api (or --nowebui) there are none."""
    options = shared.cmd_opts
    if not (options.api or options.nowebui):
        return
    dependencies = [Depends(host_auth(options.api_auth))] if options.api_auth else []
    for method, path, handler, described in _ROUTES:
        app.add_api_route(
            PREFIX + path,
            handler,
            methods=[method],
            dependencies=dependencies,
            response_class=JSONResponse,
            tags=["Hires strategies"],
            **described,
        )


async def plan(request: Request) -> JSONResponse:
    """What strategies would do after a first pass: variants, stages with sizes and start sigmas, what merges, cost."""
    return await _answer(request, plan_answer)


def plan_answer(body: Any) -> dict[str, Any]:
    """The answer of POST /plan. Loads no model: start sigmas are the loaded one's, else Stable Diffusion 1's."""
    made = read_plan(body, host_vocabulary(limits()))
    images = int(body.get("batch_size", 1))
    timing = timing_file()
    seconds = timing.estimate(made, model_kind(), images)
    return {
        **as_dict(made, Schedules().start, timing.evaluations()),
        "seconds": None if seconds is None else round(seconds, 2),
        "less_memory": foreseen_here(made, images),
    }


def version() -> JSONResponse:
    """Which version of this extension runs."""
    return JSONResponse({"version": __version__})


def upscalers() -> JSONResponse:
    """The upscalers that a stage can name: the latent ones first, then the host's list.

    One that the host does not list says in "from" whose it is.
    """
    names = host_vocabulary(limits()).upscalers
    listed = [{"name": name, "latent": name in LATENT_UPSCALERS} for name in names]
    return JSONResponse([{**each, "from": of} if (of := whose(str(each["name"]))) else each for each in listed])


def list_presets() -> JSONResponse:
    """All presets by name; those with "builtin": true came with the extension and cannot be changed.

    An entry of the file that is not a preset has a sentence in "error"; its strategies are what the name means
    without that entry, usually none.
    """
    return _checked(_all_presets)


async def put_preset(name: str, request: Request) -> JSONResponse:
    """Add or overwrite one of the user's presets."""

    def save(body: Any) -> dict[str, Any]:
        strategies = check_object(body, PRESET)["strategies"]
        saved = preset_file().save(name, strategies)
        return {"name": saved, "strategies": list(preset_file().all()[saved])}

    return await _answer(request, save)


def delete_preset(name: str) -> JSONResponse:
    """Remove one of the user's presets."""

    def delete() -> dict[str, Any]:
        file = preset_file()
        if not file.has(name):
            raise HTTPException(status_code=404, detail=f"There is no preset '{name}'.")
        file.delete(name)
        return {"deleted": name}

    return _checked(delete)


def forget_memory_needs() -> JSONResponse:
    """Forget what did not fit into memory with the loaded model, so that the next run tries it whole again."""
    return _checked(lambda: {"forgotten": forget_here()})


def schema() -> JSONResponse:
    """JSON Schema of the object that txt2img's alwayson_scripts["Hires strategies"]["args"][0] may be."""
    return JSONResponse(argument_schema())


def _all_presets() -> dict[str, Any]:
    file = preset_file()
    found: dict[str, Any] = {
        name: {"strategies": list(texts), "builtin": builtin}
        for each, builtin in ((builtin_presets(), True), (file.all(), False))
        for name, texts in each.items()
    }
    for entry in file.bad_entries():
        name = entry.name.encode("utf-8", "backslashreplace").decode("utf-8")  # a lone surrogate cannot be sent
        found.setdefault(name, {"strategies": [], "builtin": False})["error"] = entry.error
    return found


async def _answer(request: Request, work: Callable[[Any], dict[str, Any]]) -> JSONResponse:
    """What `work` makes of the body, run off the event loop so as not to hold up other requests."""
    body = await _read_json(request)
    return await run_in_threadpool(_checked, lambda: work(body))


def _checked(work: Callable[[], dict[str, Any]]) -> JSONResponse:
    try:
        return JSONResponse(work())
    except StrategyError as error:
        raise HTTPException(status_code=422, detail=str(error)) from None


async def _read_json(request: Request) -> Any:
    """The body. One that is too large is read to its end but not kept: a client still sending would miss the answer."""
    body, size = bytearray(), 0
    async for part in request.stream():
        size += len(part)
        if size <= MAX_BODY:
            body += part
    if size > MAX_BODY:
        raise HTTPException(status_code=413, detail=f"The body has {size} bytes, and {MAX_BODY} (256 KB) is the most.")
    try:
        return json.loads(bytes(body))
    except (ValueError, RecursionError) as error:
        raise HTTPException(status_code=422, detail=f"The body is no JSON: {error}.") from None


Handler = Callable[..., Any]  # gives a JSONResponse or an awaitable one: FastAPI's own type has only the latter
_ROUTES: tuple[tuple[str, str, Handler, dict[str, Any]], ...] = (
    ("POST", "/plan", plan, document.PLAN),
    ("GET", "/upscalers", upscalers, document.UPSCALERS),
    ("GET", "/presets", list_presets, document.PRESETS),
    ("PUT", "/presets/{name:path}", put_preset, document.PUT_PRESET),
    ("DELETE", "/presets/{name:path}", delete_preset, document.DELETE_PRESET),
    ("DELETE", "/memory-needs", forget_memory_needs, document.FORGET_MEMORY_NEEDS),
    ("GET", "/schema", schema, document.SCHEMA),
    ("GET", "/version", version, document.VERSION),
)
