"""A schedule's sigmas before anything runs, from the host's own sampler, so that every schedule is right.

Sampler, schedule, model and settings all go into the host's get_sigmas; none of its logic is repeated here.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from modules import sd_models, sd_samplers, shared

from hires_strategies.planning.plan import FirstPass, Sampling
from hires_strategies.planning.schedules import ScheduleOptions, start_sigma
from hires_strategies.samplers import split_name

from .forks.settings import setting

_LONGEST = 5000  # steps of a schedule to ask for: some hosts take 0.1 ms per step, and this runs at each keystroke
_ZERO_TERMINAL = 1000.0  # a model's largest sigma is above this with "zero terminal SNR"
_UNNAMED = "Euler"  # txt2img's own default over the API


def loaded_model() -> Any | None:
    """The currently loaded model, None for none. Loads nothing.

    Until the first generation, Forge and Neo have a stand-in there that comes from no checkpoint.
    """
    model = sd_models.model_data.sd_model
    return model if getattr(model, "sd_checkpoint_info", None) is not None else None


class Schedules:
    """Schedules of the currently loaded model with the current settings: make a new object for each answer.

    Not for stages that run: there the sampler itself knows best (sampler_watch.py).
    """

    def __init__(self) -> None:
        self._model = loaded_model()
        self._samplers: dict[str, Any] = {}
        self._known: dict[tuple[str, str | None, int], list[float] | None] = {}

    def start(self, sampling: Sampling, first: FirstPass) -> float | None:
        """The sigma at which a stage will start; None if that is not known beforehand.

        If no model is loaded, it is Stable Diffusion 1's.
        """
        name = sampling.sampler or first.sampler or _UNNAMED
        scheduler = sampling.scheduler or first.scheduler
        if self._model is None:
            return start_sigma(sampling, name, _schedule_of(name, scheduler), options=_options())
        sigmas = self.sigmas(name, scheduler, sampling.total) or []
        index = sampling.total - sampling.steps
        return sigmas[index] if index < len(sigmas) else None

    def sigmas(self, sampler: str, scheduler: str | None, total: int) -> list[float] | None:
        """The sigmas of `total` steps, descending, as the host's sampler would take them; most schedules end with a 0.

        None if unknown: for samplers on timesteps, for flow models (their shift is set when they run), if the model's
        schedule will be a different one when it runs, and for more than 5,000 steps.
        """
        key = (sampler, scheduler, total)
        if key not in self._known:
            try:
                self._known[key] = self._ask(*key)
            except Exception:  # an unexpected host or extension: better no number than no plan
                logging.getLogger(__name__).info("The sigmas of %s are not known.", key, exc_info=True)
                self._known[key] = None
        return self._known[key]

    def _ask(self, name: str, scheduler: str | None, total: int) -> list[float] | None:
        sampler = self._sampler(name) if total <= _LONGEST else None
        if sampler is None or not hasattr(sampler, "get_sigmas"):
            return None
        largest = float(sampler.model_wrap.sigmas[-1])
        if largest <= 1 or (largest > _ZERO_TERMINAL) != self._will_have_zero_terminal_snr():
            return None
        # What the hosts' get_sigmas read from `p`, and where they record what they used.
        p = SimpleNamespace(
            scheduler=scheduler,
            hr_scheduler=scheduler,
            is_hr_pass=True,
            sampler_noise_scheduler_override=None,
            extra_generation_params={},
        )
        sigmas: list[float] = sampler.get_sigmas(p, total).tolist()
        return sigmas

    def _sampler(self, name: str) -> Any | None:
        """A sampler that never runs; not from create_sampler, which extensions replace to change the model."""
        if name not in self._samplers:
            config = _config(name)
            sampler = config.constructor(self._model) if config is not None else None
            if sampler is not None:
                sampler.config = config
            self._samplers[name] = sampler
        return self._samplers[name]

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
