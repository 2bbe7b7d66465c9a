"""A stage's options on the copy of `p` that it runs on."""

from __future__ import annotations

from hires_strategies.planning.plan import Sampling

from .processing import Processing

# The attributes of `p` that take a stage's option: first the first pass's, then the one that Hires. fix reads.
ON_P = {"sampler": ("sampler_name",), "scheduler": ("scheduler", "hr_scheduler"), "cfg": ("cfg_scale", "hr_cfg")}


def set_own_options(q: Processing, sampling: Sampling) -> None:
    """What a stage itself gives wins over everything else that sets it."""
    q.denoising_strength = sampling.denoising_strength
    for option, attributes in ON_P.items():
        value = getattr(sampling, option)
        if value is not None:
            for attribute in attributes:
                setattr(q, attribute, value)
