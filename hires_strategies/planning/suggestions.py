"""What a plan could do better, for whoever still writes it."""

from __future__ import annotations

from hires_strategies.wording import shorten

from .plan import Node, Plan

# So many stages that sample, one after the other, have shifted colors by what people see.
DRIFTING = 3
# Up to this denoising strength tiles draw about what the whole would: on the workbench's model nine tiles kept 0.88 of
# the pictures at 0.3, where the whole kept 0.92, and 0.83 at 0.5, where the whole kept all.
SAFE_IN_TILES = 0.4


def suggestions(plan: Plan) -> list[str]:
    """Sentences; none where there is nothing to suggest."""
    return [*_drifting(plan), *_figure_in_each_tile(plan)]


def _drifting(plan: Plan) -> list[str]:
    for variant in plan.variants:
        path = plan.path(variant.node)
        count = sum(node.sampling is not None and node.upscale is not None for node in path)
        if count >= DRIFTING and not any(node.color_match for node in path):
            return [
                f"{count} stages one after the other sample anew, and colors drift a little each time: [color match] "
                f"on them keeps those of the picture before."
            ]
    return []


def _figure_in_each_tile(plan: Plan) -> list[str]:
    risky = [node for node in plan.stages if _may_repeat(node)]
    if not risky:
        return []
    others = "" if len(risky) == 1 else f" (and {len(risky) - 1} more)"
    return [
        f"Each tile of '{shorten(risky[0].text)}'{others} may draw a figure of its own: above a denoising strength of "
        f"{SAFE_IN_TILES:g} a tile no longer keeps to what is there. A lower strength, [lock], or a prompt of the "
        f"stage without the subject helps."
    ]


def _may_repeat(node: Node) -> bool:
    """A strength that is still to be found is measured on the tiles and needs no warning."""
    sampling = node.sampling
    if node.tiles is None or node.tiles.everywhere == 1 or sampling is None:
        return False
    if sampling.auto or sampling.lock or sampling.prompt is not None:
        return False
    return (sampling.denoising_strength or 0) > SAFE_IN_TILES
