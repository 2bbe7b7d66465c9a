"""What the host's OpenAPI page says about each route, with examples: arguments of FastAPI's add_api_route."""

from __future__ import annotations

from typing import Any

from hires_strategies.notation.json_schema import PLAN as PLAN_FIELDS
from hires_strategies.notation.json_schema import PRESET as PRESET_FIELDS
from hires_strategies.notation.json_schema import object_schema

_PLAN_BODY = {
    "strategies": ["Latent x2 @{0.5,0.7} > R-ESRGAN 4x+ x2"],
    "width": 512,
    "height": 768,
    "steps": 20,
    "sampler_name": "DPM++ 2M",
    "scheduler": "Karras",
}
_PRESET_BODY = {"strategies": ["Latent x2 @0.7", "R-ESRGAN 4x+ x2 @0.35"]}
_TEXTS = {"type": "array", "items": {"type": "string"}}
_NUMBER = {"type": "number"}
_INDEX = {"type": "integer"}
_ERRORS = {
    401: "The user or the password is wrong (with --api-auth only)",
    404: "There is no such preset (or a line break in its name)",
    413: "The body is larger than 256 KB",
    422: "A sentence that names the key, the value and what is allowed",
}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _or_null(schema: dict[str, Any], why: str) -> dict[str, Any]:
    """Leaves out the type: OpenAPI 3.0 and 3.1 each write "or null" in a way that the other does not know."""
    return {"description": f"{schema['type'].capitalize()}, or null {why}."}


def _answers(schema: dict[str, Any], example: Any, *errors: int) -> dict[int, dict[str, Any]]:
    """The documented answers: 200 with this schema, and those errors."""
    detail = {"application/json": {"schema": _object(detail={"type": "string"})}}
    refused = {status: {"description": _ERRORS[status], "content": detail} for status in (401, *errors)}
    good = {"description": "Done", "content": {"application/json": {"schema": schema, "example": example}}}
    return {200: good, **refused}


def _body(schema: dict[str, Any], example: Any) -> dict[str, Any]:
    content = {"application/json": {"schema": _for_openapi(schema), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def _for_openapi(schema: Any) -> Any:
    """The schema without what OpenAPI 3.0 writes differently; it also allows the value 0, which is refused anyway."""
    if isinstance(schema, dict):
        renamed = {"exclusiveMinimum": "minimum"}
        return {renamed.get(key, key): _for_openapi(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_for_openapi(each) for each in schema]
    return schema


_STAGE = _object(
    text={"type": "string"},
    parent=_or_null(_INDEX, "where the stage starts from the first pass, else an index into 'stages'"),
    width=_INDEX,
    height=_INDEX,
    steps=_INDEX,
    denoising_strength=_or_null(_NUMBER, "without sampling, for Direct, and if it is not known beforehand"),
    start_sigma=_or_null(_NUMBER, "without sampling, from noise alone, and if it is not known beforehand"),
    to_find={"type": "boolean", "description": "Whether the denoising strength is still to be found: '@auto'."},
    found=_or_null(
        _object(denoising_strength=_NUMBER, start_sigma=_NUMBER, remembered={"type": "boolean"}),
        "for a denoising strength that was given or is still to be found",
    ),
    cost=_NUMBER,
)
_MERGE = _object(variant={"type": "string"}, same_as={"type": "string"})
_PLAN_ANSWER = _object(
    variants=_TEXTS,
    last_stages={"type": "array", "items": _INDEX},
    merges={"type": "array", "items": _MERGE},
    stages={"type": "array", "items": _STAGE},
    cost={**_NUMBER, "description": "In first passes, the plan's own included."},
    searches={"type": "integer", "minimum": 0, "description": "How many denoising strengths are looked for."},
    model_changes={"type": "integer", "minimum": 0, "description": "How often the stages load another model."},
    seconds=_or_null(_NUMBER, "until this machine has run something like it"),
    less_memory={
        **_TEXTS,
        "description": "Sentences on what will be done with less memory, because this machine's was too little before.",
    },
)
# Optional: the least that the cost may become, where stages may turn out equal once their strengths are found.
_PLAN_ANSWER["properties"]["cost_from"] = _NUMBER
_PLAN_EXAMPLE = {
    "variants": ["Latent x2 @0.5", "Latent x2 @0.7"],
    "last_stages": [0, 1],
    "merges": [],
    "stages": [
        {
            "text": f"Latent x2 @{strength}",
            "width": 1024,
            "height": 1536,
            "steps": 20,
            "denoising_strength": strength,
            "start_sigma": sigma,
            "to_find": False,
            "found": None,
            "cost": 4.0,
        }
        for strength, sigma in ((0.5, 1.1817), (0.7, 3.8213))
    ],
    "cost": 9.0,
    "searches": 0,
    "model_changes": 0,
}
_PRESET = _object(strategies=_TEXTS, builtin={"type": "boolean"})
# Optional: a sentence that says why the file's entry of this name is skipped.
_PRESET["properties"]["error"] = {"type": "string"}
_UPSCALER = _object(name={"type": "string"}, latent={"type": "boolean"})
_UPSCALER["properties"]["from"] = {"type": "string", "enum": ["torch", "Pillow"]}  # of those the host does not list

PLAN: dict[str, Any] = {
    "summary": "What strategies would do and cost",
    "openapi_extra": _body(object_schema(PLAN_FIELDS), _PLAN_BODY),
    "responses": _answers(_PLAN_ANSWER, _PLAN_EXAMPLE, 413, 422),
}
UPSCALERS: dict[str, Any] = {
    "summary": "Upscalers that a stage can name",
    "responses": _answers(
        {"type": "array", "items": _UPSCALER},
        [{"name": "Latent", "latent": True}, {"name": "R-ESRGAN 4x+", "latent": False}],
    ),
}
PRESETS: dict[str, Any] = {
    "summary": "All presets",
    "responses": _answers(
        {"type": "object", "additionalProperties": _PRESET},
        {"Latent 2x": {"strategies": ["Latent x2 @0.7"], "builtin": True}},
        422,
    ),
}
PUT_PRESET: dict[str, Any] = {
    "summary": "Add or overwrite a preset",
    "openapi_extra": _body(object_schema(PRESET_FIELDS), _PRESET_BODY),
    "responses": _answers(
        _object(name={"type": "string"}, strategies=_TEXTS), {"name": "My two", **_PRESET_BODY}, 404, 413, 422
    ),
}
DELETE_PRESET: dict[str, Any] = {
    "summary": "Remove a preset",
    "responses": _answers(_object(deleted={"type": "string"}), {"deleted": "My two"}, 404, 422),
}
FORGET_MEMORY_NEEDS: dict[str, Any] = {
    "summary": "Try whole again what did not fit into memory with the loaded model",
    "responses": _answers(_object(forgotten={"type": "integer", "minimum": 0}), {"forgotten": 2}, 422),
}
SCHEMA: dict[str, Any] = {
    "summary": "JSON Schema of the argument object",
    "responses": _answers({"type": "object"}, {"type": "object"}),
}
VERSION: dict[str, Any] = {
    "summary": "The extension's version",
    "responses": _answers(_object(version={"type": "string"}), {"version": "1.2.3"}),
}
