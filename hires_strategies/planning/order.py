"""In which order a plan's stages run, and how often another model has to be loaded for it.

Each branch runs to its end before the next one begins, as far as the loaded model goes: stages that want another
checkpoint wait until nothing is left for this one. So a checkpoint is loaded once for all branches that want it at the
same point, not once in each of them.
"""

from __future__ import annotations

from .plan import Node, Plan


def checkpoint_of(plan: Plan, node: Node) -> str | None:
    """The checkpoint that a stage works with, None for the first pass's: its own, and for one that only upscales that
    of the stage before it, whose picture it is."""
    while node.sampling is None:
        if node.parent is None:
            return None
        node = plan.stages[node.parent]
    return node.sampling.checkpoint


def running_order(plan: Plan) -> list[Node]:
    """All stages, each after the one before it in its branch."""
    order: list[Node] = []
    waiting: dict[str | None, list[Node]] = {None: []}
    for node in plan.children(None):
        waiting.setdefault(checkpoint_of(plan, node), []).append(node)
    while waiting:
        loaded = next(iter(waiting))
        branches = waiting.pop(loaded)[::-1]
        while branches:
            node = branches.pop()
            order.append(node)
            following = [(checkpoint_of(plan, child), child) for child in plan.children(node.index)]
            branches += [child for wanted, child in following if wanted == loaded][::-1]
            for wanted, child in following:
                if wanted != loaded:
                    waiting.setdefault(wanted, []).append(child)
    return order


def model_changes(plan: Plan) -> int:
    """How often the stages load another model, going back to the first pass's at the end included.

    A refiner is one more: it is loaded in the middle of a sampling.
    """
    changes, loaded = 0, ""
    for node in running_order(plan):
        if node.sampling is None:
            continue
        wanted, refiner = checkpoint_of(plan, node) or "", plan.first_pass.refiner_of(node.sampling)
        changes += wanted != loaded
        loaded = wanted
        if refiner is not None:
            changes, loaded = changes + 1, f"{refiner} as a refiner"
    return changes + (loaded != "")
