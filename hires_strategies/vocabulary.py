"""The names a host knows, its limits and how it rounds sizes: what texts are checked against, and what is said about an
unknown name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from .errors import StrategyError
from .limits import DEFAULT_LIMITS, Limits
from .size_rules import ORDINARY, SizeRules
from .stage_options import NO_REFINER, OPTIONS, Option
from .strategy import DIRECT, LATENT_UPSCALERS, Stage
from .value_kinds import Name
from .wording import shorten


@dataclass(frozen=True)
class Vocabulary:
    """What a host offers. An empty list means that the names are not known, and any name passes. `lacks` are the fields
    of options that it does not have.

    `checkpoint_aliases` are the other names of checkpoints, with the one in the list; `checkpoint` is the chosen one.
    Without a host (on the command line) the latent upscalers are still known, so a misspelt one is found.
    """

    upscalers: tuple[str, ...] = ()
    samplers: tuple[str, ...] = ()
    schedulers: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    size_rules: SizeRules = ORDINARY
    lacks: frozenset[str] = frozenset()
    checkpoints: tuple[str, ...] = ()
    checkpoint_aliases: Mapping[str, str] = field(default_factory=dict, hash=False)
    checkpoint: str | None = None

    @property
    def sides(self) -> tuple[int, int]:
        """The shortest and the longest side that a picture to start from may have, in pixels."""
        return self.size_rules.smallest, self.limits.longest_side

    @property
    def refiners(self) -> tuple[str, ...]:
        return (NO_REFINER, *self.checkpoints) if self.checkpoints else ()

    def names(self, of: str) -> tuple[str, ...]:
        """The list of one kind, such as "sampler"."""
        names: tuple[str, ...] = getattr(self, f"{of}s")
        return names

    def known(self, stage: Stage) -> Stage:
        """The stage with every name as in the lists. Raises StrategyError, with the field, for a name or an option in
        it that this host does not have."""
        self.check_name("upscaler", stage.upscaler)
        given = {option: getattr(stage, option.field) for option in OPTIONS if getattr(stage, option.field) is not None}
        for option in given:
            self.check_option(option)
        names = {option: name for option, name in given.items() if isinstance(option.kind, Name)}
        found: dict[str, Any] = {option.field: self.known_as(option, name) for option, name in names.items()}
        return replace(stage, **found)

    def known_as(self, option: Option, name: str) -> str:
        """A name of an option as its list has it. Raises StrategyError for one that is not in the list."""
        assert isinstance(option.kind, Name)
        if option.kind.of in ("checkpoint", "refiner"):
            name = self.checkpoint_aliases.get(name, name) if name not in self.names(option.kind.of) else name
        self.check_name(option.kind.of, name)
        return name

    def check_option(self, option: Option) -> None:
        """Raise StrategyError for an option that this host does not have."""
        if option.field in self.lacks:
            raise StrategyError(f"This WebUI has no {option.name}: leave '{option.word}' out.", field=option.field)

    def check_name(self, of: str, name: str) -> None:
        """Raise StrategyError for a name that is not in the list of its kind."""
        if of == "upscaler":
            self._check_upscaler(name)
        elif self.names(of) and name not in self.names(of):
            raise unknown(of, name, self.names(of))

    def _check_upscaler(self, name: str) -> None:
        known = (*LATENT_UPSCALERS, DIRECT)
        if name in known:
            if self.upscalers and name != DIRECT and name not in self.upscalers:
                raise unknown("upscaler", name, self.upscalers)
        elif self.upscalers:
            if name not in self.upscalers:
                raise unknown("upscaler", name, (*self.upscalers, DIRECT))
        elif get_close_matches(name.lower(), [other.lower() for other in known], 1, 0.85):
            raise unknown("upscaler", name, known)


ANYTHING = Vocabulary()


def unknown(of: str, name: str, known: Sequence[str]) -> StrategyError:
    """The error for a name that is not in `known`: with the nearest ones, or a few if none is near."""
    by_lower = {other.lower(): other for other in known}
    near = [by_lower[match] for match in get_close_matches(name.lower(), list(by_lower), 3, 0.6)]
    if near:
        hint = "Did you mean " + " or ".join(f"'{other}'" for other in near) + "?"
    else:
        shown = ", ".join(f"'{other}'" for other in known[:12])
        hint = f"This WebUI has {shown}{', ...' if len(known) > 12 else '.'}"
    return StrategyError(f"Unknown {of} '{shorten(name)}'. {hint}", field=of)
