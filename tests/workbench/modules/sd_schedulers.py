"""Schedules: from how much noise to how little, in how many steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from parts import k_samplers


@dataclass
class Scheduler:
    """A schedule; `function` is None for the sampler's own."""

    name: str
    label: str
    function: Callable[..., Any] | None
    default_rho: float = -1
    need_inner_model: bool = False
    aliases: list[str] | None = None


def uniform(n, sigma_min, sigma_max, inner_model, device):
    """Evenly spaced timesteps."""
    return inner_model.get_sigmas(n).to(device)


def sgm_uniform(n, sigma_min, sigma_max, inner_model, device):
    """Evenly spaced timesteps without the last one."""
    start, end = (inner_model.sigma_to_t(inner_model.sigmas.new_tensor(sigma)) for sigma in (sigma_max, sigma_min))
    sigmas = inner_model.t_to_sigma(torch.linspace(float(start), float(end), n + 1, device=start.device)[:-1])
    return torch.cat([sigmas, sigmas.new_zeros(1)]).to(device)


def _karras(n, sigma_min, sigma_max, rho=7.0, device="cpu"):
    return k_samplers.karras(n, sigma_min, sigma_max, rho).to(device)


def _exponential(n, sigma_min, sigma_max, device="cpu"):
    return k_samplers.exponential(n, sigma_min, sigma_max).to(device)


schedulers = [
    Scheduler("automatic", "Automatic", None),
    Scheduler("uniform", "Uniform", uniform, need_inner_model=True),
    Scheduler("karras", "Karras", _karras, default_rho=7.0),
    Scheduler("exponential", "Exponential", _exponential),
    Scheduler("sgm_uniform", "SGM Uniform", sgm_uniform, need_inner_model=True, aliases=["SGMUniform"]),
]
schedulers_map = {name: scheduler for scheduler in schedulers for name in (scheduler.name, scheduler.label)}
