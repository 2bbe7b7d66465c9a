"""The keys of the objects that programs send: one table per object, for checks, error messages and the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_STAGES
from hires_strategies.stage_options import BY_FIELD, OPTIONS, PARTS, SIDE_IN_PIXELS, Part
from hires_strategies.value_kinds import Flag
from hires_strategies.wording import short


@dataclass(frozen=True)
class Field:
    """A key of an object. `schema` is its JSON Schema, `allowed` the same in words: "'name' has to be <allowed>"."""

    name: str
    allowed: str
    schema: Mapping[str, Any]
    required: bool = False


TEXT = {"type": "string", "minLength": 1}
YES_OR_NO = {"type": "boolean"}


def _field(part: Part, name: str = "", **more: Any) -> Field:
    """A key for a value of a stage, or for the first pass's value of the same kind."""
    allowed = SIDE_IN_PIXELS if part.field in ("width", "height") else part.kind.allowed
    return Field(name or part.field, allowed, {**part.kind.schema, **more})


STAGE = tuple(replace(_field(part), required=part.field == "upscaler") for part in PARTS)


def object_schema(fields: Sequence[Field], **more: Any) -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of an object with these keys and no others."""
    return {
        "type": "object",
        "properties": {
            field.name: {"description": field.allowed[0].upper() + field.allowed[1:] + ".", **field.schema}
            for field in fields
        },
        "required": [field.name for field in fields if field.required],
        "additionalProperties": False,
        **more,
    }


def _both(option: str, other: str) -> dict[str, Any]:
    """Objects with two keys of which a stage may have only one; a flag that is false does not count."""
    schema: dict[str, Any] = {"required": [option, other]}
    if isinstance(BY_FIELD[option].kind, Flag):
        schema["properties"] = {option: {"const": True}}
    return schema


_APART = (("denoising_strength", "start_sigma"), *((each.field, each.unlike) for each in OPTIONS if each.unlike))
# Either a scale or a width with a height; a latent upscale, known by the upscaler's name, needs sampling.
STAGE_SCHEMA = object_schema(
    STAGE,
    oneOf=[
        {"required": ["scale"], "not": {"anyOf": [{"required": ["width"]}, {"required": ["height"]}]}},
        {"required": ["width", "height"], "not": {"required": ["scale"]}},
    ],
    **{"not": {"anyOf": [_both(*pair) for pair in _APART]}},
)
STRATEGY = (
    Field(
        "stages",
        f"a list of 1 to {MAX_STAGES} objects such as {{'upscaler': 'Latent', 'scale': 2, 'denoising_strength': 0.7}}",
        {"type": "array", "minItems": 1, "maxItems": MAX_STAGES, "items": STAGE_SCHEMA},
        required=True,
    ),
)
STRATEGY_SCHEMA = object_schema(STRATEGY)
CROPS = ("differences", "whole")
DETAIL = ("first", "every")
RESULTS = ("output folder", "beside the originals")  # where those of a folder of pictures go
_STRATEGIES = Field(
    "strategies",
    "a strategy text ('Latent x2 @0.7'), a strategy object ({'stages': [...]}) or a list of those",
    {
        "anyOf": [
            TEXT,
            STRATEGY_SCHEMA,
            {"type": "array", "minItems": 1, "items": {"anyOf": [TEXT, STRATEGY_SCHEMA]}},
        ]
    },
    required=True,
)
# The page's values after its tick are in the order of all but the last.
ARGUMENT = (
    _STRATEGIES,
    Field("stages", "true or false", {**YES_OR_NO, "default": False}),
    Field("first_pass", "true or false", {**YES_OR_NO, "default": False}),
    Field("sheet", "true or false", {**YES_OR_NO, "default": False}),
    Field("crops", "'differences' or 'whole'", {"type": "string", "enum": list(CROPS), "default": CROPS[0]}),
    Field("reuse_first_pass", "true or false", {**YES_OR_NO, "default": True}),
    Field("detail", "'first' or 'every'", {"type": "string", "enum": list(DETAIL)}),
    Field("first_pass_image", "an image as base64 text", {**TEXT, "contentEncoding": "base64"}),
    Field("folder", "the path of a folder of pictures", TEXT),
    Field("results", "'output folder' or 'beside the originals'",
          {"type": "string", "enum": list(RESULTS), "default": RESULTS[0]}),
    Field("again", "true or false", {**YES_OR_NO, "default": False}),
    Field("picture_texts", "true or false", YES_OR_NO),
)  # fmt: skip
# The first pass to plan for, with txt2img's own names and defaults.
FIRST_PASS = (
    _field(BY_FIELD["width"], default=512),
    _field(BY_FIELD["height"], default=512),
    _field(BY_FIELD["steps"], default=50),
    _field(BY_FIELD["sampler"], "sampler_name"),
    _field(BY_FIELD["scheduler"]),
    _field(BY_FIELD["cfg"], "cfg_scale"),
    _field(BY_FIELD["distilled_cfg"], "distilled_cfg_scale"),
)
PLAN = (
    _STRATEGIES,
    *FIRST_PASS,
    Field("batch_size", "a whole number from 1 to 10000",
          {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 1}),
)  # fmt: skip
PRESET = (
    Field("strategies", "a list of one strategy text or more",
          {"type": "array", "minItems": 1, "items": TEXT}, required=True),
)  # fmt: skip


def argument_schema() -> dict[str, Any]:
    """JSON Schema of the argument object of txt2img's "alwayson_scripts"."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Hires strategies",
        **object_schema(ARGUMENT),
        "examples": [{"strategies": ["Latent x2 @0.7 > R-ESRGAN 4x+ x2"], "stages": True}],
    }


