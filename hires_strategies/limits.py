"""How large a strategy may be. The WebUI's settings can replace the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Limits:
    """`longest_side` is in pixels, `variants` in strategies per run.

    `fewest_steps`: the fewest steps that a host's samplers need, from noise alone and from a picture, by name, where
    that differs from the table of samplers.
    """

    longest_side: int = 8000
    variants: int = 64
    fewest_steps: Mapping[str, tuple[int, int]] = field(default_factory=dict)


MAX_SCALE = 16
MAX_STAGES = 100  # of one strategy; what walks along them is recursive
MAX_TEXT = 100_000  # characters of all strategies of one text
MAX_STEPS = 150  # the host's own limit for sampling steps
MAX_SIGMA = 10_000  # zero terminal SNR begins at about 4,500
MAX_CFG = 30
MAX_DISTILLED_CFG = 30
MAX_SIDE = 1_000_000  # for any number of pixels or steps: keeps it printable; a plan's limits are lower
SMALLEST_TILE = 64  # pixels of a side
MAX_SEED = 2**62  # torch takes 64 bits, and the host adds an image's number and ENSD to it
MAX_SCHEDULE = 1_000_000  # steps of a schedule, of which a stage runs the last ones
DEFAULT_LIMITS = Limits()
