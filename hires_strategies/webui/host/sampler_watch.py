"""What one of the host's samplers did in one sampling: its start sigma, and how often it ran the model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from hires_strategies.finding.layout import kept
from hires_strategies.running.host import Sampled

from .noise import from_host, is_flow


class SamplerWatch:
    """Attached to a new sampler before it samples; that belongs to one stage, so nothing has to be detached."""

    def __init__(self, sampler: Any, model: Any, start: torch.Tensor | None = None) -> None:
        """`start`: the latents whose layout is looked for in the first prediction; None for noise."""
        self._sampler = sampler
        self._model = model
        self._given: Any = None
        self._on_sigmas = hasattr(sampler, "get_sigmas")
        method = "get_sigmas" if self._on_sigmas else "get_timesteps"
        if hasattr(sampler, method):
            setattr(sampler, method, self._keeping(getattr(sampler, method)))
        self._layout_kept: float | None = None
        if start is not None and hasattr(sampler, "callback_state"):
            sampler.callback_state = self._looking(sampler.callback_state, start)

    def _looking(self, told: Callable[[Any], Any], start: torch.Tensor) -> Callable[[Any], Any]:
        """The host's callback after each step, which k-diffusion gives the model's prediction."""

        def looked(step: Any) -> Any:
            prediction: Any = step.get("denoised") if step.get("i") == 0 else None
            if self._layout_kept is None and getattr(prediction, "shape", None) == start.shape:
                self._layout_kept = float(kept(prediction, start).mean())
            return told(step)

        return looked

    def _keeping(self, made: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*args: Any, **kwargs: Any) -> Any:
            self._given = made(*args, **kwargs)
            return self._given

        return kept

    def saw(self, steps: int, total: int, from_noise: bool) -> Sampled:
        """What it did, once the sampling of the last `steps` of `total` steps is over."""
        seen = self._layout_kept
        kept_of_it = seen if seen is not None and math.isfinite(seen) else None
        start = self._start(steps, total, from_noise)
        return Sampled(start, counted_evaluations(self._sampler), layout_kept=kept_of_it)

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
