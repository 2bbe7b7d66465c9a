"""Cuts a strategy's text into stages, and a stage's text into parts, without reading any value yet.

Braces are left in the parts, so that the page's rows show a text with the very grammar that reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hires_strategies.errors import StrategyError
from hires_strategies.wording import found, shorten

from .literals import NUMBER, refuse_special
from .source import JSON_STRING, Source, outside_groups

# A size begins at the start of a word or right after a quoted name. The spaces around the 'x' of '1024 x 1536' come
# both or not at all, so that the name 'ScuNET 2' can have the size 'x2'.
_SIZE = rf'(?<![^\s"])(?:[x×X]\s*(?P<scale>{NUMBER.pattern})|(?P<width>\d+)(?:[x×X]|\s+[x×X]\s+)(?P<height>\d+))'
_SIZE_AT_END = re.compile(_SIZE + r"\Z")
_SIZE_WITHIN = re.compile(_SIZE + r"(?=\s)")
# A file's name may hold any sign, and its title in the host's lists ends in a hash in brackets.
_NAMING = re.compile(r"[\[;]\s*(?:checkpoint|refiner)\s")
_IN_QUOTES = "A name that holds '{}' is written in quotation marks."


@dataclass(frozen=True)
class StageSource:
    """The parts of one stage as written. `scale`, or `width` and `height`, are None if not given;
    `denoising` and `options` are None without an '@' or brackets."""

    upscaler: Source
    scale: Source | None
    width: Source | None
    height: Source | None
    denoising: Source | None
    options: list[Source] | None


def cut_strategy(line: Source) -> list[Source]:
    """The stages of a line. Raises StrategyError if one is missing."""
    stages = []
    for part in line.split(">"):
        text = part.strip()
        if not text:
            raise part.error("A stage is missing here: '>' stands between two stages.")
        stages.append(text)
    return stages


def cut_stage(text: Source) -> StageSource:
    """The parts of a stage. Raises StrategyError, with the place, for a text that is not a stage."""
    head, options = _cut_options(text)
    refuse_special(head, ",:", "One strategy a line, stages between '>'.")
    at = next((index for index, character in outside_groups(head) if character == "@"), None)
    before = head[:at].strip()
    quoted = JSON_STRING.match(before.text)
    size = _SIZE_AT_END.search(before.text, quoted.end() if quoted else 0)
    if not size:
        raise _no_size(before, text[len(before.text) :].strip())
    name = before[: size.start()].strip()
    if not name:
        raise before.error(f"Expected an upscaler before the size, 'Latent x2' for example, {found(before.text)}.")
    scale, width, height = (
        before[slice(*size.span(part))] if size[part] else None for part in ("scale", "width", "height")
    )
    denoising = None if at is None else head.partition(at)[1]
    return StageSource(name, scale, width, height, denoising, options)


def _cut_options(text: Source) -> tuple[Source, list[Source] | None]:
    """The text before the options, and the options in the brackets."""
    brackets = [(index, character) for index, character in outside_groups(text) if character in "[]"]
    if not brackets:
        return text, None
    opened, sign = brackets[0]
    if sign == "]":
        raise text.error("This ']' has no '[' before it.", opened)
    closed = next((index for index, character in brackets if character == "]"), None)
    if closed is None:
        hint = f" {_IN_QUOTES.format('>')}" if _NAMING.search(text.text) else ""
        raise text.error(f"This '[' has no ']' after it.{hint}", opened)
    rest = text[closed + 1 :].strip()
    if rest:
        hint = f" {_IN_QUOTES.format(']')}" if "]" in rest.text and _NAMING.search(text.text) else ""
        raise rest.error(f"Expected '>' or the end of the line after ']', {found(rest.text)}.{hint}")
    inside = text[opened + 1 : closed]
    refuse_special(inside, ",:@", "Options are separated by ';'.")
    return text[:opened].strip(), [part.strip() for part in inside.split(";")]


def _no_size(text: Source, following: Source) -> StrategyError:
    """The error for an upscaler that no size follows, depending on what is there instead."""
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
