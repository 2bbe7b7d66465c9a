"""What one of the host's samplers did in one sampling: its start sigma, and how often it ran the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from hires_strategies.running.host import Sampled

from .noise import from_host, is_flow


class SamplerWatch:
    """Attached to a new sampler before it samples; that belongs to one stage, so nothing has to be detached."""

    def __init__(self, sampler: Any, model: Any) -> None:
        self._sampler = sampler
        self._model = model
        self._given: Any = None
        self._on_sigmas = hasattr(sampler, "get_sigmas")
        method = "get_sigmas" if self._on_sigmas else "get_timesteps"
        if hasattr(sampler, method):
            setattr(sampler, method, self._keeping(getattr(sampler, method)))

    def _keeping(self, made: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*args: Any, **kwargs: Any) -> Any:
            self._given = made(*args, **kwargs)
            return self._given

        return kept

    def saw(self, steps: int, total: int, from_noise: bool) -> Sampled:
        """What it did, once the sampling of the last `steps` of `total` steps is over."""
        return Sampled(self._start(steps, total, from_noise), counted_evaluations(self._sampler))

    def _start(self, steps: int, total: int, from_noise: bool) -> float | None:
        """Noise over signal; None for noise alone, and where the sampler does not tell. See noise.by_index."""
        index = total - steps if self._on_sigmas else steps - 1
        if self._given is None or index >= len(self._given):
            return None
        if self._on_sigmas:
            sigma = from_host(float(self._given[index]), self._model)
            return None if math.isinf(sigma) else sigma
        if from_noise or is_flow(self._model):
            return None
        alpha = float(self._model.alphas_cumprod[int(self._given[index])])
        return float(((1 - alpha) / alpha) ** 0.5)


def counted_evaluations(sampler: Any) -> int | None:
    """How often a sampler ran the model in its last sampling; None if it does not count or did not sample.

    The host's CFGDenoiser counts its calls in `step`, for prompts that change on the way; `initialize` resets it to 0.
    """
    step = getattr(getattr(sampler, "model_wrap_cfg", None), "step", None)
    return step if isinstance(step, int) and step > 0 else None
