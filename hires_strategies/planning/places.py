"""Stages that are sampled only in places: where these lie, and which tiles they take.

The tiles are a grid over the places with some of what surrounds them, not over the whole picture, so that a small place
is one tile; those that touch none are left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import replace

from hires_strategies.errors import StrategyError
from hires_strategies.where import Box, Painted, read_where

from .plan import Place, Sampling
from .sizes import Upscale
from .tiles import Tiles, edges, shared

Size = tuple[int, int]

FEATHER = 2  # latents around a place in which its sampling fades away
_CONTEXT = 8  # a tile keeps this part of a side free around a place, so that the model sees what surrounds it

_MOST = 100_000  # tiles, of which those are left out that touch no place


def places_of(sampling: Sampling | None, upscale: Upscale | None, source: Size, size: Size) -> tuple[Place, ...]:
    """Where a stage is sampled, in pixels of its own `size`; `source` are the pixels of the picture that it enlarges.

    Empty for everywhere, and for where the picture will say. Raises StrategyError for a place outside the picture.
    """
    place = read_where(sampling.where) if sampling is not None and sampling.where is not None else None
    if place is None or upscale is None:
        return ()
    placed = placed_on(place, upscale, source, size)
    if placed:
        return placed
    asked = f"It is to be sampled at '{place.text}'"
    left, top = place.rectangles(source)[0][:2]
    if max(left, top) >= 1:
        where = f"{asked}, which lies outside the {source[0]}x{source[1]} pixels that it starts from."
    else:
        where = f"{asked}, and the stage's crop or its size leaves nothing of that."
    raise StrategyError(where, field="where")


def placed_on(place: Box | Painted, upscale: Upscale, source: Size, size: Size) -> tuple[Place, ...]:
    """The part of a place that a stage's crop leaves, in pixels of the finished stage."""
    (whole_x, off_x), (whole_y, off_y) = laid(upscale, source)
    found = []
    for left, top, right, bottom in place.rectangles(source):
        x = [_within(side * whole_x - off_x, size[0]) for side in (left, right)]
        y = [_within(side * whole_y - off_y, size[1]) for side in (top, bottom)]
        if x[0] < x[1] and y[0] < y[1]:
            found.append((x[0], y[0], x[1], y[1]))
    return tuple(found)


def laid(upscale: Upscale, source: Size, by_latents: bool = True) -> tuple[tuple[float, int], tuple[float, int]]:
    """How many of a stage's pixels all of a side of the picture is that it starts from, and how many of these its crop
    takes off at the beginning, for width and height. `by_latents`: the crop is one of latents, as where it samples.

    Latents stand for whole ones of the picture's pixels, from the top left on, and become whole ones.
    """
    sides = []
    for axis, grown, kept in ((0, upscale.width, upscale.crop_width), (1, upscale.height, upscale.crop_height)):
        factor, whole, cut = upscale.factor, float(grown), grown - kept
        if upscale.latent:
            whole = grown // factor * factor * source[axis] / (source[axis] // factor * factor)
        sides.append((whole, cut // factor // 2 * factor if by_latents else cut // 2))
    return sides[0], sides[1]


def _within(at: float, side: int) -> int:
    return min(max(round(at), 0), side)


def tiles_at(places: tuple[Place, ...], whole: Tiles, overlap: int | None, factor: int) -> Tiles:
    """The tiles that places take, of the size of those of the `whole` picture, which may be a single one; all of them
    for no places."""
    if not places:
        return replace(whole, everywhere=len(whole))
    reached = [_reached(place, factor) for place in places]
    sides = []
    for axis, part, starts in ((0, whole.width, whole.lefts), (1, whole.height, whole.tops)):
        first, last = min(each[axis] for each in reached), max(each[axis + 2] for each in reached)
        sides.append(_starts(first, last, part, starts[-1] + part, shared(part, overlap, factor)))
    tiles = Tiles(whole.width, whole.height, sides[0], sides[1], within=whole.whole, everywhere=len(whole))
    if len(places) == 1 or len(tiles) > _MOST:
        return tiles
    touched = {tile for place in reached for tile in _touched(tiles, place)}
    return (
        tiles if len(touched) == len(tiles) else replace(tiles, only=tuple(tile for tile in tiles if tile in touched))
    )


def inner(start: int, part: int, whole: int) -> tuple[int, int]:
    """Between which latents of a side the place lies that a tile of `part` latents from `start` on can hold: all of
    the tile but what the sampling fades away in, which it does not do at the picture's edge."""
    end, fades = start + part, min(FEATHER, part // 4)
    return (0 if start <= 0 else start + fades), (whole if end >= whole else end - fades)


def _reached(place: Place, factor: int) -> Place:
    """The latents that a place takes, with those in which its sampling fades away; some may be outside the picture."""
    left, top, right, bottom = place
    return (
        left // factor - FEATHER, top // factor - FEATHER, -(-right // factor) + FEATHER, -(-bottom // factor) + FEATHER
    )  # fmt: skip


def _starts(first: int, last: int, part: int, whole: int, shared: int) -> tuple[int, ...]:
    """Where the tiles begin along a side that cover what lies between two latents of it, with some of what surrounds
    it; a single one has it in its middle."""
    context = part // _CONTEXT
    first, last = max(first - context, 0), min(last + context, whole)
    if last - first > part:
        return edges(first, last, part, shared)
    return (min(max((first + last - part) // 2, 0), whole - part),)


def _touched(tiles: Tiles, place: Place) -> Iterator[tuple[int, int]]:
    lefts, tops = (
        starts[bisect_right(starts, first - part) : bisect_left(starts, last)]
        for starts, part, first, last in (
            (tiles.lefts, tiles.width, place[0], place[2]), (tiles.tops, tiles.height, place[1], place[3])
        )
    )  # fmt: skip
    return ((left, top) for top in tops for left in lefts)
