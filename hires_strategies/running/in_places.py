"""The sampling of a stage: everywhere, or only where it is needed."""

from __future__ import annotations

from collections.abc import Callable

from PIL.Image import Image

from hires_strategies.planning.plan import Node
from hires_strategies.planning.tiling import autoencoder_in_tiles, only_at

from .fused import fused
from .host import BeginInTiles, Host, Latents, SearchStart
from .one_by_one import one_by_one
from .picture import Picture
from .places import mask_of, put_together


def sampled(host: Host, node: Node, start: Callable[[Node], Picture], checkpoint: str | None) -> Picture:
    """The picture of a stage that works with that checkpoint, which is loaded. `start` makes what it starts from."""
    started, cut = start(node), None
    if node.where is None:
        try:
            latents = host.sample(started.latents, started.images, node)
        except BeginInTiles as needed:
            cut = needed.node
        if cut is not None:
            started = start(cut)
            latents = host.sample(started.latents, started.images, cut)
        tiled = autoencoder_in_tiles(host.last_sampling().ran or node)
        return Picture(latents=latents, space=host.latent_space(), tiled=tiled)  # a refiner's, if one finished them
    # By the stage's own model: a refiner may be loaded later.
    plain = started.plain = started.plain or host.decode(started.latents)
    if node.places:
        nodes = [node] * len(plain)
        latents = host.sample(started.latents, started.images, node)
    else:
        try:
            nodes = _needed(host, node, started)
        except Exception:
            if host.stopped():
                return started
            raise
        latents = _each_alone(host, nodes, started, checkpoint)
    if host.stopped():
        return Picture(latents=latents, space=host.latent_space())
    return Picture(images=_put_together(host.decode(latents), plain, nodes))


def _needed(host: Host, node: Node, started: Picture) -> list[Node]:
    """The stage as it is sampled for each image of the batch: where the model would change that most."""
    moved = host.moved(SearchStart(started.latents, started.images, []), node)
    assert node.tiles is not None
    nodes = [only_at(node, fused(each, node.tiles)) for each in moved]
    tiles, every = sum(len(each.tiles or ()) for each in nodes), len(nodes) * node.tiles.everywhere
    whose = "" if len(nodes) == 1 else f" of {len(nodes)} images"
    host.note(node, f"{tiles} of {every} tiles{whose} were sampled, where the model would change the picture most.")
    return nodes


def _each_alone(host: Host, nodes: list[Node], started: Picture, checkpoint: str | None) -> Latents:
    """One image after the other, each in its own tiles, so that none depends on the others of its batch."""
    assert started.latents is not None
    made: list[Latents] = []
    for index, alone in one_by_one(host, len(nodes), checkpoint):
        images = None if started.images is None else [started.images[index]]
        made.append(host.sample(started.latents[index : index + 1], images, nodes[index], alone))
        if host.stopped():
            return host.joined([*made, started.latents[index + 1 :]])
    return made[0] if len(made) == 1 else host.joined(made)


def _put_together(images: list[Image], plain: list[Image], nodes: list[Node]) -> list[Image]:
    masks = {id(node): mask_of(node) for node in nodes}
    return [
        put_together(image, before, masks[id(node)]) for image, before, node in zip(images, plain, nodes, strict=True)
    ]
