"""Stages of a plan and the tiles that they are sampled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .places import inner, tiles_at
from .plan import FirstPass, Node, Place, Sampling
from .tiles import AUTOENCODER_SIDE, Tiles, tiles_of


def in_tiles(
    sampling: Sampling | None, size: tuple[int, int], first_pass: FirstPass, places: tuple[Place, ...] = ()
) -> tuple[Sampling | None, Tiles | None]:
    """A sampling with the exact size of its tiles, and these, for a picture of `size` pixels; without any where one
    would hold all of it. A stage that is sampled only at `places` always has tiles, though it may be a single one."""
    if sampling is None or (sampling.tile is None and sampling.where is None):
        return sampling, None
    rules = first_pass.size_rules
    side = sampling.tile if isinstance(sampling.tile, int) else first_pass.tile
    side = max(side // rules.smallest, 1) * rules.smallest
    tiles = tiles_of(size, side, sampling.overlap, rules.factor)
    if sampling.where is None:
        if len(tiles) == 1:
            return replace(sampling, tile=None, overlap=None), None
        return replace(sampling, tile=side), tiles
    placed = tiles_at(places, tiles, sampling.overlap, rules.factor)
    if len(tiles) == 1:
        return replace(sampling, tile=None, overlap=None), placed
    return replace(sampling, tile=side), placed


def cut_into_tiles(node: Node, first_pass: FirstPass) -> Node | None:
    """A stage as it is sampled where all of it does not fit: in tiles of the size that the model was trained on. None
    if it has tiles already, or no more than one."""
    if node.sampling is None or node.upscale is None or node.tiles:
        return None
    sampling, tiles = in_tiles(
        replace(node.sampling, tile=first_pass.tile, overlap=None), (node.width, node.height), first_pass
    )
    return None if tiles is None else replace(node, sampling=sampling, tiles=tiles)


def autoencoder_in_tiles(node: Node) -> bool:
    """Whether the picture of a stage goes through the autoencoder in tiles of its own, which needs more memory than a
    sampling does: where all of the stage is sampled in tiles, and is larger than one of the autoencoder's. Where only
    places are sampled the rest has to stay the plain upscale, to the bit."""
    return node.tiles is not None and node.where is None and max(node.tiles.whole) > AUTOENCODER_SIDE


def at_once(size: tuple[int, int], tiled: bool, factor: int) -> tuple[int, int]:
    """How much of a picture of `size` pixels the autoencoder has at once; `factor` is the pixels to a latent."""
    most = AUTOENCODER_SIDE * factor
    return (min(size[0], most), min(size[1], most)) if tiled else size


def only_at(node: Node, corners: Sequence[tuple[int, int]]) -> Node:
    """A stage that is sampled where its picture says, as it is sampled in tiles with these left and upper edges, in
    latents: all of each tile, but for what its sampling fades away in."""
    assert node.tiles is not None and node.upscale is not None
    factor, tiles, (columns, rows) = node.upscale.factor, node.tiles, node.tiles.whole
    places = []
    for left, top in corners:
        first, last = inner(left, tiles.width, columns)
        upper, lower = inner(top, tiles.height, rows)
        places.append((first * factor, upper * factor, last * factor, lower * factor))
    lefts, tops = (tuple(sorted(set(edges))) for edges in zip(*corners, strict=True))
    only = None if len(corners) == len(lefts) * len(tops) else tuple(corners)
    return replace(
        node, places=tuple(places), tiles=replace(tiles, lefts=lefts, tops=tops, only=only, within=(columns, rows))
    )


def everywhere(node: Node, first_pass: FirstPass) -> Node:
    """A stage as it is sampled without its places."""
    if node.sampling is None or node.sampling.where is None:
        return node
    sampling, tiles = in_tiles(replace(node.sampling, where=None), (node.width, node.height), first_pass)
    return replace(node, sampling=sampling, tiles=tiles, places=())
