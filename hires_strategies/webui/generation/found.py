"""What a generation's 'auto' stages find: their strengths in its plans, and what is remembered of them afterwards."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable
from dataclasses import replace

from hires_strategies.control_units import ALL_OFF
from hires_strategies.errors import StrategyError
from hires_strategies.planning.plan import Plan
from hires_strategies.planning.sought import REMEMBERED, Points, Sought
from hires_strategies.webui.files import remembered_file
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.stages import WebuiHost
from hires_strategies.webui.neighbours.controlnet import units_in_stages


def news(sentences: Iterable[str], of_later_batch: bool) -> list[str]:
    """The sentences, without those on strengths that an earlier batch of the generation found, and told of."""
    return [sentence for sentence in sentences if not (of_later_batch and sentence.endswith(REMEMBERED))]


class FoundHere:
    """The start sigmas that the batches of one generation found: later ones start there, too.

    `units`: the ControlNet units that guide its stages, in words, None for none. What is found under guidance, which
    holds the layout, is far too much without it, so each is remembered for itself.
    """

    def __init__(self) -> None:
        self.units: str | None = None
        self._sigmas: dict[Sought, list[float]] = {}
        self._accepted: float | None = None
        self._remembered: Callable[[Sought, bool], float | None] = lambda sought, anew: None

    def lookup(self, p: Processing) -> Callable[[Sought, bool], float | None]:
        """What is known now, the same while a batch runs: what one branch finds changes no other.

        See planning.start.Starts.
        """
        own = {sought: statistics.median(sigmas) for sought, sigmas in self._sigmas.items()}
        units = self.units = units_in_stages(p)

        known = remembered_file().lookup()

        def remembered(sought: Sought, anew: bool) -> float | None:
            sought = _under(units, sought)
            return own[sought] if sought in own else known(sought, anew)

        self._remembered = remembered
        return remembered

    def give(self, host: WebuiHost, p: Processing) -> None:
        """What a batch's host needs to look for strengths: it knows what its plan was made with. What a user may teach,
        they teach on the page, and without units that hold the layout for them."""
        self._accepted = remembered_file().accepted()
        host.remembered, host.accepted = self._remembered, self._accepted
        host.measures = not p.is_api and self.units is None

    def points(self, sought: Sought) -> Points:
        """What was looked at when a strength that is remembered was found; empty if that is not known."""
        return remembered_file().points(_under(self.units, sought))

    def learn(self, plan: Plan) -> str | None:
        """Keep what was found while a plan ran. Returns a sentence if it could not be remembered for other generations.

        One failure says it all: it is the same file.
        """
        searched = [
            (_under(self.units, plan.sought(node)), node.found)
            for node in plan.stages
            if node.found and node.found.evaluations
        ]
        for sought, found in dict.fromkeys(searched):  # a search may serve several stages, several one thing
            self._sigmas.setdefault(sought, []).append(found.sigma)
            try:
                remembered_file().learn(sought, found, self._accepted)
            except StrategyError as error:
                return f"What was found is not remembered: {error}"
        return None


def _under(units: str | None, sought: Sought) -> Sought:
    """What is sought where such units guide the stages that do not have all of them off."""
    if units is None or sought.control == ALL_OFF:
        return sought
    return replace(sought, control=" ".join(filter(None, (f"({units})", sought.control))))
