"""What a plan could do better, for whoever still writes it."""

from __future__ import annotations

from .plan import Plan

# So many stages that sample, one after the other, have shifted colors by what people see.
DRIFTING = 3


def suggestions(plan: Plan) -> list[str]:
    """Sentences; none where there is nothing to suggest."""
    for variant in plan.variants:
        path = plan.path(variant.node)
        count = sum(node.sampling is not None and node.upscale is not None for node in path)
        if count >= DRIFTING and not any(node.color_match for node in path):
            return [
                f"{count} stages one after the other sample anew, and colors drift a little each time: [color match] "
                f"on them keeps those of the picture before."
            ]
    return []
