"""The one grammar of the text box, API, X/Y/Z plot and infotext: text <-> Strategy.

    strategy = stage { " > " stage }
    stage    = upscaler " " size [" @" strength] [" [" option { "; " option } "]"]
    strength = denoising_strength | "sigma " start_sigma | "auto" ["!"] [("+" | "-") number]
    size     = "x" number | WIDTH "x" HEIGHT
    option   = N "steps" | "sampler" name | "scheduler" name | "cfg" number | "prompt" json-string
             | "negative" json-string | "prompt+" json-string | "negative+" json-string | "networks off" | ...

One strategy per line; `{a,b}` and `{from..to..by}` give several (see braces.py). `parse(format_strategy(s)) == s`.
A name that contains one of `{ } > , : @ [ ] ; "` is written as a JSON string. The options are the rows of
stage_options.
"""

from __future__ import annotations

from typing import Any

from hires_strategies.auto import EXAMPLES as AUTO_EXAMPLES
from hires_strategies.auto import WORD as AUTO
from hires_strategies.auto import read_auto
from hires_strategies.errors import StrategyError
from hires_strategies.limits import MAX_STAGES, MAX_TEXT
from hires_strategies.lines import split_lines
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.vocabulary import ANYTHING, Vocabulary
from hires_strategies.wording import found, shorten

from .braces import expand, too_many
from .literals import NUMBER, format_name, format_number, read_name, read_number
from .options import Places, Values, format_options, read_options
from .source import Source
from .stage_source import StageSource, cut_stage, cut_strategy

SIGMA = "sigma"  # the word after '@' before a start sigma
_EXAMPLE = "The text is empty: write a strategy, for example 'Latent x2 @0.7'."


def parse(text: str, vocabulary: Vocabulary = ANYTHING) -> list[Strategy]:
    """The strategies that a text expands to, in the order written.

    Raises StrategyError with line and column for a text that is empty, does not follow the grammar, uses a name that
    `vocabulary` does not have, or gives more strategies than its limits allow.
    """
    if len(text) > MAX_TEXT:
        raise StrategyError(f"A strategy text may have at most {MAX_TEXT} characters, found {len(text)}.", 1, 1)
    most = vocabulary.limits.variants
    strategies: list[Strategy] = []
    for number, line in enumerate(split_lines(text), start=1):
        if not line.strip():
            continue
        try:
            variants = expand(Source.of(line), most)
            if len(strategies) + len(variants) > most:
                raise too_many(most)
            strategies += [_read_strategy(variant, number, vocabulary) for variant in variants]
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
    return " ".join(text for text in head_texts(stage) if text) + format_options(stage)


def head_texts(stage: Stage) -> tuple[str, str, str, str]:
    """Upscaler, size, denoising strength and start sigma as written; "" for what is not given."""
    size = format_size(stage.scale, stage.width, stage.height)
    strength = format_denoising(stage.denoising_strength)
    return format_name(stage.upscaler), size, strength, format_sigma(stage.start_sigma)


def format_size(scale: float | None, width: object, height: object) -> str:
    """'x2', or '1024x1536' if there is no scale."""
    return f"{width}x{height}" if scale is None else f"x{format_number(scale)}"


def format_denoising(strength: float | str | None) -> str:
    if strength is None:
        return ""
    return f"@{strength if isinstance(strength, str) else format_number(strength)}"


def format_sigma(sigma: float | None) -> str:
    return "" if sigma is None else f"@{SIGMA} {format_number(sigma)}"


def read_strength(source: Source) -> dict[str, float | int | str]:
    """`denoising_strength` or `start_sigma`, from what stands after an '@'."""
    sigma = sigma_within(source)
    if sigma is None:
        return {"denoising_strength": read_denoising(source)}
    if not NUMBER.fullmatch(sigma.text):
        raise sigma.error(f"Expected a start sigma after '@{SIGMA}', 1.5 for example, {found(sigma.text)}.")
    return {"start_sigma": read_number(sigma)}


def sigma_within(source: Source) -> Source | None:
    """What stands after the word that makes it a start sigma; None for anything else after an '@'."""
    text = source.text
    if text == SIGMA or (text.startswith(SIGMA) and text[len(SIGMA)].isspace()):
        return source[len(SIGMA) :].strip()
    return None


def read_denoising(source: Source) -> float | int | str:
    """The denoising strength after an '@'. Raises StrategyError for anything but a number and the word for one."""
    if source.text.startswith(AUTO):
        return _read_auto(source)
    matched = NUMBER.match(source.text)
    if matched and source.text[matched.end() : matched.end() + 1].isspace():
        rest = source[matched.end() :].strip()
        raise rest.error(
            f"Expected '[', '>' or the end of the line after '@{shorten(matched[0])}', {found(rest.text)}."
        )
    if not matched or matched.end() < len(source.text):
        text = source.text
        hint = f" A start sigma is written '@{SIGMA} 1.5'." if text.lower().startswith(SIGMA) else ""
        raise source.error(f"Expected a denoising strength after '@', 0.7 for example, {found(text)}.{hint}")
    return read_number(source)


def _read_auto(source: Source) -> str:
    found_auto = read_auto(source.text)
    if found_auto is None:
        raise source.error(f"Expected {AUTO_EXAMPLES} after '@', {found(source.text)}.")
    return found_auto.text


def read_size(cut: StageSource) -> dict[str, float | int]:
    """`scale`, or `width` and `height`, of a stage's text."""
    sides = {"scale": cut.scale, "width": cut.width, "height": cut.height}
    return {name: read_number(source) for name, source in sides.items() if source is not None}


def _read_strategy(line: Source, number: int, vocabulary: Vocabulary) -> Strategy:
    stages: list[Stage] = []
    places: list[tuple[int, int]] = []
    for text in cut_strategy(line):
        if len(stages) == MAX_STAGES:
            raise text.error(f"A strategy may have at most {MAX_STAGES} stages.")
        stages.append(_read_stage(text, vocabulary))
        places.append((number, text.column(0)))
        if stages[-1].is_direct and len(stages) > 1:
            raise text.error("'Direct' starts from noise, so it can only be the first stage.")
    return Strategy(tuple(stages), tuple(places))


def _read_stage(text: Source, vocabulary: Vocabulary) -> Stage:
    cut = cut_stage(text)
    values: dict[str, Any] = read_size(cut)
    if cut.denoising is not None:
        values |= read_strength(cut.denoising)
    options, places = read_options(cut.options, vocabulary) if cut.options is not None else _NO_OPTIONS
    try:
        stage = Stage(read_name(cut.upscaler), **values, **options)
        vocabulary.check_name("upscaler", stage.upscaler)
    except StrategyError as error:
        raise error.at(1, {**_places(cut, text), **places}.get(error.field or "", text.column(0))) from None
    return stage


_NO_OPTIONS: tuple[Values, Places] = ({}, {})


def _places(cut: StageSource, text: Source) -> Places:
    """The column of each part of a stage's head; for a missing denoising strength, where it would go."""
    size = cut.scale or cut.width
    assert size is not None
    places = {"upscaler": cut.upscaler.column(0), "scale": size.column(0), "width": size.column(0)}
    places["height"] = cut.height.column(0) if cut.height else size.column(0)
    end = cut.height or size
    behind = end.column(len(end.text))
    strength = cut.denoising.column(0) if cut.denoising is not None else behind
    return {**places, "denoising_strength": strength, "start_sigma": strength}
