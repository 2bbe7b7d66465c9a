"""The one grammar of text box, API, X/Y/Z plot and infotext: text <-> Strategy.

    strategy = stage { " > " stage }
    stage    = upscaler " " size [" @" denoising_strength] [" [" option { "; " option } "]"]
    size     = "x" number | WIDTH "x" HEIGHT
    option   = N "steps" | "sampler" name | "scheduler" name | "cfg" number | "prompt" json-string
             | "negative" json-string

One strategy a line; `{a,b}` and `{from..to..by}` stand for several (see braces.py). `parse(format_strategy(s)) == s`.
A name that holds one of the signs `{ } > , : @ [ ] ; "` is written as a JSON string.
"""

from __future__ import annotations

import re

from hires_strategies.errors import StrategyError
from hires_strategies.limits import DEFAULT_LIMITS, MAX_STAGES, Limits
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import ANY_NAMES, Names
from hires_strategies.wording import found, shorten

from .braces import expand, too_many
from .literals import NUMBER, format_name, format_number, read_name, read_number, refuse_special
from .options import Places, Values, format_options, parse_options
from .source import JSON_STRING, Located, outside_strings

# A size begins at a word's beginning or right after a quoted name. The two spaces around the 'x' of '1024 x 1536' stand
# or fall together, so that the name 'ScuNET 2' can have the size 'x2'.
_SIZE = rf'(?<![^\s"])(?:[x×X]\s*(?P<scale>{NUMBER.pattern})|(?P<width>\d+)(?:[x×X]|\s+[x×X]\s+)(?P<height>\d+))'
_SIZE_AT_END = re.compile(_SIZE + r"\Z")
_SIZE_WITHIN = re.compile(_SIZE + r"(?=\s)")
_LONGEST_SIDE = 9  # digits; int() refuses thousands of them
_EXAMPLE = "The text is empty: write a strategy, for example 'Latent x2 @0.7'."


def parse(text: str, names: Names = ANY_NAMES, limits: Limits = DEFAULT_LIMITS) -> list[Strategy]:
    """The strategies that a text stands for, in the order written.

    Raises StrategyError with line and column for a text that is empty, does not follow the grammar, uses a name that
    `names` does not have, or stands for more strategies than `limits.variants`.
    """
    strategies: list[Strategy] = []
    # Not splitlines(), which also splits at signs that start no new line in a text box.
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        if not line.strip():
            continue
        try:
            variants = expand(Located.of(line), limits.variants)
            if len(strategies) + len(variants) > limits.variants:
                raise too_many(limits.variants)
            strategies += [_parse_strategy(variant, number, names) for variant in variants]
        except StrategyError as error:
            raise StrategyError(error.message, number, error.column or 1, field=error.field) from None
    if not strategies:
        raise StrategyError(_EXAMPLE, 1, 1)
    return strategies


def format_strategy(strategy: Strategy) -> str:
    """The canonical text of a strategy: one line."""
    return " > ".join(format_stage(stage) for stage in strategy.stages)


def format_stage(stage: Stage) -> str:
    """The canonical text of a stage."""
    size = f"x{format_number(stage.scale)}" if stage.scale is not None else f"{stage.width}x{stage.height}"
    sampled = f" @{format_number(stage.denoising_strength)}" if stage.denoising_strength is not None else ""
    return f"{format_name(stage.upscaler)} {size}{sampled}{format_options(stage)}"


def _parse_strategy(line: Located, number: int, names: Names) -> Strategy:
    stages: list[Stage] = []
    places: list[tuple[int, int]] = []
    for part in line.split_outside_strings(">"):
        text = part.strip()
        if not text:
            raise part.error("A stage is missing here: '>' stands between two stages.")
        if len(stages) == MAX_STAGES:
            raise text.error(f"A strategy may have at most {MAX_STAGES} stages.")
        stages.append(_parse_stage(text, names))
        places.append((number, text.column(0)))
        if stages[-1].is_direct and len(stages) > 1:
            raise text.error("'Direct' starts from noise, so it can only be the first stage.")
    return Strategy(tuple(stages), tuple(places))


