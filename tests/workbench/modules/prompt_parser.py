"""Prompts -> conditioning over the steps."""

from __future__ import annotations

import re
from typing import NamedTuple

import torch
from parts import prompt_editing


class ScheduledPromptConditioning(NamedTuple):
    """The conditioning up to and with a step."""

    end_at_step: int
    cond: torch.Tensor


class SdConditioning(list):
    """Prompts of a batch, with the size of the picture (which SDXL's conditioning holds)."""

    def __init__(self, prompts, is_negative_prompt=False, width=None, height=None, copy_from=None):
        super().__init__(prompts)
        like = prompts if copy_from is None else copy_from
        self.is_negative_prompt = is_negative_prompt or getattr(like, "is_negative_prompt", False)
        self.width = width or getattr(like, "width", None)
        self.height = height or getattr(like, "height", None)


class ComposableScheduledPromptConditioning:
    """One of the prompts that AND joins, with its weight."""

    def __init__(self, schedules, weight=1.0):
        self.schedules: list[ScheduledPromptConditioning] = schedules
        self.weight: float = weight


class MulticondLearnedConditioning:
    """The positive conditioning of a batch: for each image, the prompts that AND joins."""

    def __init__(self, shape, batch):
        self.shape: tuple = shape
        self.batch: list[list[ComposableScheduledPromptConditioning]] = batch


def get_learned_conditioning_prompt_schedules(prompts, base_steps, hires_steps=None, use_old_scheduling=False):
    """For each prompt, [[last step, text], ...]: what prompt editing makes of it."""
    return [prompt_editing.schedule(prompt, base_steps, hires_steps, use_old_scheduling) for prompt in prompts]


def get_learned_conditioning(model, prompts, steps, hires_steps=None, use_old_scheduling=False):
    """For each prompt its list of ScheduledPromptConditioning; equal prompts are computed once."""
    schedules = get_learned_conditioning_prompt_schedules(prompts, steps, hires_steps, use_old_scheduling)
    made: dict[str, list[ScheduledPromptConditioning]] = {}
    for prompt, schedule in zip(prompts, schedules):
        if prompt not in made:
            conds = model.get_learned_conditioning(SdConditioning([text for _, text in schedule], copy_from=prompts))
            ends = (end for end, _ in schedule)
            made[prompt] = [ScheduledPromptConditioning(end, cond) for end, cond in zip(ends, conds)]
    return [made[prompt] for prompt in prompts]


_AND = re.compile(r"\bAND\b")
_WEIGHT = re.compile(r"^(.*?)(?:\s*:\s*([-+]?(?:\d+\.?\d*|\.\d+)))?\s*$", re.S)


def get_multicond_learned_conditioning(model, prompts, steps, hires_steps=None, use_old_scheduling=False):
    """As get_learned_conditioning, for prompts that AND may join (`a :0.7 AND b`)."""
    flat = SdConditioning([], copy_from=prompts)
    per_image: list[list[tuple[int, float]]] = []
    for prompt in prompts:
        found = []
        for part in _AND.split(prompt):
            match = _WEIGHT.match(part)
            assert match is not None
            text, weight = match.groups()
            if text not in flat:
                flat.append(text)
            found.append((flat.index(text), float(weight) if weight else 1.0))
        per_image.append(found)
    learned = get_learned_conditioning(model, flat, steps, hires_steps, use_old_scheduling)
    batch = [[ComposableScheduledPromptConditioning(learned[i], weight) for i, weight in found] for found in per_image]
    return MulticondLearnedConditioning(shape=(len(prompts),), batch=batch)


def reconstruct_cond_batch(c, current_step):
    """B,T,C: the conditioning of each image at a step (from 0)."""
    return torch.stack([_at(schedule, current_step) for schedule in c])


def reconstruct_multicond_batch(c, current_step):
    """(for each image its [(row, weight), ...], rows x T x C) at a step (from 0)."""
    rows: list[torch.Tensor] = []
    conds_list: list[list[tuple[int, float]]] = []
    for composed in c.batch:
        conds_list.append([])
        for part in composed:
            conds_list[-1].append((len(rows), part.weight))
            rows.append(_at(part.schedules, current_step))
    longest = max(len(row) for row in rows)
    return conds_list, torch.stack([_lengthened(row, longest) for row in rows])


def _at(schedule: list[ScheduledPromptConditioning], step: int) -> torch.Tensor:
    return next((entry.cond for entry in schedule if step <= entry.end_at_step), schedule[0].cond)


def _lengthened(cond: torch.Tensor, length: int) -> torch.Tensor:
    """The last vector repeated, as the host makes conditioning of one length."""
    missing = length - len(cond)
    return torch.vstack([cond, cond[-1:].repeat(missing, 1)]) if missing else cond
