"""The host's conditioning as plain data: one image's part of it, and the length to which a batch's prompts are padded.

The tensors themselves are in the key, so whatever went into them is, too: prompts, emphasis, clip skip, textual
inversion, and LoRA in the text encoder.
"""

from __future__ import annotations

from typing import Any

from hires_strategies.running.no_key import NoKey


def of_image(conditioning: Any, index: int) -> Any:
    """Everything that conditions image `index` of the batch; None where the host has no such conditioning."""
    if conditioning is None:
        return None
    return [(prompt.weight, _schedule(prompt.schedules)) for prompt in _prompts(conditioning)[index]]


def lengths(conditioning: Any) -> list[int]:
    """The length to which all prompts of the batch are padded, for every step: the host pads to the longest.

    Forge and Neo have no negative conditioning, None, at a CFG scale of 1.
    """
    if conditioning is None:
        return []
    schedules = [prompt.schedules for image in _prompts(conditioning) for prompt in image]
    last = max(part.end_at_step for schedule in schedules for part in schedule)
    return [max(_length(_active(schedule, step).cond) for schedule in schedules) for step in range(last + 1)]


class _Prompt:
    """One part of a prompt that contains AND, or a whole negative prompt."""

    def __init__(self, schedules: Any, weight: float) -> None:
        self.schedules = schedules
        self.weight = weight


def _prompts(conditioning: Any) -> list[list[_Prompt]]:
    """The host's MulticondLearnedConditioning (positive) and list of schedules (negative) in one form."""
    try:
        if hasattr(conditioning, "batch"):
            return [[_Prompt(each.schedules, each.weight) for each in image] for image in conditioning.batch]
        return [[_Prompt(list(image), 1.0)] for image in conditioning]
    except (AttributeError, TypeError):
        raise NoKey(f"Conditioning of the form {type(conditioning).__qualname__} is not known.") from None


def _schedule(schedule: Any) -> list[tuple[int, Any]]:
    return [(part.end_at_step, part.cond) for part in schedule]


def _active(schedule: Any, step: int) -> Any:
    return next((part for part in schedule if step <= part.end_at_step), schedule[-1])


def _length(cond: Any) -> int:
    """The number of tokens in a conditioning: a tensor tokens x channels, or a mapping that holds one (SDXL)."""
    return int((cond["crossattn"] if isinstance(cond, dict) else cond).shape[0])
