"""A strategy in a pasted infotext: which parts of it go into the section.

A text holds prompts with their styles applied. Depending on its settings, the host removes the styles from the prompts
it reads and selects them on the page, which would apply them to a stage's prompt a second time: so they are removed
there, too, or left everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modules import shared

from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_schema import is_text
from hires_strategies.notation.sweeps import as_written
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.strategy import Stage
from hires_strategies.webui.host.infotext import KEY

_STYLES = "Styles array"
_PROMPTS = (("Prompt", False), ("Negative prompt", True), ("Hires prompt", False), ("Hires negative prompt", True))


def pasted_strategy(parameters: dict[str, Any]) -> str | None:
    """The text for the section's box, None (leave it alone) for an image made without a strategy.

    A lone surrogate, which no answer to the page can hold, would make the whole paste fail: such a text is ignored.
    """
    text = parameters.get(KEY)
    if not isinstance(text, str) or not is_text(text):
        return None
    if not parameters.get(_STYLES):
        return text
    without = _without_styles(text, parameters[_STYLES])
    return text if without is None else without


def pasted_tick(parameters: dict[str, Any]) -> bool:
    return pasted_strategy(parameters) is not None


def keep_styles(_infotext: str, parameters: dict[str, Any]) -> None:
    """Undo the host's reading of styles if a stage's prompt holds them in another way; a callback of the host."""
    styles, text = parameters.get(_STYLES), parameters.get(KEY)
    if not styles or not isinstance(text, str) or _without_styles(text, styles) is not None:
        return
    for key, negative in _PROMPTS:
        if parameters.get(key) or not key.startswith("Hires"):
            parameters[key] = _styled(parameters.get(key) or "", styles, negative)
    del parameters[_STYLES]


def _without_styles(text: str, styles: Sequence[str]) -> str | None:
    """The strategies without the styles in their prompts; None if a prompt does not hold them that way."""
    try:
        strategies = parse(text)
    except StrategyError:
        return text
    stages = [[_plain(stage, styles) for stage in strategy.stages] for strategy in strategies]
    if any(stage is None for each in stages for stage in each):
        return None
    plain = [
        replace(strategy, stages=tuple(stage for stage in each if stage))
        for strategy, each in zip(strategies, stages, strict=True)
    ]
    return as_written(text, [format_strategy(strategy) for strategy in plain])


def _plain(stage: Stage, styles: Sequence[str]) -> Stage | None:
    given = {"prompt": stage.prompt, "negative": stage.negative}
    plain: dict[str, Any] = {
        field: _unstyled(text, styles, field == "negative") for field, text in given.items() if text is not None
    }
    return None if None in plain.values() else replace(stage, **plain)


def _unstyled(prompt: str, styles: Sequence[str], negative: bool) -> str | None:
    """The prompt that becomes this one when the host applies the styles; None if there is none."""
    database = shared.prompt_styles
    chosen = [database.styles.get(name, database.no_style) for name in styles]
    texts = [(style.negative_prompt if negative else style.prompt) or "" for style in chosen]
    found = prompt
    for style in reversed([text.strip() for text in texts]):
        left, placeholder, right = style.partition("{prompt}")
        if not placeholder and style:
            left, right = "", style if found == style else f", {style}"
        if len(found) < len(left) + len(right) or not (found.startswith(left) and found.endswith(right)):
            return None
        found = found[len(left) : len(found) - len(right)]
    return found if _styled(found, styles, negative) == prompt else None


def _styled(prompt: str, styles: Sequence[str], negative: bool) -> str:
    database = shared.prompt_styles
    apply = database.apply_negative_styles_to_prompt if negative else database.apply_styles_to_prompt
    styled: str = apply(prompt, styles)
    return styled
