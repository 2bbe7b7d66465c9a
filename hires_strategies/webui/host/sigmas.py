"""The sigmas of a schedule before anything runs: asked of the host's own sampler, so that every schedule is right.

Which sampler, which schedule, which model, which settings: the host's get_sigmas decides all of it, and nothing is
repeated here.
"""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

from modules import sd_models, sd_samplers, shared

from hires_strategies.planning.plan import FirstPass, Sampling
from hires_strategies.planning.schedules import ScheduleOptions, start_sigma
from hires_strategies.samplers import split_name

_LONGEST = 5000  # steps of a schedule to ask for: some hosts take 0.1 ms for each, and this is done at each keystroke
_ZERO_TERMINAL = 1000.0  # above this a model's largest sigma is that of "zero terminal SNR"
_UNNAMED = "Euler"  # txt2img's own default over the API


def loaded_model() -> Any | None:
    """The model that is loaded now, None for none. Loads nothing.

    Forge and Neo have a stand-in there until the first generation, which comes from no checkpoint.
    """
    model = sd_models.model_data.sd_model
    return model if getattr(model, "sd_checkpoint_info", None) is not None else None


class Schedules:
    """Schedules of the model that is loaded now, by the settings of now: make a new one for each answer.

    Must not be used for what runs: a sampler knows best itself (sampler_watch.py).
    """

    def __init__(self) -> None:
        self._model = loaded_model()
        self._samplers: dict[str, Any] = {}
        self._known: dict[tuple[str, str | None, int], list[float] | None] = {}

    def start(self, sampling: Sampling, first: FirstPass) -> float | None:
        """The sigma at which a stage will start; None where that is not known before.

        Where no model is loaded it is Stable Diffusion 1's.
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

        None where they are not known: for samplers on timesteps, for flow models (their shift is set when they run),
        where the model's schedule will be another one when it runs, and for more than 5,000 steps.
        """
        key = (sampler, scheduler, total)
        if key not in self._known:
            try:
                self._known[key] = self._ask(*key)
            except Exception:  # a host or an extension that is not as expected: no number, rather than no plan
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
        # What the hosts' get_sigmas read of `p`, and where they write what they used.
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
        """A sampler that never runs. Not by create_sampler, which extensions replace by what changes the model."""
        if name not in self._samplers:
            config = _config(name)
            sampler = config.constructor(self._model) if config is not None else None
            if sampler is not None:
                sampler.config = config
            self._samplers[name] = sampler
        return self._samplers[name]

    def _will_have_zero_terminal_snr(self) -> bool:
        """Hosts rescale the model's schedule for this when they sample; some undo it afterwards."""
        flags = (self._model, getattr(self._model, "model_config", None))
        is_asked = getattr(shared.opts, "sd_noise_schedule", "Default") == "Zero Terminal SNR"
        return is_asked or any(bool(getattr(each, "ztsnr", False)) for each in flags)


def _config(name: str) -> Any | None:
    return sd_samplers.find_sampler_config(name) or sd_samplers.find_sampler_config(split_name(name)[0])


def _schedule_of(name: str, scheduler: str | None) -> str:
    """The schedule's label; "Automatic" is what this host has for the sampler."""
    if scheduler not in (None, "Automatic"):
        return str(scheduler)
    config = _config(name)
    own = config.options.get("scheduler") if config is not None else None
    return split_name(name)[1] or (own.capitalize() if own else "Uniform")


def _options() -> ScheduleOptions:
    """The settings that change a schedule, where this host has them."""

    def option(name: str) -> Any:
        return getattr(shared.opts, name, 0)

    return ScheduleOptions(
        rho=option("rho"),
        sigma_min=option("sigma_min"),
        sigma_max=option("sigma_max"),
        old_karras=bool(option("use_old_karras_scheduler_sigmas")),
        always_discard=bool(option("always_discard_next_to_last_sigma")),
    )