def _parse_stage(text: Located, names: Names) -> Stage:
    head, options_text = _split_options(text)
    refuse_special(head, ",:", "One strategy a line, stages between '>'.")
    at = next((index for index, character in outside_strings(head) if character == "@"), None)
    name, values, places = _parse_name_and_size(head[:at].strip(), text)
    places["denoising_strength"] = head.column(len(head.text))
    if at is not None:
        _, after = head.partition(at)
        values["denoising_strength"] = _parse_denoising_strength(after)
        places["denoising_strength"] = after.column(0)
    if options_text is not None:
        options, option_places = parse_options(options_text, names)
        values.update(options)
        places.update(option_places)
    try:
        stage = Stage(name, **values)  # type: ignore[arg-type]
        names.check_upscaler(name)
    except StrategyError as error:
        raise error.at(1, places.get(error.field or "", text.column(0))) from None
    return stage


def _split_options(text: Located) -> tuple[Located, Located | None]:
    """The text before the options, and what stands between their brackets."""
    brackets = [(index, character) for index, character in outside_strings(text) if character in "[]"]
    if not brackets:
        return text, None
    opened, sign = brackets[0]
    if sign == "]":
        raise text.error("This ']' has no '[' before it.", opened)
    closed = next((index for index, character in brackets if character == "]"), None)
    if closed is None:
        raise text.error("This '[' has no ']' after it.", opened)
    rest = text[closed + 1 :].strip()
    if rest:
        raise rest.error(f"Expected '>' or the end of the line after ']', {found(rest.text)}.")
    return text[:opened].strip(), text[opened + 1 : closed]


def _parse_name_and_size(text: Located, stage: Located) -> tuple[str, Values, Places]:
    """`text` is the beginning of `stage`, up to its '@' or its options."""
    quoted = JSON_STRING.match(text.text)
    size = _SIZE_AT_END.search(text.text, quoted.end() if quoted else 0)
    if not size:
        raise _no_size(text, stage[len(text.text) :].strip())
    name = text[: size.start()].strip()
    if not name:
        raise text.error(f"Expected an upscaler before the size, 'Latent x2' for example, {found(text.text)}.")
    values: Values = {}
    start = size.start("scale") if size["scale"] else size.start("width")
    if size["scale"]:
        values["scale"] = read_number(size["scale"])
    elif max(len(size["width"]), len(size["height"])) <= _LONGEST_SIDE:
        values["width"], values["height"] = int(size["width"]), int(size["height"])
    else:
        raise text.error(f"No side is that long, {found(size[0])}.", start)
    column = text.column(start)
    return read_name(name), values, {"scale": column, "width": column, "height": column, "upscaler": name.column(0)}


def _no_size(text: Located, following: Located) -> StrategyError:
    """The error for an upscaler without a size at its end, by what stands there instead."""
    if not text:
        return following.error(f"Expected an upscaler and a size, 'Latent x2' for example, {found(following.text)}.")
    within = list(_SIZE_WITHIN.finditer(text.text))
    if within and within[-1].start():
        rest = text[within[-1].end() :].strip()
        hint = f" Did you mean '@{rest.text}'?" if NUMBER.fullmatch(rest.text) and not following else ""
        return rest.error(
            f"Expected '@', '[', '>' or the end of the line after '{within[-1][0]}', {found(rest.text)}.{hint}"
        )
    last = text.text.split()[-1]
    begun = re.fullmatch(rf"({NUMBER.pattern})[x×X]", last)
    if begun and last != text.text:
        hint = f" Did you mean 'x{begun[1]}'?" if len(begun[1]) < 3 or "." in begun[1] else ""
        where = len(text.text) - len(last)
        return text.error(f"Expected a size, 'x2' or '1024x1536' for example, {found(last)}.{hint}", where)
    return following.error(
        f"Expected a size after '{shorten(text.text)}', 'x2' or '1024x1536' for example, {found(following.text)}."
    )


def _parse_denoising_strength(text: Located) -> float | int:
    number = NUMBER.match(text.text)
    if number and text.text[number.end() : number.end() + 1].isspace():
        rest = text[number.end() :].strip()
        raise rest.error(f"Expected '[', '>' or the end of the line after '@{shorten(number[0])}', {found(rest.text)}.")
    if not number or number.end() < len(text.text):
        raise text.error(f"Expected a denoising strength after '@', 0.7 for example, {found(text.text)}.")
    return read_number(number[0])
