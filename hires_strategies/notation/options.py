"""What is written in a stage's square brackets, [20 steps; sampler DPM++ 2M; prompt "..."], according to the rows of
stage_options."""

from __future__ import annotations

from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.stage_options import EXAMPLES, OPTIONS, Option
from hires_strategies.strategy import Stage
from hires_strategies.value_kinds import Flag, Name, Number, Text
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.worded import Worded
from hires_strategies.wording import found

from .literals import NUMBER, format_name, format_number, format_string, read_name, read_number, read_string
from .source import Source

Values = dict[str, Any]  # by field of Stage
Places = dict[str, int]  # field of Stage -> column

_EXPECTED = f"Expected an option ({EXAMPLES}), "
_LONGEST_WORD_FIRST = sorted(OPTIONS, key=lambda option: -len(option.word))


def read_options(options: list[Source], vocabulary: Vocabulary) -> tuple[Values, Places]:
    """The fields of Stage that the options name, and the columns of their values."""
    values: Values = {}
    places: Places = {}
    for source in options:
        option, value = find_option(source)
        if option.field in values:
            raise source.error(f"'{option.word}' stands here twice.")
        try:
            vocabulary.check_option(option)
        except StrategyError as error:
            raise error.at(1, source.column(0)) from None
        values[option.field], places[option.field] = read_value(option, value, vocabulary), value.column(0)
    return values, places


def find_option(source: Source) -> tuple[Option, Source]:
    """The row of an option, and its value as written. Raises StrategyError for a text that is not an option."""
    text = source.text
    for option in _LONGEST_WORD_FIRST:
        if text == option.word or (text.startswith(option.word) and text[len(option.word)].isspace()):
            value = source[len(option.word) :].strip()
            if not option.value_first:
                return option, value
            hint = f" Did you mean '{option.written(value.text)}'?" if NUMBER.fullmatch(value.text) else ""
            raise source.error(f"{_EXPECTED}{found(text)}.{hint}")
    for option in _LONGEST_WORD_FIRST:
        for word in (option.word, option.word.removesuffix("s")):
            if option.value_first and text.endswith(word) and text[: -len(word)] != text[: -len(word)].rstrip():
                return option, source[: len(text) - len(word)].strip()
    raise source.error(f"{_EXPECTED}{found(text)}.")


def read_value(option: Option, value: Source, vocabulary: Vocabulary) -> Any:
    """The value of an option. Its range is checked by Stage, a name here."""
    where = f"{'before' if option.value_first else 'after'} '{option.word}'"
    if isinstance(option.kind, Number):
        if option.kind.bare is not None and value.text in ("", option.kind.bare):
            return option.kind.bare
        if not NUMBER.fullmatch(value.text):
            number = f"a number or '{option.kind.bare}'" if isinstance(option.kind.bare, str) else "a number"
            raise value.error(f"Expected {number} {where}, {found(value.text)}.")
        return read_number(value)
    if isinstance(option.kind, Flag):
        if value:
            raise value.error(f"Expected ';' or ']' {where}, {found(value.text)}.")
        return True
    if isinstance(option.kind, Text):
        if not value.text.startswith('"') or not value.text.endswith('"'):
            raise value.error(f"Expected a text in quotation marks {where}, {found(value.text)}.")
        return read_string(value)
    if isinstance(option.kind, Worded):
        if not option.kind.accepts(value.text):
            raise value.error(f"Expected {option.kind.allowed} {where}, {found(value.text)}.")
        return value.text
    if not value:
        raise value.error(f"Expected a name {where}, found nothing.")
    name = read_name(value)
    try:
        return vocabulary.known_as(option, name)
    except StrategyError as error:
        raise error.at(1, value.column(0)) from None


def format_value(option: Option, value: Any) -> str:
    """An option's value as written, "" where its word alone says it; `read_value` reads it back."""
    if isinstance(option.kind, Flag):
        return ""
    if isinstance(option.kind, Number):
        return "" if value == option.kind.bare else format_number(value)
    if isinstance(option.kind, Worded):
        return str(value)
    return _format_name(option, value) if isinstance(option.kind, Name) else format_string(value)


def _format_name(option: Option, name: str) -> str:
    """A name, in quotation marks also where it would make another option of this one: a refiner called "at dawn"."""
    written = format_name(name)
    return written if find_option(Source.of(option.written(written)))[0] is option else format_string(name)


def format_options(stage: Stage) -> str:
    """The options of a stage in brackets, with a leading space; "" if it has none."""
    return bracketed([text for text in option_texts(stage).values() if text])


def bracketed(options: list[str]) -> str:
    """Written options in brackets, with a leading space."""
    return f" [{'; '.join(options)}]" if options else ""


def option_texts(stage: Stage) -> dict[str, str]:
    """Every option as written, by its field; "" if the stage does not give it."""
    texts = {}
    for option in OPTIONS:
        value = getattr(stage, option.field)
        texts[option.field] = "" if value is None else option.written(format_value(option, value))
    return texts
