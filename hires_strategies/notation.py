"""The one grammar of text box, API, X/Y/Z plot and infotext: text <-> Strategy.

    strategy = stage { " > " stage }
    stage    = upscaler " " size [" @" denoising_strength] [" [" option { "; " option } "]"]
    size     = "x" number | WIDTH "x" HEIGHT
    option   = N "steps" | "sampler" name | "scheduler" name | "cfg" number | "prompt" json-string
             | "negative" json-string

One strategy a line; `{a,b}` and `{from..to..by}` stand for several (see braces.py). `parse(format_strategy(s)) == s`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal

from .braces import JSON_STRING, Located, expand, outside_strings, plain, too_many
from .errors import StrategyError
from .limits import DEFAULT_LIMITS, Limits
from .names import ANY_NAMES, Names
from .strategy import Stage, Strategy

_STAGE = re.compile(
    r"""(?P<name>"(?:[^"\\\n]|\\.)*"|.*?)
        (?:(?<=\s)|(?<="))\s*
        (?:[x×X]\s*(?P<scale>-?\d*\.?\d+)|(?P<width>\d+)\s*[x×X]\s*(?P<height>\d+))
        \s*(?:@\s*(?P<denoising>.*?))?\s*""",
    re.VERBOSE,
)
_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_SPECIAL = set('{}>,:@[]"')
_JSON_OPTIONS = ("prompt", "negative")


def parse(text: str, names: Names = ANY_NAMES, limits: Limits = DEFAULT_LIMITS) -> list[Strategy]:
    """The strategies that a text stands for, in the order written.

    Raises StrategyError with line and column for a text that is empty, does not follow the grammar, uses a name that
    `names` does not have, or stands for more strategies than `limits.variants`.
    """
    strategies: list[Strategy] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            for variant in expand(Located.of(line), limits.variants):
                strategies.append(_parse_strategy(variant, number, names))
            if len(strategies) > limits.variants:
                raise too_many(limits.variants)
        except StrategyError as error:
            raise StrategyError(error.message, number, error.column or 1) from None
    if not strategies:
        raise StrategyError("The text is empty: write a strategy, for example 'Latent x2 @0.7'.", 1, 1)
    return strategies


def format_strategy(strategy: Strategy) -> str:
    """The canonical text of a strategy: one line."""
    return " > ".join(format_stage(stage) for stage in strategy.stages)


def format_stage(stage: Stage) -> str:
    """The canonical text of a stage."""
    size = f"x{format_number(stage.scale)}" if stage.scale is not None else f"{stage.width}x{stage.height}"
    text = f"{_format_name(stage.upscaler)} {size}"
    if stage.denoising_strength is not None:
        text += f" @{format_number(stage.denoising_strength)}"
    options = _format_options(stage)
    return f"{text} [{'; '.join(options)}]" if options else text


def format_number(number: float) -> str:
    """The shortest decimal that reads back as the same number: 0.6, 2, 0.00001."""
    return plain(Decimal(repr(number)))


def _format_name(name: str) -> str:
    plain_name = not _SPECIAL & set(name) and " ".join(name.split()) == name and ";" not in name
    return name if plain_name else json.dumps(name, ensure_ascii=False)


def _format_options(stage: Stage) -> list[str]:
    options = []
    if stage.steps is not None:
        options.append(f"{stage.steps} steps")
    for key in ("sampler", "scheduler"):
        value = getattr(stage, key)
        if value is not None:
            options.append(f"{key} {_format_name(value)}")
    if stage.cfg is not None:
        options.append(f"cfg {format_number(stage.cfg)}")
    for key in _JSON_OPTIONS:
        value = getattr(stage, key)
        if value is not None:
            options.append(f"{key} {json.dumps(value, ensure_ascii=False)}")
    return options


def _parse_strategy(line: Located, number: int, names: Names) -> Strategy:
    stages: list[Stage] = []
    places: list[tuple[int, int]] = []
    for part in line.split_outside_strings(">"):
        stage_text = part.strip()
        if not stage_text:
            where = part.column(0) if part else line.column(len(line.text))
            raise StrategyError("A stage is missing here: '>' stands between two stages.", 1, where)
        stages.append(_parse_stage(stage_text, names))
        places.append((number, stage_text.column(0)))
        if stages[-1].is_direct and len(stages) > 1:
            raise StrategyError(
                "'Direct' starts from noise, so it can only be the first stage.", 1, stage_text.column(0)
            )
    return Strategy(tuple(stages), tuple(places))


@dataclass(frozen=True)
class _Head:
    """A stage without its options, taken apart, with the columns that errors point at."""

    name: str
    values: dict[str, float | int]
    size_column: int
    denoising_column: int


def _parse_stage(text: Located, names: Names) -> Stage:
    head_text, options_text = _split_options(text)
    head = _parse_head(head_text)
    _located(text.column(0), names.check_upscaler, head.name)
    options = _parse_options(options_text, names) if options_text is not None else {}
    try:
        return Stage(head.name, **head.values, **options)  # type: ignore[arg-type]
    except StrategyError as error:
        column = head.denoising_column if "denoising" in error.message else head.size_column
        if options_text is not None and "is for sampling" in error.message:
            column = options_text.column(0)
        raise error.at(1, column) from None


def _split_options(text: Located) -> tuple[Located, Located | None]:
    """The text before the options, and what stands between their brackets."""
    opened = next((index for index, character in outside_strings(text) if character == "["), None)
    closed = [index for index, character in outside_strings(text) if character == "]"]
    if opened is None:
        if closed:
            raise StrategyError("This ']' has no '[' before it.", 1, text.column(closed[0]))
        return text, None
    if not closed or closed[0] < opened:
        raise StrategyError("This '[' has no ']' after it.", 1, text.column(opened))
    if text.text[closed[0] + 1 :].strip():
        raise StrategyError(
            f"Expected '>' or the end of the line after ']', found '{text.text[closed[0] + 1 :].strip()}'.",
            1,
            text.column(closed[0] + 1),
        )
    return text[:opened].strip(), text[opened + 1 : closed[0]]


def _parse_head(head: Located) -> _Head:
    for index, character in outside_strings(head):
        if character in ",:":
            raise StrategyError(
                f"Unexpected '{character}'. One strategy a line, stages between '>'; a name that holds '{character}' "
                f"is written in quotation marks.",
                1,
                head.column(index),
            )
    found = _STAGE.fullmatch(head.text)
    if not found or not found["name"].strip():
        raise _no_size(head)
    values: dict[str, float | int] = {}
    if found["scale"]:
        values["scale"] = _number(found["scale"])
        size_column = head.column(found.start("scale"))
    else:
        values["width"], values["height"] = int(found["width"]), int(found["height"])
        size_column = head.column(found.start("width"))
    denoising_column = head.column(len(head.text))
    if found["denoising"] is not None:
        denoising_column = head.column(found.start("denoising") if found["denoising"] else found.end())
        if not _NUMBER.fullmatch(found["denoising"]):
            raise StrategyError(
                f"Expected a denoising strength after '@', 0.7 for example, found '{found['denoising']}'.",
                1,
                denoising_column,
            )
        values["denoising_strength"] = _number(found["denoising"])
    return _Head(_name(found["name"].strip(), head.column(0)), values, size_column, denoising_column)


def _no_size(head: Located) -> StrategyError:
    before_at = head.text.split("@")[0].rstrip() if not head.text.startswith('"') else head.text
    if not before_at or re.fullmatch(r"[x×X]?\s*[\d.]+([x×X]\d+)?", before_at):
        return StrategyError(
            f"Expected an upscaler and a size, 'Latent x2' for example, found '{head.text}'.", 1, head.column(0)
        )
    last = before_at.split()[-1]
    return StrategyError(
        f"Expected a size after the upscaler, 'x2' or '1024x1536' for example, found '{last}'.",
        1,
        head.column(len(before_at) - len(last)),
    )


def _name(text: str, column: int) -> str:
    if JSON_STRING.fullmatch(text):
        return _json(text, column)
    if '"' in text:
        raise StrategyError(f"Quotation marks stand around a whole name, found '{text}'.", 1, column)
    return " ".join(text.split())


def _json(text: str, column: int) -> str:
    try:
        return json.loads(text)
    except ValueError as error:
        raise StrategyError(f"{text} is no JSON string: {error}.", 1, column) from None


def _number(text: str) -> float | int:
    """A whole number as an int, so that 'x2' and 'x2.0' are the same."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _parse_options(text: Located, names: Names) -> dict[str, float | int | str]:
    options: dict[str, float | int | str] = {}
    for part in text.split_outside_strings(";"):
        option = part.strip()
        if not option:
            raise StrategyError(_EXPECTED_OPTION + "nothing.", 1, part.column(0) if part else text.column(0))
        key, value = _parse_option(option, names)
        if key in options:
            raise StrategyError(f"'{key}' stands here twice.", 1, option.column(0))
        options[key] = value
    return options


_EXPECTED_OPTION = (
    "Expected an option ('20 steps', 'sampler DPM++ 2M', 'scheduler Karras', 'cfg 5', 'prompt \"...\"' or "
    "'negative \"...\"'), found "
)


def _parse_option(option: Located, names: Names) -> tuple[str, float | int | str]:
    column = option.column(0)
    steps = re.fullmatch(r"(\S+)\s+steps?", option.text)
    if steps:
        if not re.fullmatch(r"-?\d+", steps[1]):
            raise StrategyError(f"Steps have to be a whole number, found '{steps[1]}'.", 1, column)
        return "steps", _checked("steps", int(steps[1]), column)
    key, _, rest = option.text.partition(" ")
    value, where = rest.strip(), option.column(len(option.text) - len(rest.lstrip()))
    if key == "cfg":
        if not _NUMBER.fullmatch(value):
            raise StrategyError(f"Expected a number after 'cfg', found '{value}'.", 1, where)
        return key, _checked("cfg", _number(value), where)
    if key in _JSON_OPTIONS:
        if not JSON_STRING.fullmatch(value):
            raise StrategyError(f"Expected a text in quotation marks after '{key}', found '{value}'.", 1, where)
        return key, _json(value, where)
    if key in ("sampler", "scheduler") and value:
        name = _name(value, where)
        _located(where, names.check_sampler if key == "sampler" else names.check_scheduler, name)
        return key, name
    raise StrategyError(_EXPECTED_OPTION + f"'{option.text}'.", 1, column)


def _checked(key: str, value: float | int, column: int) -> float | int:
    """The value if a stage may have it; the error points at it rather than at the stage."""
    _located(column, lambda: Stage("None", scale=1, denoising_strength=1, **{key: value}))  # type: ignore[arg-type]
    return value


def _located(column: int, check, *arguments: str) -> None:  # type: ignore[no-untyped-def]
    try:
        check(*arguments)
    except StrategyError as error:
        raise error.at(1, column) from None
