"""Samplers of the hosts, one row each, by the name in the host's list. A sampler without a row is unknown.

From the sources of A1111 v1.10.1 (modules/sd_samplers*.py), of its k-diffusion, and of Forge, reForge and Forge Neo.
Where a host differs (Neo's "DPM++ 2M SDE" has no schedule of its own), it says so itself: it is asked for sigmas if a
model is loaded, and its model evaluations are counted while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# (steps, whether sampling starts from a picture) -> calls of the model
Evaluations = Callable[[int, bool], int]
Fewest = tuple[int, int]  # steps, from noise alone and from a picture


def one_each(steps: int, second_pass: bool) -> int:
    return steps


def two_each(steps: int, second_pass: bool) -> int:
    """The last step, which ends at sigma 0, is an Euler step."""
    return 2 * steps - 1


def heun_pp2(steps: int, second_pass: bool) -> int:
    """Three per step, two in the last but one, one in the last."""
    return max(3 * steps - 3, 1)


def ddim(steps: int, second_pass: bool) -> int:
    """One between every two timesteps. The host's sample_img2img takes timesteps[:t_enc], and t_enc is steps - 1."""
    return max((steps - 1 if second_pass else _timesteps(steps)) - 1, 0)


def plms(steps: int, second_pass: bool) -> int:
    """Like DDIM, with one more in the first step."""
    between = ddim(steps, second_pass)
    return between + 1 if between else 0


def _timesteps(steps: int) -> int:
    """How many timesteps the host's get_timesteps returns for `steps`, up to 1,000: not always equally many."""
    return len(range(0, 1000, max(1000 // steps, 1)))


@dataclass(frozen=True)
class Sampler:
    """One row.

    `evaluations` is exact for schedules that end at 0 and have as many sigmas as steps, as nearly all do; None if the
    sampler chooses its own steps. `automatic` is what the schedule type "Automatic" means. `by_sigma`: whether sampling
    starts with noise of the schedule's sigma; others work on timesteps or on their own sigmas. `one_longer`: it makes a
    schedule with one more sigma and omits the last but one. `independent`: whether an image depends only on its own
    part of a batch; True only where that was checked. `fewest`: the steps below which the host's code fails, from noise
    alone and from a picture; `fewest_above_zero`: the same for schedules that do not end at sigma 0, if different.
    `longest`: the longest schedule it can make.
    """

    name: str
    evaluations: Evaluations | None
    automatic: str = "Uniform"
    by_sigma: bool = True
    one_longer: bool = False
    independent: bool = False
    fewest: Fewest = (1, 1)
    fewest_above_zero: Fewest | None = None
    longest: int | None = None

    @property
    def on_timesteps(self) -> bool:
        """Whether it works on the model's timesteps, of which there is a number, and so on predicted noise."""
        return self.longest is not None


def unipc_fewest(order: int) -> Fewest:
    """UniPC needs as many timesteps as its order setting. From a picture the host gives it one fewer than steps."""
    return next((steps for steps in range(1, order) if _timesteps(steps) >= order), order), order + 1


# k-diffusion's code reads a variable that the step to sigma 0 does not set.
_NOT_THE_LAST_ALONE: dict[str, Any] = {"fewest": (2, 2), "fewest_above_zero": (1, 1)}
_TIMESTEPS = 1000
_UNIPC_ORDER = 3  # the host's default

_ROWS = (
    Sampler("DPM++ 2M", one_each, "Karras", independent=True),
    Sampler("DPM++ SDE", two_each, "Karras", independent=True),
    Sampler("DPM++ 2M SDE", one_each, "Exponential", independent=True, **_NOT_THE_LAST_ALONE),
    Sampler("DPM++ 2M SDE Heun", one_each, "Exponential", independent=True, **_NOT_THE_LAST_ALONE),
    Sampler("DPM++ 2S a", two_each, "Karras", independent=True),
    Sampler("DPM++ 3M SDE", one_each, "Exponential", one_longer=True, independent=True, **_NOT_THE_LAST_ALONE),
    Sampler("Euler a", one_each, independent=True),
    Sampler("Euler", one_each, independent=True),
    Sampler("LMS", one_each, independent=True),
    Sampler("Heun", two_each, independent=True),
    Sampler("DPM2", two_each, "Karras", one_longer=True, independent=True),
    Sampler("DPM2 a", two_each, "Karras", one_longer=True, independent=True),
    Sampler("DPM fast", one_each, independent=True, fewest=(1, 2)),
    Sampler("DPM adaptive", None, fewest=(1, 2)),
    Sampler("Restart", None, "Karras", independent=True),
    Sampler("DDIM", ddim, by_sigma=False, independent=True, longest=_TIMESTEPS),
    Sampler("DDIM CFG++", ddim, by_sigma=False, independent=True, longest=_TIMESTEPS),
    Sampler("PLMS", plms, by_sigma=False, independent=True, longest=_TIMESTEPS),
    Sampler("UniPC", None, by_sigma=False, independent=True, longest=_TIMESTEPS, fewest=unipc_fewest(_UNIPC_ORDER)),
    Sampler("LCM", one_each, by_sigma=False, independent=True),
    # Forge, reForge
    Sampler("HeunPP2", heun_pp2),
    Sampler("IPNDM", one_each),
    Sampler("IPNDM_V", one_each),
    Sampler("DEIS", one_each),
    Sampler("DDPM", one_each),
    # reForge, Neo
    Sampler("Euler CFG++", one_each),
    Sampler("Euler a CFG++", one_each),
    Sampler("Euler Ancestral CFG++", one_each),
    Sampler("DPM++ 2M CFG++", one_each, "Karras"),
    Sampler("DPM++ 2s a RF", two_each),
    Sampler("Res Multistep", one_each),
)
SAMPLERS = {row.name: row for row in _ROWS}

# Schedule types that hosts without schedulers (before A1111 1.9) append to a sampler's name.
_IN_NAMES = ("Karras", "Exponential")


def split_name(name: str) -> tuple[str, str | None]:
    """A sampler's name, and the schedule type contained in it: ("DPM++ 2M", "Karras") for "DPM++ 2M Karras"."""
    for label in _IN_NAMES:
        if name.endswith(f" {label}"):
            return name.removesuffix(f" {label}"), label
    return name, None


def find_sampler(name: str) -> Sampler | None:
    """The row of a sampler, whether or not its name contains a schedule type; None for an unknown one."""
    return SAMPLERS.get(split_name(name)[0])
