"""Looking for a stage's denoising strength: the model's prediction at some start sigmas, one evaluation each.

A prediction is a sampling of one step, from the sigma to 0, by the host's own functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any

import torch
from modules import sd_models, sd_samplers, shared
from PIL.Image import Image, Resampling

from hires_strategies.errors import StageFailed
from hires_strategies.planning.plan import Node, Sampling
from hires_strategies.planning.sizes import Upscale
from hires_strategies.planning.sought import EVALUATIONS
from hires_strategies.planning.start import longest_of, nearest_strength
from hires_strategies.running.cropping import crop_image
from hires_strategies.running.host import Latents

from . import generator, progress
from .forks.second_pass import before_sampling
from .noise import starts_by_length, to_host
from .own_options import set_own_options
from .processing import Processing

# Ends its one step at the model's prediction itself, and unlike Euler knows no churn, which a setting may add.
_SAMPLER = "DPM++ 2M"
_STATE = ("sampling_step", "sampling_steps", "current_latent", "current_image", "current_image_sampling_step",
          "textinfo")  # fmt: skip


def strength_at(q: Processing, node: Node, sigma: float) -> float:
    """The denoising strength by which a stage, on `q` with its sampler made, starts nearest to a noise over signal."""
    strength = nearest_strength(sigma, node.steps, starts_by_length(q, node.steps), longest_of(q.sampler_name))
    if strength is None:
        raise StageFailed(f"the sampler {q.sampler_name} does not tell where it starts")
    return strength


def largest_of(q: Processing, node: Node) -> float:
    """The noise over signal from which a whole schedule of a stage starts, infinite for noise alone."""
    sigma = starts_by_length(q, node.steps)(node.steps)
    if sigma is None:
        raise StageFailed(f"the sampler {q.sampler_name} does not tell where it starts")
    return sigma


class Probe:
    """Predictions for a stage on `q`, a copy of `p` of its own, from `latents` with `noise`; a context, after which
    nothing of it is in memory."""

    image_conditioning: Any
    in_tiles: AbstractContextManager[None]  # around each prediction, see tiled_sampling
    noise: torch.Tensor

    def __init__(self, q: Processing, latents: Latents) -> None:
        self.q = q
        self.latents = latents
        self.made = 0  # predictions
        q.sampler = _silent(sd_samplers.create_sampler(_SAMPLER, q.sd_model))

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        """Sampler, denoiser and `q` hold each other, and latents with them."""
        vars(self.q.sampler).clear()
        del self.q.sampler
        vars(self).clear()

    def prepare(self, c: Any, uc: Any, sampling: Sampling) -> None:
        """Everything that comes before a sampling, once for all predictions."""
        self.c, self.uc, self.noise = before_sampling(self.q, self.latents, self.noise, c, uc)
        set_own_options(self.q, sampling)  # scripts may have set theirs meanwhile
        self.q.sampler_name, self.q.denoising_strength = _SAMPLER, 1.0
        self.q.refiner_checkpoint_info = self.q.refiner_switch_at = None

    def predict(self, sigma: float) -> Latents:
        """The finished latents as the model sees them in the start latents with noise of `sigma` (over signal)."""
        bar = progress.bar_of(self.q)
        if bar is not None:
            bar.searched(min(self.made, EVALUATIONS - 1) / EVALUATIONS)
        self.made += 1
        at = to_host(sigma, self.q.sd_model)
        self.q.sampler_noise_scheduler_override = lambda steps: torch.tensor([*[at] * steps, 0.0])
        with self.in_tiles:
            found = self.q.sampler.sample_img2img(
                self.q, self.latents, self.noise, self.c, self.uc, steps=1, image_conditioning=self.image_conditioning
            )
        if stopped := progress.stopped():
            raise StageFailed(f"the user {stopped} it")
        return found


def _silent(sampler: Any) -> Any:
    """The sampler, whose step moves neither the host's progress bar nor one on the console."""
    sampler.callback_state = lambda _step: None
    function = sampler.func

    @wraps(function)  # the host reads its parameters
    def sample(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **{**kwargs, **({"disable": True} if "disable" in kwargs else {})})

    sampler.func = sample
    return sampler


def detailed(images: list[Image], upscale: Upscale) -> list[Image]:
    """The pictures enlarged by Lanczos to what a stage starts from, beside which a latent upscale is blurred."""
    size = (upscale.width, upscale.height)
    return [crop_image(image.resize(size, Resampling.LANCZOS), upscale) for image in images]


@contextmanager
def untraced(q: Processing) -> Iterator[None]:
    """Generators, progress and token merging are afterwards what they were, whatever happened."""
    state, states = shared.state, generator.states()
    before = {name: getattr(state, name) for name in _STATE if hasattr(state, name)}
    preview = state.id_live_preview
    try:
        yield
    finally:
        sd_models.apply_token_merging(q.sd_model, q.get_token_merging_ratio())
        generator.restore(states)
        vars(state).update(before)
        if state.id_live_preview != preview:
            state.id_live_preview += 1  # the page has another preview than the one that was put back
