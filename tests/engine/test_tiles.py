"""Tiles: where they lie, and that their mean shows no border. The models here see as far as they are made to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.planning.tiles import Tiles, tiles_of
from hires_strategies.running.tile_mean import Tile, TileMean, by_rows, cut

REACH = 2  # latents that the model below sees around each


def box(x: torch.Tensor) -> torch.Tensor:
    """A model that is local: the mean of the latents around each."""
    side = 2 * REACH + 1
    flat = x.flatten(0, -3)[:, None].double()
    seen = torch.nn.functional.conv2d(flat, torch.full((1, 1, side, side), 1 / side**2).double(), padding=REACH)
    return seen.to(x.dtype).reshape(x.shape)


def mean_of(tiles: Tiles, at_once: int = 1) -> TileMean:
    return TileMean(tiles, at_once, lambda: None)


def made(mean: TileMean, x: torch.Tensor, model=box, most: int = 99) -> torch.Tensor:
    return mean.of(x, lambda some: model(torch.cat([tile.of(x) for tile in some])), most)


@st.composite
def sizes(draw: st.DrawFn) -> tuple[tuple[int, int], int, int | None, int]:
    factor = draw(st.sampled_from([8, 16]))
    size = draw(st.integers(1, 120)) * factor, draw(st.integers(1, 120)) * factor
    side = draw(st.integers(2, 60)) * factor
    return size, side, draw(st.none() | st.integers(0, side // 2)), factor


@given(sizes())
def test_tiles_cover_everything_and_overlap_as_asked(asked: tuple[tuple[int, int], int, int | None, int]) -> None:
    size, side, overlap, factor = asked
    tiles = tiles_of(*asked)
    least = side // factor // 4 if overlap is None else min(overlap // factor, side // factor // 2)
    for edges, part, whole in ((tiles.lefts, tiles.width, size[0]), (tiles.tops, tiles.height, size[1])):
        assert edges[0] == 0 and edges[-1] + part == whole // factor
        assert part == min(side, whole) // factor
        steps = [after - before for before, after in zip(edges, edges[1:])]
        assert all(0 < step <= part - least for step in steps), "an overlap too small"
        assert len(edges) == 1 or max(steps) - min(steps) <= 1, "not spread evenly"


@given(sizes())
def test_no_fewer_tiles_would_do(asked: tuple[tuple[int, int], int, int | None, int]) -> None:
    size, side, overlap, factor = asked
    tiles = tiles_of(*asked)
    least = side // factor // 4 if overlap is None else min(-(-overlap // factor), side // factor // 2)
    for edges, part, whole in ((tiles.lefts, tiles.width, size[0]), (tiles.tops, tiles.height, size[1])):
        assert len(edges) == 1 or (len(edges) - 1) * (part - least) + least < whole // factor


@given(sizes().filter(lambda asked: asked[0][0] * asked[0][1] < 400**2), st.integers(1, 4))
def test_a_constant_stays_what_it_is(asked: tuple[tuple[int, int], int, int | None, int], at_once: int) -> None:
    tiles = tiles_of(*asked)
    x = torch.zeros(2, 1, asked[0][1] // asked[3], asked[0][0] // asked[3])
    constant = made(mean_of(tiles, at_once), x, lambda x: torch.full_like(x, 3.7))
    assert torch.allclose(constant, torch.full_like(x, 3.7), rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, 4, 40, 56), (3, 4, 40, 56), (2, 16, 1, 40, 56)])
@pytest.mark.parametrize("at_once", [1, 3])
def test_what_sees_only_its_surroundings_gives_the_same_in_tiles(shape: tuple[int, ...], at_once: int) -> None:
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    tiles = tiles_of((56 * 8, 40 * 8), 16 * 8, 8 * 8, 8)
    in_tiles, whole = made(mean_of(tiles, at_once), x), box(x)
    assert len(tiles) == 24 and in_tiles.dtype == x.dtype
    inside = torch.ones(40, 56, dtype=torch.bool)
    for tops, part, length, dim in ((tiles.tops, tiles.height, 40, 0), (tiles.lefts, tiles.width, 56, 1)):
        for top in tops:
            for edge in (top, top + part):
                if 0 < edge < length:
                    inside.narrow(dim, max(edge - REACH, 0), min(2 * REACH, length - edge + REACH)).fill_(False)
    assert inside.any() and torch.allclose(in_tiles[..., inside], whole[..., inside], atol=1e-6)
    assert not torch.allclose(in_tiles, whole, atol=1e-6), "at the borders a tile sees nothing beyond"


def test_a_row_is_the_same_in_every_batch() -> None:
    tiles = tiles_of((256, 192), 96, 32, 8)
    x = torch.randn(3, 4, 24, 32, generator=torch.Generator().manual_seed(2))
    together = made(mean_of(tiles), x)
    for row in range(3):
        assert torch.equal(made(mean_of(tiles), x[row : row + 1])[0], together[row])


def test_one_tile_is_the_model_itself() -> None:
    x = torch.randn(1, 4, 8, 8)
    assert torch.equal(made(mean_of(tiles_of((64, 64), 64, None, 8)), x), box(x))


def test_halves_are_added_up_in_full_precision() -> None:
    x = torch.randn(1, 4, 24, 32, generator=torch.Generator().manual_seed(3)).half()
    tiles = tiles_of((256, 192), 96, 48, 8)
    found = made(mean_of(tiles), x, lambda x: x)
    assert found.dtype == torch.float16 and torch.equal(found, x)


def test_what_does_not_fit_is_tried_in_halves_and_stays_so() -> None:
    sizes, released = [], []

    def model(x: torch.Tensor) -> torch.Tensor:
        sizes.append(len(x))
        if len(x) > 2:
            raise MemoryError
        return box(x)

    x = torch.randn(1, 1, 24, 32, generator=torch.Generator().manual_seed(4))
    tiles = tiles_of((256, 192), 96, 32, 8)
    mean = TileMean(tiles, 8, lambda: released.append(1))
    assert torch.allclose(made(mean, x, model), made(mean_of(tiles), x), atol=1e-6)
    made(mean, x, model)
    assert sizes == [8, 4, *[2] * 12] and mean.at_once == 2 and len(released) == 2


@pytest.mark.parametrize("error", [MemoryError("all of it"), RuntimeError("the shapes do not fit")])
def test_what_a_single_tile_raises_is_raised(error: Exception) -> None:
    def model(x: torch.Tensor) -> torch.Tensor:
        raise error

    with pytest.raises(type(error), match=str(error)):
        made(mean_of(tiles_of((256, 192), 96, 32, 8), 2), torch.zeros(1, 1, 24, 32), model)


def test_no_more_at_once_than_allowed() -> None:
    seen = []
    x = torch.zeros(1, 1, 24, 32)
    tiles = tiles_of((256, 192), 96, 32, 8)

    def model(x: torch.Tensor) -> torch.Tensor:
        seen.append(len(x))
        return x

    made(mean_of(tiles, 8), x, model, most=1)
    assert set(seen) == {1} and len(seen) == len(tiles)


def test_what_the_model_is_given_is_cut_with_the_latents() -> None:
    x = torch.arange(2 * 24 * 32.0).reshape(2, 1, 24, 32)
    tiles = mean_of(tiles_of((256, 192), 96, 32, 8)).tiles[1:3]
    text = torch.arange(2.0)[:, None, None]
    given = {"c_concat": [x * 2], "c_crossattn": (text,), "none": None, "small": x[..., :1, :1]}
    found = cut(given, tiles, x)
    assert by_rows(given, 2) and not by_rows({"one": x[:1]}, 2)
    assert torch.equal(found["c_concat"][0], torch.cat([tile.of(x) * 2 for tile in tiles]))
    assert found["c_crossattn"][0].flatten().tolist() == [0, 1, 0, 1] and found["none"] is None
    assert found["small"].shape == (4, 1, 1, 1)
    alone = cut(given, tiles[:1], x)
    assert alone["c_crossattn"][0] is text


@pytest.mark.parametrize("side", [24, 192, 200])
def test_a_picture_is_cut_whatever_its_size(side: int) -> None:
    tile = Tile(0, 8, 12, 16, 12, 32, 24)
    across = torch.linspace(0, 1, side * 4 // 3).expand(1, 1, side, -1)
    part = tile.of_picture(across)
    assert part.shape[-1] / part.shape[-2] == 16 / 12
    assert float(part[0, 0, 0, 0]) == pytest.approx(8 / 32, abs=0.04)
    assert float(part[0, 0, 0, -1]) == pytest.approx(24 / 32, abs=0.04)
