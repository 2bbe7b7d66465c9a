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
from .tiling import at_once, autoencoder_in_tiles, cut_into_tiles, everywhere

_Rungs = list[int]


def foreseen(plan: Plan, needs: MemoryNeeds, images: int) -> list[str]:
    """What a run of `plan` with batches of `images` will do with less memory because of what is known, in sentences."""
    told: dict[str, None] = {}
    for work, rungs in _works(plan, needs, images):
        known = needs.known(work)
        rung = highest(known, rungs)
        if known is not None and rung != WHOLE:
            told[known.sentence(work, rung)] = None
    return list(told)


def _works(plan: Plan, needs: MemoryNeeds, images: int) -> Iterator[tuple[Work, _Rungs]]:
    """What certainly takes place, in its order, each with the rungs that it has (running.ladder)."""
    first = plan.first_pass
    in_tiles: dict[int | None, bool] = {None: False}  # the stages that go through the autoencoder so

    def through(done: str, size: tuple[int, int], stage: int | None) -> tuple[Work, _Rungs]:
        tiled = in_tiles[stage]
        seen = at_once(size, tiled, first.size_rules.factor)
        return Work(done, seen, images), [*_one_by_one(images), *([] if tiled else [TILED])]

    if plan.needs_first_pass and not first.is_picture and _is_shown(plan, None):
        yield through(DECODED, first.made, None)
    for node in plan.stages:
        ran, in_tiles[node.index] = node, autoencoder_in_tiles(node)
        encoded = _encoded(plan, node)
        if encoded is not None:
            yield through(ENCODED, *encoded)
        if node.sampling is not None:
            yield from _measured(plan, node, images)
            work, rungs = _sampled(plan, node, images)
            yield work, rungs
            if highest(needs.known(work), rungs) == TILED:
                ran = cut_into_tiles(node, first) or node
        in_tiles[node.index] = autoencoder_in_tiles(ran)
        if in_tiles[node.index] and ran is not node and encoded is not None and encoded[1] == node.index:
            yield through(ENCODED, *encoded)  # it begins again there
        if _has_latents(node) and _is_shown(plan, node):
            yield through(DECODED, (node.width, node.height), node.index)


def _measured(plan: Plan, node: Node, images: int) -> Iterator[tuple[Work, _Rungs]]:
    """A strength, on all of the picture and of all images at once; and where the picture needs it."""
    if node.auto:
        whole = everywhere(node, plan.first_pass)
        yield measuring_of(whole, images), [WHOLE, *_in_tiles(plan, whole)]
    if node.where is not None and not node.places:
        yield measuring_of(node, images), _one_by_one(images)


def _sampled(plan: Plan, node: Node, images: int) -> tuple[Work, _Rungs]:
    """Where the picture says where, each image is sampled by itself in any case."""
    images = 1 if node.where is not None and not node.places else images
    return sampling_of(node, images), [*_one_by_one(images), *_in_tiles(plan, node)]


def _one_by_one(images: int) -> _Rungs:
    return [WHOLE, *([ALONE] if images > 1 else [])]


def _in_tiles(plan: Plan, node: Node) -> _Rungs:
    return [] if cut_into_tiles(node, plan.first_pass) is None else [TILED]


def _encoded(plan: Plan, node: Node) -> tuple[tuple[int, int], int | None] | None:
    """The pixels of what a stage encodes, and which stage's picture that is: the one that it enlarged, before its crop;
    or what it starts from, where latents are to be enlarged and are not there."""
    if node.upscale is None:
        return None
    if not node.upscale.latent:
        return None if node.sampling is None else ((node.upscale.width, node.upscale.height), node.index)
    if node.parent is None:
        return (plan.source(node), None) if plan.first_pass.is_picture else None
    parent = plan.stages[node.parent]
    there = _has_latents(parent) and not parent.changed_as_picture
    return None if there else (plan.source(node), parent.index)


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
