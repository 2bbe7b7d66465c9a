"""What changes the predictions of a sampling while it runs, through the callbacks that the host offers extensions.

Seen alike on A1111 1.6 to 1.10.1, Forge, reForge, Classic and Neo: `on_cfg_denoiser` has the sampler's sigma before
each run of the model, `on_cfg_after_cfg` what the CFG made of it and takes another one. For a sampler on sigmas that is
the predicted picture, for "CFG++" ones too, which take only the direction of the noise from elsewhere. For DDIM, PLMS
and UniPC of A1111 it is noise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch

from .noise import from_host
from .processing import Processing

_sampling: list[Changing] = []  # what changes the predictions of the stage that samples now, in this order


class Changing:
    """What changes the predictions of one sampling while it runs, and what happened."""

    def __init__(self, q: Processing) -> None:
        self.denoiser = getattr(q.sampler, "model_wrap_cfg", None)
        self.model = q.sd_model
        self.sigma: float | None = None  # of the run of the model whose result comes next
        self.held = 0
        self.error: Exception | None = None

    def begins(self, params: Any) -> None:
        """Another sampler may run in between; A1111 1.6 does not say whose run it is."""
        if getattr(params, "denoiser", None) in (None, self.denoiser):
            self.sigma = from_host(float(params.sigma.flatten()[0]), self.model)

    def ends(self, params: Any) -> None:
        if self.sigma is None:
            return
        sigma, self.sigma = self.sigma, None
        params.x = self.changed(params.x, sigma)
        self.held += 1

    def changed(self, predicted: torch.Tensor, sigma: float) -> torch.Tensor:
        """What becomes of a picture that was predicted at a noise over signal."""
        raise NotImplementedError


def begins(params: Any) -> None:
    """The host's `on_cfg_denoiser`. Nothing happens unless a stage samples whose predictions are changed."""
    for each in _sampling:
        _watched(each, each.begins, params)


def ends(params: Any) -> None:
    """The host's `on_cfg_after_cfg`. Nothing happens unless a stage samples whose predictions are changed."""
    for each in _sampling:
        _watched(each, each.ends, params)


def _watched(changing: Changing, step: Callable[[Any], None], params: Any) -> None:
    """The host would print an error and go on, with a picture that was not changed: it is raised after the sampling."""
    try:
        step(params)
    except Exception as error:
        changing.error = changing.error or error


@contextmanager
def watching(changing: Changing) -> Iterator[None]:
    """For the length of a `with`, what is predicted is changed. Raises what went wrong then."""
    _sampling.append(changing)
    try:
        yield
    finally:
        _sampling.remove(changing)
    if changing.error is not None:
        raise changing.error
