"""How much noise the host's samplers start from, as noise over signal (planning.start)."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from hires_strategies.planning.start import from_flow, to_flow

from .processing import Processing


def is_flow(model: Any) -> bool:
    """Whether a loaded model mixes picture and noise: A1111's SD 3 has a verb for it, others a kind of prediction."""
    unet = getattr(getattr(model, "forge_objects", None), "unet", None)
    predictor = getattr(getattr(unet, "model", None), "predictor", None)
    return hasattr(model, "add_noise_to_latent") or getattr(predictor, "prediction_type", None) == "const"


def from_host(sigma: float, model: Any) -> float:
    """Noise over signal at a sampler's sigma."""
    return from_flow(sigma) if is_flow(model) else sigma


def to_host(sigma: float, model: Any) -> float:
    """A sampler's sigma at a noise over signal."""
    return to_flow(sigma) if is_flow(model) else sigma


def takes_own_list(sampler: Any) -> bool:
    """Whether a sampler works on sigmas and so reads `sampler_noise_scheduler_override`, on all hosts of the family.

    DDIM, PLMS and UniPC work on the model's timesteps.
    """
    return hasattr(sampler, "get_sigmas")


def starts_by_length(q: Processing, steps: int) -> Callable[[int], float | None]:
    """Where the last `steps` steps of a schedule of some length begin, by the sampler that `q` has: noise over signal,
    None if that is not known."""
    asking = copy(q)
    asking.extra_generation_params = {}  # the host notes there what it used

    def sigma_of(total: int) -> float | None:
        sigmas = by_index(q.sampler, asking, total, q.sd_model)
        index = total - steps
        return sigmas[index] if sigmas is not None and index < len(sigmas) else None

    return sigma_of


def by_index(sampler: Any, p: Processing, total: int, model: Any) -> list[float] | None:
    """Noise over signal where a second pass begins that leaves out so many steps of a schedule of `total`.

    None for a sampler that is neither on sigmas nor on timesteps. On timesteps it begins at the one with the number of
    its steps (the host's sample_img2img), and a flow-matching model has none.
    """
    if takes_own_list(sampler):
        return [from_host(float(sigma), model) for sigma in sampler.get_sigmas(p, total)]
    if not hasattr(sampler, "get_timesteps") or is_flow(model):
        return None
    alphas = model.alphas_cumprod[sampler.get_timesteps(p, total).to(model.alphas_cumprod.device)]
    sigmas: list[float] = (((1 - alphas) / alphas) ** 0.5).tolist()
    return sigmas[:total][::-1]
