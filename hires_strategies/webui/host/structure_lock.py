"""A stage's structure lock (running.lock) in the host's sampling, through the callbacks that it offers extensions.

Seen alike on A1111 1.6 to 1.10.1, Forge, reForge, Classic and Neo: `on_cfg_denoiser` has the sampler's sigma before
each run of the model, `on_cfg_after_cfg` what the CFG made of it and takes another one. For a sampler on sigmas that is
the predicted picture, for "CFG++" ones too, which take only the direction of the noise from elsewhere. For DDIM, PLMS
and UniPC of A1111 it is noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import torch

from hires_strategies.errors import StrategyError
from hires_strategies.planning.lockable import no_lock
from hires_strategies.planning.plan import Node
from hires_strategies.running.lock import coarse_size, locked, weight

from . import progress
from .noise import from_host, takes_own_list
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


def begins(params: Any) -> None:
    """The host's `on_cfg_denoiser`. Nothing happens unless a locked stage samples."""
    for lock in _sampling:
        _watched(lock, lock.begins, params)


def ends(params: Any) -> None:
    """The host's `on_cfg_after_cfg`. Nothing happens unless a locked stage samples."""
    for lock in _sampling:
        _watched(lock, lock.ends, params)


def _watched(lock: Changing, step: Any, params: Any) -> None:
    """The host would print an error and go on, with a picture that is not locked: it is raised after the sampling."""
    try:
        step(params)
    except Exception as error:
        lock.error = lock.error or error


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
def watching(lock: Changing) -> Iterator[None]:
    """For the length of a `with`, what is predicted is changed. Raises what went wrong then."""
    _sampling.append(lock)
    try:
        yield
    finally:
        _sampling.remove(lock)
    if lock.error is not None:
        raise lock.error


@contextmanager
def _over(lock: _Lock, node: Node) -> Iterator[None]:
    with watching(lock):
        yield
    if not lock.held and progress.stopped() is None:
        raise StrategyError(
            f"'{node.text}' could not hold the structure: its sampler tells no extension what it predicts.",
            field="lock",
        )
