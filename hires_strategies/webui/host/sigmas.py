"""A schedule's sigmas before anything runs, from the host's own sampler, so that every schedule is right.

Sampler, schedule, model and settings all go into the host's own code; none of its logic is repeated here.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from modules import sd_models, sd_samplers, shared

from hires_strategies.planning.plan import FirstPass, Sampling
from hires_strategies.planning.schedules import ScheduleOptions, start_sigma
from hires_strategies.planning.start import LONGEST, Starts
from hires_strategies.samplers import split_name

from .forks.guidance import predictor_at, shift_of
from .forks.settings import setting
from .noise import by_index, is_flow, takes_own_list

_ZERO_TERMINAL = 1000.0  # a model's largest sigma is above this with "zero terminal SNR"
_UNNAMED = "Euler"  # txt2img's own default over the API


@dataclass(frozen=True)
class _Schedule:
    """What to ask a sampler for. `shift`: None for a model whose shift the host does not set."""

    sampler: str
    scheduler: str | None
    shift: float | None
    total: int


def loaded_model() -> Any | None:
    """The currently loaded model, None for none. Loads nothing.

    Until the first generation, Forge and Neo have a stand-in there that comes from no checkpoint.
    """
    model = sd_models.model_data.sd_model
    return model if getattr(model, "sd_checkpoint_info", None) is not None else None


class Schedules:
    """Schedules of the currently loaded model with the current settings: make a new object for each answer.

    Not for stages that run: there the sampler itself knows best (sampler_watch.py, start_sigma.py).
    """

    def __init__(self) -> None:
        self._model = loaded_model()
        self._samplers: dict[tuple[str, float | None], Any] = {}
        self._known: dict[_Schedule, list[float] | None] = {}
        self.starts = Starts(self.start, self.takes_own_list)

    def start(self, sampling: Sampling, first: FirstPass) -> float | None:
        """Noise over signal where a stage will start, infinite for noise alone; None if that is not known beforehand.

        If no model is loaded, it is Stable Diffusion 1's.
        """
        if sampling.checkpoint is not None:
            return None  # another model will be loaded for it
        schedule = self._schedule(sampling, first)
        if self._model is None:
            name = schedule.sampler
            return start_sigma(sampling, name, _schedule_of(name, schedule.scheduler), options=_options())
        sigmas = self._sigmas(schedule) or []
        index = sampling.total - sampling.steps
        if index >= len(sigmas) or (sampling.denoising_strength is None and not self._is_on_sigmas(schedule)):
            return None
        return sigmas[index]

    def takes_own_list(self, sampling: Sampling, first: FirstPass) -> bool:
        return self._model is None or self._is_on_sigmas(self._schedule(sampling, first))

    def _is_on_sigmas(self, schedule: _Schedule) -> bool:
        return takes_own_list(self._sampler(schedule.sampler, schedule.shift))

    def _schedule(self, sampling: Sampling, first: FirstPass) -> _Schedule:
        name, scheduler = sampling.sampler or first.sampler or _UNNAMED, sampling.scheduler or first.scheduler
        shift = sampling.distilled_cfg or first.distilled_cfg
        return _Schedule(name, scheduler, shift if shift_of(self._model) is not None else None, sampling.total)

    def _sigmas(self, schedule: _Schedule) -> list[float] | None:
        """Noise over signal at each step, see noise.by_index.

        None if unknown: if the model's schedule will be a different one when it runs, for more than 5,000 steps, and
        for samplers that do not tell.
        """
        if schedule not in self._known:
            try:
                self._known[schedule] = self._ask(schedule)
            except Exception:  # an unexpected host or extension: better no number than no plan
                logging.getLogger(__name__).info("The sigmas of %s are not known.", schedule, exc_info=True)
                self._known[schedule] = None
        return self._known[schedule]

    def _ask(self, schedule: _Schedule) -> list[float] | None:
        sampler = self._sampler(schedule.sampler, schedule.shift) if schedule.total <= LONGEST else None
        if sampler is None or self._will_be_another(sampler):
            return None
        # What the hosts' get_sigmas and get_timesteps read from `p`, and where they record what they used.
        p: Any = SimpleNamespace(
            scheduler=schedule.scheduler,
            hr_scheduler=schedule.scheduler,
            is_hr_pass=True,
            sampler_noise_scheduler_override=None,
            extra_generation_params={},
            sd_model=self._model,
        )
        return by_index(sampler, p, schedule.total, self._model)

    def _sampler(self, name: str, shift: float | None) -> Any | None:
        """A sampler that never runs; not from create_sampler, which extensions replace to change the model."""
        if (name, shift) not in self._samplers:
            config = _config(name)
            sampler = config.constructor(self._model) if config is not None else None
            if sampler is not None:
                sampler.config = config
            if sampler is not None and shift is not None:
                sampler.model_wrap.predictor = predictor_at(self._model, shift)
            self._samplers[name, shift] = sampler
        return self._samplers[name, shift]

    def _will_be_another(self, sampler: Any) -> bool:
        """Whether the model's schedule is rescaled when it samples, or is of a kind that nobody knows."""
        if is_flow(self._model):
            return False
        if takes_own_list(sampler):
            largest = float(sampler.model_wrap.sigmas[-1])
        else:
            last = float(self._model.alphas_cumprod[-1])  # type: ignore[union-attr]
            largest = float(((1 - last) / last) ** 0.5) if last else _ZERO_TERMINAL + 1
        return largest <= 1 or (largest > _ZERO_TERMINAL) != self._will_have_zero_terminal_snr()

    def _will_have_zero_terminal_snr(self) -> bool:
        """Whether the host rescales the model's schedule for this when it samples; some hosts undo it afterwards."""
        flags = (self._model, getattr(self._model, "model_config", None))
        is_asked = setting("sd_noise_schedule") == "Zero Terminal SNR"
        return is_asked or any(bool(getattr(each, "ztsnr", False)) for each in flags)


def _config(name: str) -> Any | None:
    return sd_samplers.find_sampler_config(name) or sd_samplers.find_sampler_config(split_name(name)[0])


def _schedule_of(name: str, scheduler: str | None) -> str:
    """The schedule's label; for "Automatic", the one that this host uses for the sampler."""
    if scheduler not in (None, "Automatic"):
        return str(scheduler)
    config = _config(name)
    own = config.options.get("scheduler") if config is not None else None
    return split_name(name)[1] or (own.capitalize() if own else "Uniform")


def _options() -> ScheduleOptions:
    """The settings that change a schedule, as far as this host has them."""
    options = shared.opts
    return ScheduleOptions(
        rho=options.rho,
        sigma_min=options.sigma_min,
        sigma_max=options.sigma_max,
        old_karras=bool(setting("use_old_karras_scheduler_sigmas")),
        always_discard=bool(options.always_discard_next_to_last_sigma),
    )
