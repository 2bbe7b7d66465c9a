"""Wildcards, dynamic prompts and comments in a stage's own prompt, expanded by the scripts that do so for the prompt.

Such a script rewrites `p.all_prompts` in its `process`, each prompt by its image's seed. So it is given a copy of `p`
whose prompts are the stage's. Scripts that also work while the host samples may do more, and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from pathlib import Path
from types import CodeType
from typing import Any

from modules import errors, scripts

from .processing import Processing, Script

# What a text must contain before scripts are asked: characters of the usual notations.
_ASKS = re.compile(r"[{}<>#$%|]|__")
_LEFT = re.compile(r"__\w[^,\n]*?__|\{[^{}\n]*\|[^{}\n]*\}|\{\{.*?\}\}|\{%.*?%\}|<wildcards?:[^>\n]+>")
_WHILE_SAMPLING = (
    "before_process_batch",
    "after_extra_networks_activate",
    "process_batch",
    "process_before_every_sampling",
    "before_hr",
    "post_sample",
    "postprocess_batch",
    "postprocess_batch_list",
    "postprocess_image",
)


class Expansion:
    """The texts of one generation's stages as the scripts expand them, each text once."""

    def __init__(self) -> None:
        self._filled: dict[tuple[str, bool], list[str]] = {}

    def fill(self, p: Processing, text: str, negative: bool) -> list[str]:
        """A stage's text for each image of the generation."""
        key = text, negative
        if key not in self._filled:
            self._filled[key] = _expanded(p, text, negative) if _ASKS.search(text) else [text] * len(p.all_prompts)
        return self._filled[key]


def left_in(text: str) -> str | None:
    """Something that an extension could have expanded but none did, such as '__animal__'; None if there is nothing."""
    found = _LEFT.search(text)
    return found[0] if found else None


def expanders(always_on: Iterable[Script]) -> list[Script]:
    """The scripts that rewrite prompts and do nothing else."""
    return [script for script in always_on if _rewrites_prompts(type(script))]


def is_the_hosts_own(script: Script) -> bool:
    """Whether it came with the host, whose only such script removes comments."""
    return "processing_scripts" in Path(str(script.filename)).parts


def _expanded(p: Processing, text: str, negative: bool) -> list[str]:
    """The text for every image of the generation; unchanged if a script returns a different number of texts."""
    count = len(p.all_prompts)
    q = _asking(p, text)
    for script in expanders(p.scripts.alwayson_scripts if p.scripts is not None else ()):
        arguments = p.script_args[script.args_from : script.args_to]
        try:
            script.process(q, *arguments)
        except Exception:
            errors.report(f"Hires strategies: {script.title()} could not fill in a stage's prompt", exc_info=True)
    found = q.all_negative_prompts if negative else q.all_prompts
    if not isinstance(found, list) or len(found) != count or not all(isinstance(each, str) for each in found):
        return [text] * count  # all combinations, for example, which then set the number of images
    return found


def _asking(p: Processing, text: str) -> Any:
    """A copy of `p` with a stage's text as its prompts, and nothing in it that a script could change for `p`.

    Both prompts have the text: some scripts cannot do with an empty one.
    """
    q: Any = copy(p)
    count = len(p.all_prompts)
    q.extra_generation_params, q.comments = {}, {}
    q.all_seeds, q.all_subseeds = list(p.all_seeds), list(p.all_subseeds)
    q.seed, q.subseed = p.all_seeds[0], p.all_subseeds[0]
    q.prompt = q.main_prompt = q.prompt_for_display = q.negative_prompt = q.main_negative_prompt = text
    q.all_prompts, q.all_negative_prompts = [text] * count, [text] * count
    q.enable_hr, q.all_hr_prompts, q.all_hr_negative_prompts = False, None, None
    return q


def _rewrites_prompts(kind: type) -> bool:
    base = scripts.Script
    if any(getattr(kind, hook, None) is not getattr(base, hook, None) for hook in _WHILE_SAMPLING):
        return False
    if getattr(kind, "process", None) is getattr(base, "process", None):
        return False
    own = [function for each in kind.__mro__ if each not in base.__mro__ for function in vars(each).values()]
    return any("all_prompts" in _words(function.__code__) for function in own if hasattr(function, "__code__"))


def _words(code: CodeType) -> Iterator[str]:
    """The names and texts that a function uses, including those of nested functions."""
    yield from code.co_names
    yield from _texts(code.co_consts)


def _texts(values: Sequence[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value
        elif isinstance(value, tuple):
            yield from _texts(value)
        elif isinstance(value, CodeType):
            yield from _words(value)
