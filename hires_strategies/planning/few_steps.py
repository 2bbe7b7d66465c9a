"""Samplers that fail with too few steps, reported before anything runs."""

from __future__ import annotations

from dataclasses import dataclass

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.samplers import Sampler, find_sampler, split_name

_ABOVE_ZERO = "KL Optimal"  # the schedule type that does not end at sigma 0
_BY_TIMESTEPS = "DDIM"  # the one that may have more sigmas than steps


@dataclass(frozen=True)
class Steps:
    """A sampling: the last `steps` of a schedule of `total`. `second_pass`: it starts from a picture."""

    sampler: str | None
    scheduler: str | None
    steps: int
    total: int
    second_pass: bool


def check_steps(what: str, sampling: Steps, limits: Limits) -> None:
    """Raises StrategyError if the host's sampler would fail; `what` names, for the message, what runs those steps."""
    name = split_name(sampling.sampler or "")[0]
    row = find_sampler(name)
    if row is None:
        return
    needed = _fewest(row, sampling, limits)
    if _sampled(sampling) < needed:
        raise StrategyError(
            f"{what} runs {sampling.steps} step{'' if sampling.steps == 1 else 's'}, and the sampler {name} needs at "
            f"least {needed} here.",
            field="steps",
        )
    if row.longest is not None and sampling.second_pass and sampling.total > row.longest:
        raise StrategyError(
            f"{what} runs the last {sampling.steps} of {sampling.total} steps, and the sampler {name} has no more than "
            f"{row.longest}: its denoising strength has to be higher, or its steps fewer.",
            field="denoising_strength",
        )


def _fewest(row: Sampler, sampling: Steps, limits: Limits) -> int:
    fewest = limits.fewest_steps.get(row.name, row.fewest)
    if sampling.scheduler == _ABOVE_ZERO and row.fewest_above_zero is not None:
        fewest = row.fewest_above_zero
    return fewest[sampling.second_pass]


def _sampled(sampling: Steps) -> int:
    """The steps that are actually run."""
    if sampling.scheduler != _BY_TIMESTEPS:
        return sampling.steps
    return sampling.steps + max(len(range(1, 1000, max(1000 // sampling.total, 1))) - sampling.total, 0)
