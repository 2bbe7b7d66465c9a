"""How far each stage of a sweep over strengths changes the layout, so that the user can teach what they accept.

The model's first prediction in a stage's own sampling shows it, at no cost; what it is measured by, the least and the
most change, takes two evaluations for each sweep, or none where its strengths were looked for.
"""

from __future__ import annotations

from collections.abc import Hashable

from hires_strategies.finding.change import Ends
from hires_strategies.planning.completion import parent_of
from hires_strategies.planning.plan import Node, Plan, alike_but_noise

from .host import Host, SearchStart
from .picture import Picture


class LayoutChanges:
    """For one run. A sweep whose ends cannot be measured has no changes: nothing else depends on them."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._ends: dict[Hashable, Ends | None] = {}

    def before_sampling(self, plan: Plan, node: Node, started: Picture) -> None:
        """Look at the ends of a sweep before its first stage is sampled."""
        if not self.host.measures or not _is_swept(plan, node) or _sweep_of(plan, node) in self._ends:
            return
        found = next((each.found for each in _alike(plan, node) if each.found and each.found.ends), None)
        own = None if found is None or found.ends is None else Ends(*found.ends)
        start = SearchStart(started.latents, started.images, [])
        self._ends[_sweep_of(plan, node)] = own or self._looked_at(node, start)

    def of(self, plan: Plan, node: Node, kept: float | None) -> float | None:
        """The change of a stage that has been sampled, 0 to 1, where its first prediction kept so much; else None."""
        ends = self._ends.get(_sweep_of(plan, node)) if node.sampling else None
        return None if ends is None or kept is None else ends.change(kept)

    def _looked_at(self, node: Node, start: SearchStart) -> Ends | None:
        try:
            return self.host.layout_ends(start, node)
        except Exception as error:
            if not self.host.stopped():
                self.host.failed(node, error)
            return None


def _sweep_of(plan: Plan, node: Node) -> Hashable:
    """Equal for stages that differ in nothing but how much noise they start from."""
    return parent_of(plan, node), alike_but_noise(node)


def _alike(plan: Plan, node: Node) -> list[Node]:
    sweep = _sweep_of(plan, node)
    return [each for each in plan.children(node.parent) if each.sampling and _sweep_of(plan, each) == sweep]


def _is_swept(plan: Plan, node: Node) -> bool:
    """A lock draws the prediction to the start, and so do places all around them: what it shows then is not what the
    strength does."""
    if node.sampling is not None and (node.sampling.lock or node.where is not None):
        return False
    return node.upscale is not None and node.sampling is not None and len(_alike(plan, node)) > 1
