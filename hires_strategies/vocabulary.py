"""The names that a host knows: its upscalers, samplers and schedulers, and what to say of any other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from hires_strategies.wording import shorten

from .errors import StrategyError
from .strategy import DIRECT, LATENT_UPSCALERS


@dataclass(frozen=True)
class Names:
    """What a host offers. An empty list means that it is not known, and any name passes.

    Without a host (the command line) the latent upscalers are still known, so a misspelt one is found.
    """

    upscalers: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()

    def check_upscaler(self, name: str) -> None:
        known = (*LATENT_UPSCALERS, DIRECT)
        if name in known:
            if self.upscalers and name != DIRECT and name not in self.upscalers:
                raise unknown("upscaler", name, self.upscalers)
        elif self.upscalers:
            if name not in self.upscalers:
                raise unknown("upscaler", name, (*self.upscalers, DIRECT))
        elif get_close_matches(name.lower(), [other.lower() for other in known], 1, 0.85):
            raise unknown("upscaler", name, known)

    def check_sampler(self, name: str) -> None:
        if self.samplers and name not in self.samplers:
            raise unknown("sampler", name, self.samplers)

    def check_scheduler(self, name: str) -> None:
        if self.schedulers and name not in self.schedulers:
            raise unknown("scheduler", name, self.schedulers)


ANY_NAMES = Names()


def unknown(kind: str, name: str, known: Sequence[str]) -> StrategyError:
    """The error for a name that is none of `known`: with the nearest ones, or a few where none is near."""
    by_lower = {other.lower(): other for other in known}
    near = [by_lower[match] for match in get_close_matches(name.lower(), list(by_lower), 3, 0.6)]
    if near:
        hint = "Did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
    else:
        shown = ", ".join(f"'{other}'" for other in known[:12])
        hint = f"This WebUI has {shown}{', ...' if len(known) > 12 else '.'}"
    return StrategyError(f"Unknown {kind} '{shorten(name)}'. {hint}", field=kind)
