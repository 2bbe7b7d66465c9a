"""The refiner in strategies: which passes the host's setting gives it, and a stage that it finishes.

The host switches models itself, in the middle of a sampling, for any `p` that has a refiner (its apply_refiner).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from modules import sd_models

from hires_strategies.errors import StrategyError
from hires_strategies.planning.plan import FirstPass, Plan, Sampling
from hires_strategies.stage_options import NO_REFINER

from . import checkpoints
from .forks import models
from .processing import Processing

SETTING = "Hires refiner"  # the host's key for it
_DEFAULT_SWITCH = 0.8  # that of the page
_HOSTS_KEYS = ("Refiner", "Refiner switch at", SETTING)
_OWN_KEY = "Stage refiner"


@dataclass(frozen=True)
class Refiner:
    """A checkpoint that finishes a sampling, from the share `switch_at` (0 to 1) of it on. `own`: a stage names it."""

    info: Any
    switch_at: float
    own: bool


def of_generation(p: Processing) -> Any | None:
    """The generation's refiner, also before the host has looked it up; None for none."""
    named = getattr(p, "refiner_checkpoint", None)
    if named in (None, "", "None", "none"):
        return None
    return p.refiner_checkpoint_info or sd_models.get_closet_checkpoint_match(named)


def refines_first_pass(p: Processing) -> bool:
    """Whether a first pass that stages follow is refined: as Hires. fix's is, by the setting."""
    return of_generation(p) is not None and models.refiner_pass() != "second pass"


def planned(refiner: Any | None, switch_at: float | None) -> dict[str, Any]:
    """What a plan knows of the generation's refiner, as fields of FirstPass."""
    name = checkpoints.name_of(refiner) or NO_REFINER
    setting = models.refiner_pass()
    return {
        "refiner": name if setting in ("second pass", "both passes") else NO_REFINER,
        "refiner_of_direct": NO_REFINER if setting is None else name,
        "refiner_at": switch_at if name != NO_REFINER else None,
    }


def check(plan: Plan) -> None:
    """Raise StrategyError for a stage's own refiner where the host has none for second passes."""
    if models.refiner_pass() is not None:
        return
    for node in plan.stages:
        if node.sampling and node.sampling.refiner not in (None, NO_REFINER):
            raise StrategyError(f"'{node.text}': this WebUI refines no second pass, so a stage cannot have a refiner.")


def of_stage(p: Processing, sampling: Sampling, first: FirstPass) -> Refiner | None:
    """The refiner of a stage: its own, or the generation's where the setting gives it to second passes. `Direct` is
    txt2img, which the generation's refiner always finishes."""
    name = first.refiner_of(sampling)
    if name is None:
        return None
    info = checkpoints.find(name)
    at = sampling.refiner_at if sampling.refiner_at is not None else first.refiner_at
    return Refiner(info, _DEFAULT_SWITCH if at is None else at, sampling.refiner is not None)


def give(q: Processing, refiner: Refiner | None, steps: int) -> None:
    """Let the host finish a stage with a refiner, or none: `q` is the stage's copy of `p`."""
    q.refiner_checkpoint_info = None if refiner is None else refiner.info
    q.refiner_switch_at = None if refiner is None else refiner.switch_at
    if refiner is None:
        return
    q.enable_hr = False  # with it, the host asks the setting, which is read here
    # What the host's setup_conds reads when the models change: the stage's own steps and sampler, and cache slots
    # that no other size has filled.
    q.hr_second_pass_steps, q.hr_sampler_name = steps, q.sampler_name
    for cache in ("cached_c", "cached_uc", "cached_hr_c", "cached_hr_uc"):
        setattr(q, cache, [None, None, None])


def told(written: dict[str, Any], refiner: Refiner | None) -> dict[str, Any]:
    """What a refined stage wrote, as its texts say it. A stage's own refiner is in the strategy's text already, and
    under the host's keys it would be read back as the whole generation's."""
    if refiner is None or "Refiner" not in written:
        return written
    if refiner.own:
        own = {key: value for key, value in written.items() if key not in _HOSTS_KEYS}
        return {**own, _OWN_KEY: refiner.info.short_title}
    return {**written, SETTING: models.refiner_pass()}


@contextmanager
def in_first_pass(p: Processing) -> Iterator[None]:
    """The host samples the first pass of a generation with stages: with the refiner only if the setting says so.

    Hires. fix reads the setting itself.
    """
    if of_generation(p) is None or p.enable_hr or refines_first_pass(p):
        yield
        return
    names = ("refiner_checkpoint", "refiner_checkpoint_info", "refiner_switch_at")
    before = {name: getattr(p, name) for name in names}
    for name in names:
        setattr(p, name, None)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(p, name, value)


def told_of_first_pass(p: Processing, written: dict[str, Any]) -> dict[str, Any]:
    """Write the setting into the texts, as Hires. fix does, if a first pass wrote that a refiner finished it; returns
    everything that it wrote."""
    setting = models.refiner_pass()
    if "Refiner" not in written or setting is None:
        return written
    p.extra_generation_params[SETTING] = setting
    return {**written, SETTING: setting}


def left_by(p: Processing, written: frozenset[str]) -> Any | None:
    """The refiner that finished a first pass, which wrote `written`; None for none. Hires. fix has changed the model
    itself."""
    return of_generation(p) if "Refiner" in written and not p.enable_hr else None
