"""A stage that is sampled only in places: elsewhere each prediction is what the stage starts from.

What shows there in the end is the plain upscale in any case (running.places). This is for what lies around a place: the
model sees it as it will be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from hires_strategies.planning.plan import Node
from hires_strategies.running.places import weights_of
from hires_strategies.wording import shorten

from . import progress
from .changed_predictions import Changing, watching
from .noise import takes_own_list
from .processing import Processing


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


@contextmanager
def over(q: Processing, node: Node, start: torch.Tensor, note: Callable[[str], None]) -> Iterator[None]:
    """For the length of a `with`, the sampling of a stage from the latents `start` leaves these as they are outside its
    places. Where its sampler does not allow that, they change, only the finished picture is put together, and `note`
    gets a sentence."""
    if not node.places:
        yield
        return
    places = _Places(q, node, start)
    if takes_own_list(q.sampler):
        with watching(places):
            yield
    else:
        yield
    if not places.held and progress.stopped() is None:
        note(
            f"The sampler {q.sampler_name} tells no extension the picture that it predicts: what lies around the place "
            f"of '{shorten(node.text)}' changed while it was sampled, and only the finished picture is put together."
        )
