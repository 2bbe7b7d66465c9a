"""A stage that is sampled for one image of its batch alone: the same picture as in the batch, with less memory."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from typing import Any

import torch

from . import attachments, progress
from .forks.second_pass import is_inpainting_model
from .processing import Processing

_OF_BATCH = ("seeds", "subseeds", "prompts", "negative_prompts", "hr_prompts", "hr_negative_prompts")
# Of a first and of a second pass: what the host's setup_conds reads, and where it puts the conditioning.
_PROMPTS = ("prompts", "negative_prompts"), ("hr_prompts", "hr_negative_prompts")
_CONDS = ("c", "uc"), ("hr_c", "hr_uc")
_OF_ALL = tuple(f"all_{name}" for name in _OF_BATCH)


@dataclass(frozen=True)
class OneImage:
    """Which image of how many; the first is 0."""

    index: int
    count: int


def keep_only(q: Processing, index: int) -> None:
    """Make `q`, a stage's copy of `p`, a batch of one: its image `index`.

    The host and its samplers take what belongs to an image by its number among all of the generation: from
    p.iteration * p.batch_size on, p.batch_size many. `iteration` stays, as others read which batch runs; so the lists
    of all images hold the one image once for each batch.
    """
    count, batches = len(q.seeds), max(q.n_iter, q.iteration + 1)
    attachments.hang(q, attachments.ONE_IMAGE, OneImage(index, count))
    for name, whole in zip(_OF_BATCH, _OF_ALL, strict=True):
        values, all_values = getattr(q, name, None), getattr(q, whole, None)
        if isinstance(values, list) and len(values) == count:
            setattr(q, name, values[index : index + 1])
        at = q.iteration * q.batch_size + index % q.batch_size
        if isinstance(all_values, list) and at < len(all_values):
            setattr(q, whole, [all_values[at]] * batches)
    q.batch_size = 1


def show_progress(q: Processing) -> None:
    """Move the progress bar, if it is ours, to where the image is among those of its stage that `q` is for."""
    one, bar = of(q), progress.bar_of(q)
    if one is not None and bar is not None:
        bar.image(one.index, one.count)


def of(q: Processing) -> OneImage | None:
    """The image that `q` is for; None for the whole batch."""
    return attachments.held(q, attachments.ONE_IMAGE, OneImage)


def draw_for_those_before(q: Processing, shape: Iterable[int]) -> None:
    """Let torch's generator draw what encoding a picture of this shape in latents drew for each image before this one
    of the batch, where the model is conditioned on a picture."""
    one = of(q)
    if one is not None and one.index and is_inpainting_model():
        torch.randn(one.index, *shape)


def refine_as_in_batch(q: Any, prompts: list[str], negatives: list[str]) -> None:
    """Where a refiner takes over, the host computes the conditioning of `q` anew from its prompts. Let it be that of
    the whole batch, whose prompts these are, and then the image's: as long as in the batch."""
    prompts_of, conds_of = _PROMPTS[bool(q.is_hr_pass)], _CONDS[bool(q.is_hr_pass)]
    setup = q.setup_conds

    def setup_conds() -> None:
        own = {name: getattr(q, name) for name in prompts_of}
        vars(q).update(zip(prompts_of, (prompts, negatives), strict=True))
        try:
            setup()
        finally:
            vars(q).update(own)
        c, uc = (getattr(q, name) for name in conds_of)
        vars(q).update(zip(conds_of, conditioning((c, uc), q), strict=True))

    q.setup_conds = setup_conds


def conditioning(conds: tuple[Any, Any], q: Processing) -> tuple[Any, Any]:
    """Of a batch's conditioning (positive, negative) that of the image which `q` is for.

    The host lengthens what the batch's longest prompt is longer than, and a longer conditioning draws another picture:
    so it is as long for one image alone.
    """
    one = of(q)
    if one is None:
        return conds
    c, uc = conds
    longest = max((_length(each.cond) for image in c.batch for part in image for each in part.schedules), default=0)
    alone = copy(c)
    alone.batch = [[_lengthened(part, longest) for part in c.batch[one.index]]]
    alone.shape = (1,)
    return alone, uc[one.index : one.index + 1]


def _lengthened(part: Any, length: int) -> Any:
    """One of the prompts that AND joins, with every conditioning of its schedule at least so long."""
    longer = copy(part)
    longer.schedules = [each._replace(cond=_repeated(each.cond, length)) for each in part.schedules]
    return longer


def _length(cond: Any) -> int:
    """How many tokens it has; SDXL's has other things beside them."""
    tokens = cond.get("crossattn") if isinstance(cond, dict) else cond
    return len(tokens) if isinstance(tokens, torch.Tensor) and tokens.ndim > 1 else 0


def _repeated(cond: Any, length: int) -> Any:
    """With its last vector repeated, as the host's prompt_parser does it."""
    missing = length - _length(cond)
    if not _length(cond) or missing <= 0:
        return cond
    if isinstance(cond, dict):
        longer = copy(cond)
        longer["crossattn"] = _repeated(cond["crossattn"], length)
        return longer
    return torch.vstack([cond, cond[-1:].repeat(missing, 1)])
