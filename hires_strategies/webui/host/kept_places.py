"""A stage that is sampled only in places: elsewhere each prediction is what the stage starts from.

What shows there in the end is the plain upscale in any case (running.places). This is for what lies around a place: the
model sees it as it will be.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from hires_strategies.planning.plan import Node
from hires_strategies.running.places import weights_of

from .noise import takes_own_list
from .processing import Processing
from .structure_lock import Changing, watching


class _Places(Changing):
    def __init__(self, q: Processing, node: Node, start: torch.Tensor) -> None:
        super().__init__(q)
        self.start = start
        self.weights = torch.from_numpy(weights_of(node))

    def changed(self, predicted: torch.Tensor, sigma: float) -> torch.Tensor:
        """Where no tile lies nothing was predicted, whatever stands there."""
        start = self.start.to(predicted)
        weights = self.weights.to(predicted)
        return torch.where(weights > 0, start + (predicted - start) * weights, start)


def over(q: Processing, node: Node, start: torch.Tensor) -> AbstractContextManager[None]:
    """For the length of a `with`, the sampling of a stage from the latents `start` leaves these as they are outside its
    places. With a sampler that is not on sigmas they change, and only the finished picture is put together."""
    if not node.places or not takes_own_list(q.sampler):
        return nullcontext()
    return watching(_Places(q, node, start))
