"""The argument object: whatever is sent is refused in a sentence, or read and planned as POST /plan plans it."""

from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.json_schema import ARGUMENT, STAGE, argument_schema
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.stage_options import OPTIONS
from hires_strategies.value_kinds import Kind, Name, Number, Text
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.generation.request import Request, read_arguments, read_plan
from tests.properties import examples

HOST = Vocabulary(
    ("Latent", "Latent (nearest-exact)", "None", "Lanczos", "R-ESRGAN 4x+"),
    ("Euler", "Euler a", "DPM++ 2M"),
    ("Automatic", "Karras"),
    Limits(variants=8),
)
_VALIDATOR = jsonschema.Draft202012Validator(argument_schema())


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> str:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return base64.b64encode(data.getvalue()).decode()


SMALL = encoded(Image.new("RGB", (16, 8), "red"))

# Values near to what is allowed, and anything at all.
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def _values_of(kind: Kind) -> st.SearchStrategy[Any]:
    """Good and bad values of an option."""
    if isinstance(kind, Number):
        return st.sampled_from([kind.low, kind.high, kind.low - 1, kind.high + 1, kind.low + 0.5, "2"])
    if isinstance(kind, Name):
        return st.sampled_from([*HOST.names(kind.of), "Eular", ""])
    return st.text(max_size=5) if isinstance(kind, Text) else st.booleans()


_stage_values: dict[str, st.SearchStrategy[Any]] = {
    "upscaler": st.sampled_from(HOST.upscalers) | st.sampled_from(["Direct", "latent", "", "R-ESRGAN  4x+"]),
    "scale": st.sampled_from([2, 1.5, 0.01, 16, 16.1, 0, -1, True, "2"]),
    "width": st.sampled_from([64, 8, 1, 0, 9000, 64.0]),
    "height": st.sampled_from([64, 100, 7]),
    "denoising_strength": st.sampled_from([0.5, 0.95, 1, 1e-9, 0, 1.01, "0.5"]),
    "start_sigma": st.sampled_from([1.5, 0.6, 0, -1, True, "1.5"]),
    **{option.field: _values_of(option.kind) for option in OPTIONS},
}
assert list(_stage_values) == [field.name for field in STAGE]
_common = st.fixed_dictionaries(
    {"upscaler": _stage_values["upscaler"], "scale": _stage_values["scale"]},
    optional={name: values for name, values in _stage_values.items() if name not in ("upscaler", "scale")},
)
_good_stages = st.fixed_dictionaries(
    {
        "upscaler": st.sampled_from(HOST.upscalers),
        "scale": st.sampled_from([2, 1.5, 0.75]),
        "denoising_strength": st.sampled_from([0.5, 0.95, 1]),
    },
    optional={"steps": st.sampled_from([1, 20]), "sampler": st.sampled_from(HOST.samplers)},
)
_stages = st.one_of(
    _good_stages, _good_stages, _common, st.dictionaries(st.sampled_from([*_stage_values, "step"]), _json, max_size=3)
)
_texts = st.sampled_from(
    ["Latent x2 @0.7", "Latent x2 @{0.95,1} > None x2", "None x16 > None x16", "Latent x2", "Latnt x2", "", "Direct x2",
     "Lanczos x{1..9}", "{Latent x2 @0.5", "None 100x50", 'None x2 @0.5 [prompt "a\u2028b"]', "x",
     "None x2 @1 [cfg 99]"]
)  # fmt: skip
_strategy = st.one_of(
    _texts, st.fixed_dictionaries({"stages": st.lists(_stages, min_size=1, max_size=3)}), st.text(max_size=10)
)
_argument_values: dict[str, st.SearchStrategy[Any]] = {
    "strategies": st.one_of(_strategy, st.lists(_strategy, max_size=3), _json),
    "stages": st.booleans() | _json,
    "first_pass": st.booleans() | _json,
    "sheet": st.booleans() | _json,
    "crops": st.sampled_from(["differences", "whole", "half"]),
    "reuse_first_pass": st.booleans() | st.just("yes"),
    "detail": st.sampled_from(["first", "every", "all", True]),
    "first_pass_image": st.sampled_from([SMALL, "data:image/png;base64," + SMALL, "abc", SMALL[:40], ""]),
    "folder": st.sampled_from(["/pictures", "C:\\pictures", "..", ""]),
    "results": st.sampled_from(["output folder", "beside the originals", "elsewhere"]),
    "again": st.booleans() | _json,
    "picture_texts": st.booleans() | _json,
}
assert list(_argument_values) == [field.name for field in ARGUMENT]
_good_switches = {name: st.booleans() for name in ("stages", "first_pass", "sheet", "reuse_first_pass")}
argument_objects = st.one_of(
    st.fixed_dictionaries({"strategies": _strategy}, optional=_good_switches),
    st.fixed_dictionaries({"strategies": st.lists(_strategy, min_size=1, max_size=3)}, optional=_good_switches),
    st.fixed_dictionaries({}, optional=_argument_values),
    st.dictionaries(st.sampled_from([*_argument_values, "strategy"]) | st.text(max_size=5), _json, max_size=3),
)
_FIRST_PASS = {
    "width": 128,
    "height": 64,
    "steps": 15,
    "sampler_name": "Euler",
    "scheduler": "Automatic",
    "cfg_scale": 7,
}


