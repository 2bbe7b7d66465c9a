"""A stage that asks for a start sigma gets it from the very sampler that is about to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from hires_strategies.errors import StrategyError
from hires_strategies.planning.plan import Node
from hires_strategies.planning.start import (
    Start,
    find_start,
    longest_of,
    nearest,
    nearest_sentence,
    own_sentence,
    own_sigmas,
    strength_of,
)

from .noise import starts_by_length, takes_own_list, to_host
from .processing import Processing


def start_at(q: Processing, node: Node) -> tuple[int, str | None]:
    """Let `q`, whose sampler is made, start where the stage asks. Raises StrategyError where that cannot be.

    Returns the length of the schedule whose last steps run, and a sentence if they do not begin at one of its steps.
    """
    sampling = node.sampling
    assert sampling is not None
    if sampling.start_sigma is None:
        return sampling.total, None
    found = _found(q, node, sampling.start_sigma)
    q.denoising_strength = strength_of(node.steps, found.total)
    if found.hit:
        return found.total, None
    text = f"'{node.text}'"
    if not takes_own_list(q.sampler):
        return found.total, nearest_sentence(text, found.sigma)
    sampler: Any = q.sampler
    theirs = sampler.get_sigmas(q, found.total)
    own = own_sigmas(theirs.tolist(), found.total - node.steps, to_host(sampling.start_sigma, q.sd_model))
    if own is None:
        raise StrategyError(f"{text} cannot start there: its schedule has no steps around {sampling.start_sigma:g}.")
    q.sampler_noise_scheduler_override = _OwnList(own, found.total, theirs)
    return found.total, own_sentence(text)


def _found(q: Processing, node: Node, sigma: float) -> Start:
    sigma_of = starts_by_length(q, node.steps)
    found = find_start(sigma, node.steps, sigma_of, longest_of(q.sampler_name))
    if found is None:
        raise StrategyError(
            f"'{node.text}' cannot start at a sigma: the sampler {q.sampler_name} does not tell where it starts."
        )
    return found if found.hit or takes_own_list(q.sampler) else nearest(sigma, found, sigma_of)


class _OwnList:
    """The host's `sampler_noise_scheduler_override`: the sigmas of a schedule of `total` steps.

    With "discard next-to-last sigma" the host asks for one step more and leaves out the last sigma but one.
    """

    def __init__(self, sigmas: Sequence[float], total: int, like: torch.Tensor) -> None:
        self.sigmas, self.total, self.like = sigmas, total, like

    def __call__(self, steps: int) -> torch.Tensor:
        more = [self.sigmas[-2]] if steps > self.total else []
        return self.like.new_tensor([*self.sigmas[:-1], *more, self.sigmas[-1]])
