"""Exceptions and pictures on the wire: an exception's own `status_code` and `detail` become the answer's."""

from __future__ import annotations

import base64
import io
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import HTTPException
from fastapi.responses import JSONResponse
from PIL import Image, PngImagePlugin
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from modules import errors


def install(app: FastAPI) -> None:
    """Every exception of every route is answered by `_answer`, from the next request on.

    `app.add_middleware`, which the host calls here, fails if a request came since the server was started: after "Reload
    UI" each open page knocks until it is answered.
    """

    async def exception_handling(request: Request, call_next):
        try:
            return await call_next(request)
        except Exception as e:
            return _answer(request, e)

    @app.exception_handler(Exception)
    async def fastapi_exception_handler(request: Request, e: Exception):
        return _answer(request, e)

    @app.exception_handler(HTTPException)
    async def http_exception_handler(request: Request, e: HTTPException):
        return _answer(request, e)

    app.user_middleware.insert(0, Middleware(BaseHTTPMiddleware, dispatch=exception_handling))
    app.middleware_stack = None


def _answer(request: Request, e: Exception) -> JSONResponse:
    own: dict[str, Any] = vars(e)
    told = {name: own.get(name, "") for name in ("detail", "body")}
    error = {"error": type(e).__name__, **told, "errors": str(e)}
    if not isinstance(e, HTTPException):
        errors.report(f"API error: {request.method}: {request.url} {error}", exc_info=True)
    return JSONResponse(status_code=own.get("status_code", 500), content=jsonable_encoder(error))


def encode_png(image: Image.Image) -> str:
    """A PNG as base64, with the texts of image.info."""
    texts = PngImagePlugin.PngInfo()
    for key, value in image.info.items():
        if isinstance(key, str) and isinstance(value, str):
            texts.add_text(key, value)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", pnginfo=texts)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def decode_image(encoding: str) -> Image.Image:
    """The picture of base64 or a data URL. HTTP 500 for anything else, as the host."""
    text = encoding.split(",", 1)[1] if encoding.startswith("data:image/") else encoding
    try:
        return Image.open(io.BytesIO(base64.b64decode(text)))
    except Exception as e:
        raise HTTPException(status_code=500, detail="Invalid encoded image") from e