@settings(max_examples=examples(10_000), suppress_health_check=list(HealthCheck))
@given(argument_objects)
def test_any_object_is_refused_in_a_sentence_or_planned_as_plan_says(argument: dict[str, Any]) -> None:
    try:
        request = read_arguments([argument], HOST)
    except StrategyError as error:
        assert_sentence(error)
        return
    assert isinstance(request, Request)
    _VALIDATOR.validate(argument)
    assert read_arguments([json.dumps(argument)], HOST) == request
    first_pass = FirstPass(128, 64, 15, "Euler", "Automatic", 7)
    try:
        made = make_plan(request.strategies, first_pass, HOST.limits)
    except StrategyError as error:
        assert_sentence(error)
        with pytest.raises(StrategyError) as caught:
            read_plan({"strategies": argument["strategies"], **_FIRST_PASS}, HOST)
        assert str(caught.value) == str(error)
        return
    assert read_plan({"strategies": argument["strategies"], **_FIRST_PASS}, HOST) == made


def assert_sentence(error: StrategyError) -> None:
    """It reads as one, can be sent, and does not repeat all that was sent."""
    text = str(error)
    assert text.endswith((".", "?")), text
    assert len(text.encode()) < 2000, text


@settings(max_examples=examples(500))
@given(st.one_of(_json, _texts))
def test_any_first_argument_is_refused_in_a_sentence_or_read(first: object) -> None:
    try:
        request = read_arguments([first], HOST)
    except StrategyError as error:
        assert_sentence(error)
    else:
        assert request is None if first in (None, False) else isinstance(request, Request)


@settings(max_examples=examples(1000))
@given(st.dictionaries(st.sampled_from(["strategies", *_FIRST_PASS, "step"]), _json | _texts | st.integers(0, 600)))
def test_any_plan_body_is_refused_in_a_sentence_or_planned(body: dict[str, Any]) -> None:
    try:
        read_plan(body, HOST)
    except StrategyError as error:
        assert_sentence(error)


def test_all_forms_of_one_request() -> None:
    """The page's values, the object and its JSON text."""
    start = ["first pass", None, True, "", "output folder", False]
    page = [True, "Latent x2 @0.7\nLanczos x2", True, False, True, "whole", False, False, *start, "every"]
    from_page = read_arguments(page, HOST)
    sent = {
        "strategies": ["Latent x2 @0.7", "Lanczos x2"],
        "stages": True,
        "sheet": True,
        "crops": "whole",
        "reuse_first_pass": False,
        "detail": "every",
    }
    assert from_page == read_arguments([sent], HOST) == read_arguments([json.dumps(sent)], HOST)
    assert from_page is not None and from_page.crops == "whole"
    assert read_arguments(page[:8], HOST) == replace(from_page, detail=None)  # a list from an earlier page
    assert read_arguments(["Latent x2 @0.7"], HOST) == read_arguments([{"strategies": "Latent x2 @0.7"}], HOST)


