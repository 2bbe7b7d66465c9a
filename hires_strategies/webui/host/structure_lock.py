"""A stage's structure lock (running.lock) in the host's sampling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

from hires_strategies.errors import StrategyError
from hires_strategies.planning.lockable import no_lock
from hires_strategies.planning.plan import Node
from hires_strategies.running.lock import coarse_size, locked, weight

from . import progress
from .changed_predictions import Changing, watching
from .noise import takes_own_list
from .processing import Processing


class _Lock(Changing):
    """What one locked stage holds."""

    def __init__(self, q: Processing, node: Node, start: torch.Tensor) -> None:
        super().__init__(q)
        assert node.sampling is not None and node.sampling.lock is not None and node.upscale is not None
        self.strength = node.sampling.lock
        self.start = start
        self.size = coarse_size(start.shape[-2], start.shape[-1], node.upscale)

    def changed(self, predicted: torch.Tensor, sigma: float) -> torch.Tensor:
        return locked(predicted, self.start, self.size, self.strength * weight(sigma))


def over(q: Processing, node: Node, start: torch.Tensor) -> AbstractContextManager[None]:
    """For the length of a `with`, the sampling of a stage from the latents `start` is locked, if the stage asks for it.

    Raises StrategyError for a sampler that is not on sigmas, and whatever went wrong while it ran.
    """
    if node.sampling is None or node.sampling.lock is None:
        return nullcontext()
    if not takes_own_list(q.sampler):
        raise no_lock(f"'{node.text}'", q.sampler_name)
    return _over(_Lock(q, node, start), node)


@contextmanager
def _over(lock: _Lock, node: Node) -> Iterator[None]:
    with watching(lock):
        yield
    if not lock.held and progress.stopped() is None:
        raise StrategyError(
            f"'{node.text}' could not hold the structure: its sampler tells no extension what it predicts.",
            field="lock",
        )
