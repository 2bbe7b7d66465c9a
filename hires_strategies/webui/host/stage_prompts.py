"""A stage's own prompts for each image of a batch: with styles applied, expanded, and joined to the first pass's if
they are additions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from modules import extra_networks, shared

from hires_strategies.stage_options import Options
from hires_strategies.strategy import Stage
from hires_strategies.wording import shorten

from .expansion import Expansion, left_in
from .forks.samplers import scheduler_of
from .processing import Networks, Processing

# The host's form of prompts: the texts without network tags, and the networks (those of the first text alone).
Parsed = tuple[list[str], "Networks | None"]
T = TypeVar("T", bound=Options)

_AND = re.compile(r"(\bAND\b)")
_WEIGHT = re.compile(r"\s*:\s*[-+]?(?:\d+\.?|\d*\.\d+)\s*\Z")
_BREAK = re.compile(r"\bBREAK\s*\Z")


class StagePrompts:
    """The prompts of the stages of one batch, the one that `p` is running when this is created."""

    def __init__(self, p: Processing, expansion: Expansion) -> None:
        self.p = p
        self.expansion = expansion
        self.styles = list(p.styles or [])
        self.count = len(p.prompts)
        self.start = p.iteration * p.batch_size  # where the host took the batch's prompts from

    def positive(self, options: Options, first: Parsed) -> Parsed:
        """The prompts of a stage. `first` are those of the pass before it, for a stage without its own."""
        prompts, networks = first
        if options.prompt is not None:
            parsed: Parsed = extra_networks.parse_prompts(self._own("prompt", options.prompt))
            return parsed
        if options.networks_off:
            networks = {}
        if options.prompt_added:
            added, more = extra_networks.parse_prompts(self._own("prompt_added", options.prompt_added))
            prompts = [joined(one, other) for one, other in zip(prompts, added, strict=True)]
            networks = _both(networks or {}, more or {})
        return prompts, networks

    def negative(self, options: Options, first: list[str]) -> list[str]:
        if options.negative is not None:
            return self._own("negative", options.negative)
        if options.negative_added:
            added = self._own("negative_added", options.negative_added)
            return [joined(one, other) for one, other in zip(first, added, strict=True)]
        return first

    def filled(self, options: T, position: int) -> T:
        """A stage as it was for one image: its prompts as the text encoder got them, without the first pass's."""
        texts = {field: getattr(options, field) for field in _FIELDS}
        own: dict[str, Any] = {
            field: self._own(field, text)[position] for field, text in texts.items() if text is not None
        }
        return replace(options, **own) if own else options

    def unfilled(self, options: Options) -> str | None:
        """Something in a stage's prompts that no extension expanded; None if there is nothing."""
        texts = {field: getattr(options, field) for field in _FIELDS}
        everything = [text for field, own in texts.items() if own is not None for text in self._own(field, own)]
        return next((left for left in map(left_in, everything) if left), None)

    def _own(self, field: str, text: str) -> list[str]:
        """A stage's text for each image. Additions get no styles: the prompt that they are added to has them."""
        negative = field.startswith("negative")
        if field in ("prompt", "negative"):
            styles = shared.prompt_styles
            apply = styles.apply_negative_styles_to_prompt if negative else styles.apply_styles_to_prompt
            text = apply(text, self.styles)
        once = self.expansion.fill(self.p, text, negative)[self.start :][: min(self.count, self.p.batch_size)]
        filled = once * (self.count // max(len(once), 1))  # more than once where a batch's images are repeated
        return filled if len(filled) == self.count else [text] * self.count


_FIELDS = ("prompt", "negative", "prompt_added", "negative_added")


def joined(prompt: str, added: str) -> str:
    """A prompt with an addition after a comma; before the weight in each of the prompts that AND joins."""
    if not added.strip():
        return prompt
    return "".join(part if part == "AND" else _with(part, added.strip()) for part in _AND.split(prompt))


def _with(part: str, added: str) -> str:
    weight = _WEIGHT.search(part)
    text, after = (part[: weight.start()], weight[0]) if weight else (part.rstrip(), part[len(part.rstrip()) :])
    if not text.strip():
        return f"{text}{added}{after}"
    space = " " if text.rstrip().endswith(",") or _BREAK.search(text) else ", "
    return f"{text.rstrip()}{space}{added}{after}"


def _both(first: Networks, added: Networks) -> Networks:
    """The networks of both; one that is named twice gets its last weight."""
    found: dict[str, list[Any]] = {kind: list(many) for kind, many in first.items()}
    for kind, many in added.items():
        names = {_name(params) for params in many}
        found[kind] = [each for each in found.get(kind, []) if _name(each) not in names] + list(many)
    return found


def _name(params: Any) -> Any:
    return params.items[0] if params.items else None


def with_schedule(stage: Stage, p: Processing, written: Any) -> Stage:
    """The stage with the schedule type that it took from the generation, if reading the text back would give another.

    The host writes the schedule type that the first pass's sampler chose itself, `written`, and not "Automatic".
    """
    own = scheduler_of(p)
    if own is None or stage.sampler is None or stage.scheduler is not None or written in (None, own):
        return stage
    return replace(stage, scheduler=own)


def unfilled_sentence(found: str) -> str:
    return (
        f"A stage's prompt holds '{shorten(found)}', and no extension here fills it in: the text encoder gets it as it "
        "stands."
    )


def texts_of(stages: Sequence[Options]) -> list[str]:
    """Every text that the stages give themselves."""
    return [text for stage in stages for field in _FIELDS if (text := getattr(stage, field)) is not None]
