"""What one of the host's samplers did in one sampling: its start sigma, and how often it ran the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hires_strategies.planning.plan import Sampling
from hires_strategies.running.host import Sampled


class SamplerWatch:
    """Attached to a new sampler before it samples; that belongs to one stage, so nothing has to be detached."""

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler
        self._sigmas: Any = None
        if hasattr(sampler, "get_sigmas"):  # those on timesteps have none
            sampler.get_sigmas = self._keeping(sampler.get_sigmas)

    def _keeping(self, get_sigmas: Callable[..., Any]) -> Callable[..., Any]:
        def kept(*args: Any, **kwargs: Any) -> Any:
            self._sigmas = get_sigmas(*args, **kwargs)
            return self._sigmas

        return kept

    def saw(self, sampling: Sampling) -> Sampled:
        """What it did, once the sampling is over."""
        first = sampling.total - sampling.steps  # as in the host's sample_img2img; 0 if sampling from noise alone
        sigmas = self._sigmas
        sigma = float(sigmas[first]) if sigmas is not None and first < len(sigmas) else None
        return Sampled(sigma, counted_evaluations(self._sampler))


def counted_evaluations(sampler: Any) -> int | None:
    """How often a sampler ran the model in its last sampling; None if it does not count or did not sample.

    The host's CFGDenoiser counts its calls in `step`, for prompts that change on the way; `initialize` resets it to 0.
    """
    step = getattr(getattr(sampler, "model_wrap_cfg", None), "step", None)
    return step if isinstance(step, int) and step > 0 else None
