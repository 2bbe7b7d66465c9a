"""Which samplers a structure lock works with."""

from __future__ import annotations

from hires_strategies.errors import StrategyError
from hires_strategies.samplers import find_sampler, split_name


def check_lock(what: str, sampler: str | None) -> None:
    """Raises StrategyError if a sampler is known to predict noise, in which there is no picture to hold on to.

    `what` names the stage in the message. Samplers without a row are asked when the stage runs.
    """
    row = find_sampler(sampler or "")
    if row is not None and row.on_timesteps:
        raise no_lock(what, split_name(sampler or "")[0])


def no_lock(what: str, sampler: str | None) -> StrategyError:
    return StrategyError(
        f"{what} cannot hold the structure: the sampler {sampler} works on noise over timesteps, and 'lock' needs the "
        f"picture that samplers on sigmas predict at each step (Euler a and DPM++ 2M, for example).",
        field="lock",
    )