def check_object(value: object, fields: Sequence[Field], where: str = "") -> dict[str, Any]:
    """The object, if `fields` allows its keys and values. Raises StrategyError that names the key and the value.

    `where` is the object's own place in what was sent, such as "strategies[0]"; "" for the outermost one. Nested
    objects are not checked here but by whoever reads them.
    """
    at = f"{where}: " if where else ""
    if not isinstance(value, Mapping):
        raise StrategyError(f"{at}Expected an object with the keys {_names(fields)}, found {short(value)}.")
    known = {field.name: field for field in fields}
    for key, one in value.items():
        if key not in known:
            raise StrategyError(f"{at}Unknown key {short(key)}. The keys are: {_names(fields)}.")
        if not fits(one, known[key].schema):
            raise StrategyError(f"{at}'{key}' has to be {known[key].allowed}, found {short(one)}.")
    for field in fields:
        if field.required and field.name not in value:
            raise StrategyError(f"{at}The key '{field.name}' is missing: it has to be {field.allowed}.")
    return dict(value)


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Whether a schema of this module's kind allows a value; items of lists and objects are not checked."""
    if "anyOf" in schema:
        return any(fits(value, each) for each in schema["anyOf"])
    kind = schema["type"]
    if not _KINDS[kind](value):
        return False
    if isinstance(value, str):
        is_of_form = re.search(schema.get("pattern", ""), value) is not None
        return bool(is_of_form and len(value) >= schema.get("minLength", 0) and value in schema.get("enum", (value,)))
    if isinstance(value, (list, tuple)):
        return bool(schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)))
    if kind in ("integer", "number"):
        return _in_range(value, schema)
    return True


def _in_range(value: Any, schema: Mapping[str, Any]) -> bool:
    """NaN is outside every range."""
    return bool(
        value >= schema.get("minimum", value)
        and value > schema.get("exclusiveMinimum", float("-inf"))
        and value <= schema.get("maximum", value)
    )


def is_text(value: object) -> bool:
    """Whether a value is a text that can be encoded as UTF-8; a lone surrogate cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


_KINDS: dict[str, Callable[[object], bool]] = {
    "object": lambda value: isinstance(value, Mapping),
    "array": lambda value: isinstance(value, (list, tuple)),
    "string": is_text,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
}


def _names(fields: Sequence[Field]) -> str:
    return ", ".join(field.name for field in fields)
