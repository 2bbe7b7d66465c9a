"""What one generation asks for: the page's values, a text, or the API's object -> Request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any

from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.json_text import object_in
from hires_strategies.notation.json_form import read_strategies
from hires_strategies.notation.json_schema import ARGUMENT, CROPS, PLAN, RESULTS, check_object, is_text
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.tree import check_first_pass, make_plan
from hires_strategies.running.encoded_image import decode_image, flattened
from hires_strategies.strategy import Strategy
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.files import remembered_file
from hires_strategies.webui.host.forks.trained_size import trained_side
from hires_strategies.webui.host.sigmas import Schedules
from hires_strategies.wording import short

from . import start_from

BESIDE = RESULTS[1]
# The page's values after its tick, in this order; and the place of its last argument, after what it starts from.
KEYS = ("strategies", "stages", "first_pass", "sheet", "crops", "reuse_first_pass")
DETAIL = start_from.FIRST + len(start_from.NAMES)


@dataclass(frozen=True)
class Request:
    """A ticked section: the strategies in the order written, and what else to return.

    `detail`: which variants go through what the host and other scripts do to each finished image; None: as set.
    `first_pass_image` is a picture to start from instead of a first pass; its `info` may hold generation parameters.
    `picture_texts`: they come before the generation's own (True), are not read (False), or fill in what that leaves
    open (None). `folder`: the path of a folder of such pictures; `results` and `again` say where its results go, and
    whether what is done is done again. `written`: the strategies' text, None if they are not all texts.
    """

    strategies: tuple[Strategy, ...]
    stages: bool = False
    first_pass: bool = False
    sheet: bool = False
    crops: str = CROPS[0]
    reuse_first_pass: bool = True
    detail: str | None = None
    first_pass_image: Image | None = None
    picture_texts: bool | None = None
    folder: str | None = None
    results: str = RESULTS[0]
    again: bool = False
    written: str | None = field(default=None, compare=False)


def read_arguments(arguments: Sequence[Any], vocabulary: Vocabulary) -> Request | None:
    """The request in an always-on script's arguments, or None if the section is not ticked.

    `arguments[0]` is the page's tick (the page's other values follow, in the order of KEYS), a strategy text, an object
    with the keys of json_schema.ARGUMENT, or the JSON text of such an object. Raises StrategyError for anything else.
    """
    _check_list(arguments)
    first = arguments[0] if arguments else False
    if first is None or first is False:
        return None
    if first is True:
        values = dict(zip(KEYS, arguments[1:], strict=False))
        values |= {"detail": arguments[DETAIL]} if len(arguments) > DETAIL else {}
        if isinstance(values.get("strategies"), str):
            _some_text(values["strategies"])
        return _from_object({**values, **start_from.read(arguments)}, vocabulary)
    if isinstance(first, str):
        value = object_in(first)
        return _from_object({"strategies": _some_text(first)} if value is None else value, vocabulary)
    if isinstance(first, Mapping):
        return _from_object(first, vocabulary)
    raise StrategyError(f"The argument has to be true, false, a strategy text or an object, found {short(first)}.")


def read_plan(body: Any, vocabulary: Vocabulary) -> Plan:
    """The plan that POST /plan is asked for: the strategies and, under txt2img's names, their first pass."""
    values = check_object(body, PLAN)
    strategies = read_strategies(values["strategies"], vocabulary)
    defaults = {key.name: key.schema.get("default") for key in PLAN}
    first: dict[str, Any] = {key: values.get(key, default) for key, default in defaults.items()}
    sampler, scheduler = _sampler(first["sampler_name"], first["scheduler"], vocabulary)
    rules, size = vocabulary.size_rules, (first["width"], first["height"])
    for key, side in zip(("width", "height"), size, strict=True):
        if side < rules.smallest:
            raise StrategyError(f"'{key}' has to be at least {rules.smallest}, found {side} in {size[0]}x{size[1]}.")
    width, height = rules.requested(size)
    first_pass = FirstPass(
        width, height, first["steps"], sampler, scheduler, first["cfg_scale"],
        size_rules=rules, distilled_cfg=first["distilled_cfg_scale"], checkpoint=vocabulary.checkpoint,
        tile=trained_side(),
    )  # fmt: skip
    starts = replace(Schedules().starts, remembered=remembered_file().lookup())
    made = make_plan(strategies, first_pass, vocabulary.limits, starts)
    if made.needs_first_pass:
        check_first_pass(first_pass, vocabulary.limits)
    return made


def _sampler(sampler: str | None, scheduler: str | None, names: Vocabulary) -> tuple[str | None, str | None]:
    """The names as in the host's lists: txt2img accepts "DPM++ 2M Karras" for a sampler with its schedule type."""
    for label in names.schedulers:
        if sampler and sampler not in names.samplers and sampler.endswith(f" {label}"):
            sampler, scheduler = sampler.removesuffix(f" {label}"), label
    if sampler is not None:
        names.check_name("sampler", sampler)
    if scheduler is not None:
        names.check_name("scheduler", scheduler)
    return sampler, scheduler


def _check_list(arguments: Sequence[Any]) -> None:
    """Raise StrategyError for single letters: from a text instead of a list the host makes one argument per letter."""
    letters = list(takewhile(lambda value: isinstance(value, str) and len(value) == 1, arguments))
    if len(letters) > 1:
        raise StrategyError(
            f"'args' has to be a list, [\"Latent x2 @0.7\"] for example, and not a text, found one that begins with "
            f"{''.join(letters)!r}."
        )


def _from_object(values: Mapping[str, Any], vocabulary: Vocabulary) -> Request:
    if values.get("folder") and values.get("first_pass_image"):
        raise StrategyError("'folder' and 'first_pass_image' both say what to start from: leave one of them out.")
    pages = values.get("first_pass_image")
    if isinstance(pages, Image):  # the page's own picture, which is no text
        values = {key: value for key, value in values.items() if key != "first_pass_image"}
    checked = check_object(values, ARGUMENT)
    given = checked["strategies"]
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    if texts and all(isinstance(text, str) for text in texts):
        checked["written"] = "\n".join(texts)
    checked["strategies"] = read_strategies(given, vocabulary)
    if isinstance(pages, Image):
        checked["first_pass_image"] = flattened(pages, vocabulary.sides, "The image")
    elif "first_pass_image" in checked:
        checked["first_pass_image"] = decode_image(checked["first_pass_image"], vocabulary.sides, "first_pass_image")
    if "folder" in checked:
        checked.setdefault("picture_texts", True)
    return Request(**checked)


def _some_text(text: str) -> str:
    if not text.strip():
        raise StrategyError("The text is empty: write a strategy, for example 'Latent x2 @0.7'.", 1, 1)
    if not is_text(text):
        raise StrategyError(f"The strategy is no text that can be written as UTF-8: {short(text)}.")
    return text
