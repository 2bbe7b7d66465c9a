"""Requests and answers of the API."""

from __future__ import annotations

import dataclasses
from typing import Any, get_type_hints

from pydantic import BaseModel, create_model

from modules.processing import StableDiffusionProcessingTxt2Img


def _request_fields() -> dict[str, tuple[Any, Any]]:
    """A field for everything that a txt2img job may be given."""
    kinds = get_type_hints(StableDiffusionProcessingTxt2Img)
    return {
        field.name: (kinds[field.name], None if field.default is dataclasses.MISSING else field.default)
        for field in dataclasses.fields(StableDiffusionProcessingTxt2Img)
        if field.init and field.name != "sd_model"
    }


_request: dict[str, Any] = {
    **_request_fields(),
    "sampler_index": (str | None, "Euler"),
    "script_name": (str | None, None),
    "script_args": (list, []),
    "send_images": (bool, True),
    "save_images": (bool, False),
    "alwayson_scripts": (dict, {}),
    "infotext": (str | None, None),
}
StableDiffusionTxt2ImgProcessingAPI: Any = create_model("StableDiffusionProcessingTxt2Img", **_request)


class TextToImageResponse(BaseModel):
    """`images` as base64; `info` is Processed.js()."""

    images: list[str] | None = None
    parameters: dict
    info: str


class ProgressRequest(BaseModel):
    """Query of /progress."""

    skip_current_image: bool = False


class ProgressResponse(BaseModel):
    """`progress` from 0 to 1."""

    progress: float
    eta_relative: float
    state: dict
    current_image: str | None = None
    textinfo: str | None = None
    current_task: str | None = None


class PNGInfoRequest(BaseModel):
    """An image as base64."""

    image: str


class PNGInfoResponse(BaseModel):
    """Its infotext, its other texts, and the infotext's fields."""

    info: str
    items: dict = {}
    parameters: dict = {}


class ScriptArg(BaseModel):
    """An argument of a script."""

    label: str | None = None
    value: Any | None = None
    minimum: Any | None = None
    maximum: Any | None = None
    step: Any | None = None
    choices: list[str] | None = None


class ScriptInfo(BaseModel):
    """A script."""

    name: str | None = None
    is_alwayson: bool | None = None
    is_img2img: bool | None = None
    args: list[ScriptArg]


class ScriptsList(BaseModel):
    """The names of the scripts."""

    txt2img: list | None = None
    img2img: list | None = None
