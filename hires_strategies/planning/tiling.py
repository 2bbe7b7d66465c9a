"""Stages of a plan and the tiles that they are sampled in."""

from __future__ import annotations

from dataclasses import replace

from .plan import FirstPass, Node, Sampling
from .tiles import Tiles, tiles_of


def in_tiles(
    sampling: Sampling | None, size: tuple[int, int], first_pass: FirstPass
) -> tuple[Sampling | None, Tiles | None]:
    """A sampling with the exact size of its tiles, and these, for a picture of `size` pixels; without any where one
    would hold all of it."""
    if sampling is None or sampling.tile is None:
        return sampling, None
    rules = first_pass.size_rules
    side = first_pass.tile if isinstance(sampling.tile, str) else sampling.tile
    side = max(side // rules.smallest, 1) * rules.smallest
    tiles = tiles_of(size, side, sampling.overlap, rules.factor)
    if len(tiles) == 1:
        return replace(sampling, tile=None, overlap=None), None
    return replace(sampling, tile=side), tiles


def cut_into_tiles(node: Node, first_pass: FirstPass) -> Node | None:
    """A stage as it is sampled where all of it does not fit: in tiles of the size that the model was trained on. None
    if it has tiles already, or no more than one."""
    if node.sampling is None or node.upscale is None or node.tiles:
        return None
    sampling, tiles = in_tiles(
        replace(node.sampling, tile=first_pass.tile, overlap=None), (node.width, node.height), first_pass
    )
    return None if tiles is None else replace(node, sampling=sampling, tiles=tiles)
