"""Which part of what the stages start from a picture shows: stages of a given size crop what does not fit.

On the page, places are painted over a picture, the gallery's or the user's own, while they are those of what a stage
starts from.
"""

from __future__ import annotations

from .places import laid
from .plan import Node, Plan

# Left, top, right and bottom in parts of the sides of what the stages start from.
Part = tuple[float, float, float, float]
ALL: Part = (0.0, 0.0, 1.0, 1.0)


def part_shown(plan: Plan, index: int | None) -> Part:
    """What a stage's picture shows of the first pass, or of the `Direct` that takes its place; None: the first pass."""
    part = ALL
    for node in reversed([] if index is None else plan.path(index)):
        if node.upscale is not None:
            part = _before(part, node, plan.source(node))
    return part


def cropped(plan: Plan, index: int | None) -> Part | None:
    """The same; None for all of it."""
    part = part_shown(plan, index)
    return None if part == ALL else part


def starts_on_line(plan: Plan, line: int) -> list[tuple[int, int, Part]]:
    """Of the strategy that is the first on a line of the text (from 1 on), what each stage starts from: width and
    height in pixels, and what that shows of the first pass. `Direct` starts from nothing; it has its own size."""
    variants = zip(plan.variants, plan.strategies, strict=True)
    ends = [variant.node for variant, strategy in variants if strategy.places and strategy.places[0][0] == line]
    if not ends:
        return []
    return [
        (*(plan.source(node) if node.upscale else (node.width, node.height)), part_shown(plan, node.parent))
        for node in plan.path(ends[0])
    ]


def _before(part: Part, node: Node, source: tuple[int, int]) -> Part:
    """What a part of a stage's picture is of the one that it starts from."""
    assert node.upscale is not None
    by_latents = node.upscale.latent or node.sampling is not None
    (whole_x, off_x), (whole_y, off_y) = laid(node.upscale, source, by_latents)
    left, right = ((side * node.width + off_x) / whole_x for side in (part[0], part[2]))
    top, bottom = ((side * node.height + off_y) / whole_y for side in (part[1], part[3]))
    return max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