@pytest.mark.parametrize("arguments", [[], [False], [None], [False, "Latnt"]])
def test_a_section_left_alone_reads_nothing(arguments: list[object]) -> None:
    assert read_arguments(arguments, HOST) is None


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ({"strategies": "Latent x2 @0.7", "stage": True}, ["'stage'", "stages", "first_pass_image"]),
        ({"strategies": "Latent x2 @0.7", "stages": 1}, ["'stages'", "true or false", "found 1"]),
        ({"strategies": "Latent x2 @0.7", "crops": "half"}, ["'crops'", "'differences' or 'whole'", "'half'"]),
        ({"stages": True}, ["'strategies' is missing"]),
        ({}, ["'strategies' is missing"]),
        ("{}", ["'strategies' is missing"]),
        ("", ["empty"]),
        (" \n", ["empty"]),
        ("\ud800", ["UTF-8"]),
        ({"strategies": ""}, ["'strategies'", "found ''"]),
        (7, ["found 7"]),
        ('{"strategies": "Latent x2 @0.7", "a": 1}', ["Unknown key 'a'"]),
        ("{" * 100_000, ["nested"]),
        ('{"a":' * 10_000, ["nested"]),
        ("None x2 @0.5 [" + "9" * 5000 + " steps]", ["9"]),
        ({"strategies": "Latent x2 @0.7", "first_pass_image": ""}, ["'first_pass_image'", "base64"]),
        (
            {"strategies": "Latent x2 @0.7", "first_pass_image": "http://localhost/a.png"},
            ["'first_pass_image'", "base64"],
        ),
        ({"strategies": "Latent x2 @0.7", "first_pass_image": "aGVsbG8="}, ["'first_pass_image'", "no image"]),
        ({"strategies": "Latent x2 @0.7", "first_pass_image": SMALL[:60]}, ["'first_pass_image'"]),
    ],
)
def test_what_is_refused(argument: object, words: list[str]) -> None:
    with pytest.raises(StrategyError) as caught:
        read_arguments([argument], HOST)
    assert_sentence(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("text", ["Lanczos x2", '{"strategies": "Lanczos x2"}', "x2", "None x2 > None x1.5 > None x2"])
def test_letters_are_a_text_in_place_of_a_list(text: str) -> None:
    """As the host gives them: one for each of the eight arguments, the rest completed."""
    page = [False, "Latent x2 @0.7", False, False, False, "differences", True, False]
    with pytest.raises(StrategyError) as caught:
        read_arguments([*text[:8], *page[len(text) :]], HOST)
    assert_sentence(caught.value)
    assert "'args' has to be a list, [\"Latent x2 @0.7\"] for example, and not a text" in str(caught.value)
    assert repr(text[:8]) in str(caught.value)


@pytest.mark.parametrize("size", [(9000, 16), (16, 4)])
def test_an_image_that_does_not_fit(size: tuple[int, int]) -> None:
    argument = {"strategies": "None x2", "first_pass_image": encoded(Image.new("RGB", size))}
    with pytest.raises(StrategyError, match=f"'first_pass_image' has {size[0]}x{size[1]} pixels.*from 8 to 8000"):
        read_arguments([argument], HOST)


def test_a_picture_with_its_text_upright_and_on_white() -> None:
    image = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    image.putpixel((0, 0), (255, 0, 0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    request = read_arguments([{"strategies": "None x2", "first_pass_image": encoded(image, exif=exif)}], HOST)
    assert request is not None and request.first_pass_image is not None
    assert request.first_pass_image.size == (10, 20)
    assert request.first_pass_image.getpixel((9, 0)) == (255, 0, 0)
    assert request.first_pass_image.getpixel((0, 19)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("strategy", "size"),
    [
        ("Latent x2 @0.5", (264, 256)),
        ("Lanczos x2 @0.5", (264, 256)),
        ("Latent x1.5 @0.5 > Latent x1.5 @0.5", (300 // 8 * 8, 192 * 1.5)),
        ("Lanczos 200x200 @0.5", (200, 200)),
        ("Direct x2", (264, 256)),
        ("None x2", (270, 256)),
    ],
)
def test_plan_scales_the_size_that_was_asked_for_as_hires_fix_does(strategy: str, size: tuple[int, int]) -> None:
    """The first pass itself comes out at 128x128."""
    last = read_plan({"strategies": strategy, "width": 135, "height": 128}, HOST).stages[-1]
    assert (last.width, last.height) == size


def test_plan_takes_txt2img_names_and_defaults() -> None:
    plan = read_plan({"strategies": "Latent x2 @{0.95,1}", "steps": 15}, HOST)
    assert (plan.first_pass.width, plan.first_pass.height, len(plan.stages)) == (512, 512, 1)
    assert read_plan({"strategies": "Latent x2 @0.5"}, HOST).first_pass.steps == 50
    both = read_plan({"strategies": "Latent x2 @0.5", "sampler_name": "DPM++ 2M Karras"}, HOST).first_pass
    assert (both.sampler, both.scheduler) == ("DPM++ 2M", "Karras")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["'strategies' is missing"]),
        ([], ["Expected an object", "strategies, width, height, steps, sampler_name, scheduler, cfg_scale"]),
        ({"strategies": "None x2", "sampler": "Euler"}, ["Unknown key 'sampler'", "sampler_name"]),
        ({"strategies": "None x2", "sampler_name": "Eular"}, ["'Eular'", "'Euler'"]),
        ({"strategies": "None x2", "scheduler": "Karas"}, ["'Karas'", "'Karras'"]),
        ({"strategies": "None x2", "width": 4}, ["'width' has to be at least 8, found 4 in 4x512."]),
        ({"strategies": "None x2", "height": 7}, ["'height' has to be at least 8, found 7 in 512x7."]),
        ({"strategies": "None x2", "steps": 0}, ["'steps'", "1 to 150", "found 0"]),
        ({"strategies": "None x2", "width": "512"}, ["'width'", "'512'"]),
        ({"strategies": "None x2 > None x16"}, ["column 11", "8000"]),
    ],
)
def test_plan_refuses(body: object, words: list[str]) -> None:
    with pytest.raises(StrategyError) as caught:
        read_plan(body, HOST)
    for word in words:
        assert word in str(caught.value)
