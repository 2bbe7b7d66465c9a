"""What a run will do with less memory, because of what did not fit into this machine's before."""

from __future__ import annotations

from collections.abc import Iterator

from .memory_needs import (
    ALONE,
    DECODED,
    ENCODED,
    TILED,
    WHOLE,
    MemoryNeeds,
    Work,
    highest,
    measuring_of,
    sampling_of,
)
from .order import checkpoint_of
from .plan import Node, Plan
from .tiling import cut_into_tiles, everywhere

_Rungs = list[int]


def foreseen(plan: Plan, needs: MemoryNeeds, images: int) -> list[str]:
    """What a run of `plan` with batches of `images` will do with less memory because of what is known, in sentences."""
    told: dict[str, None] = {}
    for work, rungs in _works(plan, images):
        known = needs.known(work)
        rung = highest(known, rungs)
        if known is not None and rung != WHOLE:
            told[known.sentence(work, rung)] = None
    return list(told)


def _works(plan: Plan, images: int) -> Iterator[tuple[Work, _Rungs]]:
    """What certainly takes place, in its order, each with the rungs that it has (running.ladder)."""
    alone = [WHOLE, *([ALONE] if images > 1 else [])]
    first = plan.first_pass
    if plan.needs_first_pass and not first.is_picture and _is_shown(plan, None):
        yield Work(DECODED, first.made, images), [*alone, TILED]
    for node in plan.stages:
        encoded = _encoded(plan, node)
        if encoded is not None:
            yield Work(ENCODED, encoded, images), [*alone, TILED]
        if node.sampling is not None:
            yield from _sampled(plan, node, images)
        if _has_latents(node) and _is_shown(plan, node):
            yield Work(DECODED, (node.width, node.height), images), [*alone, TILED]


def _sampled(plan: Plan, node: Node, images: int) -> Iterator[tuple[Work, _Rungs]]:
    """Its tiles are those of the model; a strength is measured on all of the picture, of all images at once."""
    if node.auto:
        whole = everywhere(node, plan.first_pass)
        yield measuring_of(whole, images), [WHOLE, *_in_tiles(plan, whole)]
    alone = [WHOLE, *([ALONE] if images > 1 else [])]
    if node.where is not None and not node.places:
        yield measuring_of(node, images), alone
        images, alone = 1, [WHOLE]  # sampled one by one in any case
    yield sampling_of(node, images), [*alone, *_in_tiles(plan, node)]


def _in_tiles(plan: Plan, node: Node) -> _Rungs:
    return [] if cut_into_tiles(node, plan.first_pass) is None else [TILED]


def _encoded(plan: Plan, node: Node) -> tuple[int, int] | None:
    """The pixels of what a stage encodes: the picture that it enlarged, before its crop, or the one that it starts from
    where its latents are to be enlarged and are not there."""
    if node.upscale is None:
        return None
    if not node.upscale.latent:
        return None if node.sampling is None else (node.upscale.width, node.upscale.height)
    if node.parent is None:
        return plan.source(node) if plan.first_pass.is_picture else None
    parent = plan.stages[node.parent]
    return None if _has_latents(parent) and not parent.changed_as_picture else plan.source(node)


def _has_latents(node: Node) -> bool:
    """Whether latents are made on the way to its picture."""
    return node.sampling is not None or (node.upscale is not None and node.upscale.latent)


def _is_shown(plan: Plan, node: Node | None) -> bool:
    """Whether the pixels of a stage, or of the first pass, are needed: as a result, or by what follows."""
    if node is not None and (node.changed_as_picture or node.index in {each.node for each in plan.variants}):
        return True
    loaded = None if node is None else checkpoint_of(plan, node)
    following = plan.children(None if node is None else node.index)
    return any(_wants_pixels(plan, child, loaded) for child in following if child.upscale is not None)


def _wants_pixels(plan: Plan, node: Node, loaded: str | None) -> bool:
    """Whether a stage needs the pixels of what it starts from, with another model than the one that is `loaded` too:
    that one could not decode them."""
    assert node.upscale is not None
    if not node.upscale.latent or node.color_match or node.auto is not None:
        return True
    refined = node.sampling is not None and plan.first_pass.refiner_of(node.sampling) is not None
    return refined or checkpoint_of(plan, node) != loaded
