"""Stages that are sampled only where it is needed: `[where ...]`."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter

from hires_strategies.editing.rows import line_from_rows, rows_from_line
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.cost import node_cost
from hires_strategies.planning.places import laid
from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.report import as_text, remarks
from hires_strategies.planning.shown import ALL, cropped, part_shown, starts_on_line
from hires_strategies.planning.tiles import Tiles, tiles_of
from hires_strategies.planning.tiling import only_at
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.fused import fused
from hires_strategies.running.ladder import Ladder
from hires_strategies.running.outcome import Outcome
from hires_strategies.running.places import mask_of, put_together, weights_of
from hires_strategies.running.run import run
from hires_strategies.sheet.captions import make_captions
from hires_strategies.where import PATTERN, Box, Painted, read_where
from tests.engine.fake_host import BATCH, FakeHost, first_picture, plan_of, same_images
from tests.engine.generators import places
from tests.properties import examples

ONE_CELL = "painted 4x3 800"


def node_of(text: str, width: int = 512, height: int = 512) -> Node:
    return make_plan(parse(text), FirstPass(width, height, 20, "Euler")).stages[-1]


def corners_of(node: Node) -> list[tuple[int, int]]:
    assert node.tiles is not None
    return list(node.tiles)


@pytest.mark.parametrize(
    ("written", "canonical", "place"),
    [
        ("fused", "fused", None),
        ("10 20 64 64", "10 20 64 64", Box(10, 20, 64, 64)),
        (" 0  0 1 1 ", "0 0 1 1", Box(0, 0, 1, 1)),
        ("painted 3x2 FC", "painted 3x2 fc", Painted(3, 2, (True,) * 6)),
        ("painted 4 x 1 9", "painted 4x1 9", Painted(4, 1, (True, False, False, True))),
    ],
)
def test_a_place_reads_back(written: str, canonical: str, place: Box | Painted | None) -> None:
    (strategy,) = parse(f"None x2 @0.3 [where {written}]")
    assert format_strategy(strategy) == f"None x2 @0.3 [where {canonical}]"
    assert read_where(canonical) == place
    assert re.search(PATTERN, canonical)
    stage = {"upscaler": "None", "scale": 2, "denoising_strength": 0.3, "where": canonical}
    assert strategy_from_object({"stages": [stage]}) == strategy


@settings(max_examples=examples(60), deadline=None)
@given(places)
def test_every_place_has_one_text_and_one_field(text: str) -> None:
    line = f"None x2 @0.3 [where {text}; overlap 64]"
    (row,) = rows_from_line(line)
    assert row.get("where") == text and line_from_rows([row]) == line == format_strategy(parse(line)[0])
    assert re.search(PATTERN, text)
    place = read_where(text)
    assert place is None or place.text == text


@pytest.mark.parametrize(
    "text",
    ["", "10 20 64", "10 20 0 64", "10 20 64 0", "-1 0 8 8", "1.5 0 8 8", "painted 4x3 000", "painted 4x3 80",
     "painted 3x1 1", "painted 0x3 1", "painted 65x1 80000000000000000", "painted 4x3 8g0", "Fused", "here"],
)  # fmt: skip
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse(f"None x2 @0.3 [where {text}]")
    assert "Expected 'fused', a box '10 20 64 64'" in str(caught.value) and "at least one of them painted" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Direct x2 [where fused]", "'Direct' starts from noise alone"),
        ("None x2 [where fused]", "'where' is for sampling"),
        ("None x2 @0.3 [overlap 8]", "'overlap' belongs to 'where' or 'tile', which this stage does not have"),
    ],
)
def test_stages_that_can_have_none(text: str, words: str) -> None:
    with pytest.raises(StrategyError) as caught:
        parse(text)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("None x2 @0.3 [where 512 0 64 64]", "lies outside the 512x512 pixels that it starts from"),
        ("None x2 @0.3 > None x2 @0.3 [where 0 1024 8 8]", "lies outside the 1024x1024 pixels"),
        ("None 1024x512 @0.3 [where 0 0 64 64]", "the stage's crop or its size leaves nothing of that"),
        ("None 1024x512 @0.3 [where painted 1x4 8]", "the stage's crop or its size leaves nothing of that"),
    ],
)
def test_a_place_outside_the_picture_is_refused(text: str, words: str) -> None:
    with pytest.raises(StrategyError) as caught:
        make_plan(parse(text), FirstPass(512, 512, 20))
    assert words in str(caught.value)
    assert ("outside" in str(caught.value)) == ("outside" in words)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # A pixel stage starts from all of the picture's 100x75 pixels.
        ("None x2 @0.3 [where 96 0 4 75]", [(192, 0, 200, 144)]),
        ("None x2 @0.3 [where painted 25x1 0000008]", [(192, 0, 200, 144)]),
        ("None x2 @0.3 [where 0 0 100 75]", [(0, 0, 200, 144)]),
        # Latents stand for whole ones of them, 96x72, and are enlarged to whole ones.
        ("Latent x2 @0.5 [where 48 36 48 36]", [(100, 72, 200, 144)]),
        ("Latent x2 @0.5 [where 0 0 100 75]", [(0, 0, 200, 144)]),
        ("None x2 @0.3 [where 100 0 8 8]", "outside the 100x75 pixels that it starts from."),
        ("None x2 @0.3 [where 0 75 8 8]", "outside the 100x75 pixels that it starts from."),
        ("None x2 @0.3 [where 0 73 8 2]", "the stage's crop or its size leaves nothing of that"),
        ("Latent x2 @0.5 [where 96 0 4 8]", "the stage's crop or its size leaves nothing of that"),
        ("None x1 > None x2 @0.3 [where 96 0 4 75]", [(192, 0, 200, 144)]),
    ],
)
def test_on_a_picture_a_place_is_where_the_user_sees_it(
    text: str, found: str | list[tuple[int, int, int, int]]
) -> None:
    first = FirstPass(100, 75, 20, is_picture=True)
    if isinstance(found, str):
        with pytest.raises(StrategyError, match=re.escape(found)):
            make_plan(parse(text), first)
    else:
        assert list(make_plan(parse(text), first).stages[-1].places) == found


def test_a_generated_first_pass_is_what_comes_out_of_latents() -> None:
    with pytest.raises(StrategyError, match=r"outside the 96x72 pixels that it starts from\."):
        make_plan(parse("None x2 @0.3 [where 96 0 4 75]"), FirstPass(100, 75, 20))


@pytest.mark.parametrize(
    ("text", "placed"),
    [
        ("None x2 @0.3 [where 10 20 64 64]", [(20, 40, 148, 168)]),
        ("None x2 @0.3 [where 500 20 64 64]", [(1000, 40, 1024, 168)]),
        ("None 1024x512 @0.3 [where 10 200 64 64]", [(20, 144, 148, 272)]),
        ("Latent x1.5 @0.5 [where painted 4x2 50]", [(192, 0, 384, 384), (576, 0, 768, 384)]),
        ("None x2 @0.3 [where fused]", []),
        ("None x2 @0.3", []),
    ],
)
def test_where_it_lies_in_the_finished_stage(text: str, placed: list[tuple[int, int, int, int]]) -> None:
    assert list(node_of(text).places) == placed


@pytest.mark.parametrize(
    ("text", "tiles", "everywhere"),
    [
        ("None x2 @0.3 [where 256 256 64 64]", [(40, 40)], 9),  # in the middle of its only tile
        ("None x2 @0.3 [where 0 0 8 8]", [(0, 0)], 9),
        ("None x2 @0.3 [where 448 448 64 64]", [(64, 64)], 9),
        ("None x4 @0.3 [where painted 8x8 8000000000000001; tile 512; overlap 0]", [(0, 0), (192, 192)], 16),
        ("None x1 @0.3 [where 0 0 8 8]", [(0, 0)], 1),
        ("None x1 @0.3 [where 0 0 8 8; tile 4096]", [(0, 0)], 1),
    ],
)
def test_only_tiles_that_touch_it_are_sampled(text: str, tiles: list[tuple[int, int]], everywhere: int) -> None:
    node = node_of(text)
    assert corners_of(node) == tiles and node.tiles is not None and node.tiles.everywhere == everywhere
    assert node.tiles.whole == (node.width // 8, node.height // 8)


@settings(max_examples=examples(60), deadline=None)
@given(
    places.filter(lambda text: text != "fused"),
    st.sampled_from([64, 128, 512]),
    st.sampled_from(["x1", "x2", "1000x400"]),
)
def test_tiles_cover_whatever_is_sampled(text: str, side: int, size: str) -> None:
    try:
        node = node_of(f"None {size} @0.3 [where {text}; tile {side}]", 320, 200)
    except StrategyError:
        return
    covered = np.zeros((node.height // 8, node.width // 8), bool)
    assert node.tiles is not None
    for left, top in node.tiles:
        assert left >= 0 and left + node.tiles.width <= covered.shape[1]
        assert top >= 0 and top + node.tiles.height <= covered.shape[0]
        covered[top : top + node.tiles.height, left : left + node.tiles.width] = True
    weights, mask = weights_of(node), np.asarray(mask_of(node))
    assert not (weights[~covered] > 0).any()
    assert ((weights >= 0) & (weights <= 1)).all()
    sampled = np.kron(weights == 1, np.ones((8, 8), bool))
    assert not (mask[~sampled] > 0).any()  # whatever shows is what the model predicted
    inside = np.zeros_like(mask, bool)
    for left, top, right, bottom in node.places:
        inside[top:bottom, left:right] = True
    assert not mask[~inside].any()


def test_the_cost_is_that_of_the_tiles() -> None:
    first = FirstPass(512, 512, 20, "Euler")
    box, fused_, plain = (
        node_of(f"None x2 @0.3{option}") for option in (" [where 256 256 64 64]", " [where fused]", "")
    )
    assert node_cost(plain, first) == 4
    assert node_cost(box, first) == 1
    assert node_cost(fused_, first) == pytest.approx(9 * 21 / 20)
    text = as_text(make_plan(parse("None x2 @0.3 [where 256 256 64 64]"), first))
    assert "1 of 9 tiles of 512x512" in text
    assert "'None x2 @0.3 [where 256 256 64 64]' is sampled in 1 of 9 tiles: 1.0 first passes instead of 4.0." in text
    (told,) = remarks(make_plan(parse("None x2 @0.3 [where fused]"), first))
    assert "at most 9 tiles, as many as the picture then needs: 9.4 first passes instead of 4.0." in told


def test_the_same_place_is_one_stage() -> None:
    plan = make_plan(
        parse(
            "None x2 @0.3 [where 0 0 9 9]\nNone x2 @0.3 [where 0 0 9 9; tile]\nNone x2 @0.3 [where 0 0 9 9; tile 512]"
        ),
        FirstPass(512, 512, 20),
    )
    assert len(plan.stages) == 1


def test_a_title_says_everywhere() -> None:
    strategies = parse("None x2 @0.3\nNone x2 @0.3 [where fused]")
    assert make_captions(strategies, [None] * 2).title.startswith("Place that is sampled everywhere and fused, ")


@pytest.mark.parametrize("text", ["None x2 @0.3 [where 128 128 256 256]", "None x2 @0.3 [where painted 4x4 0660]"])
def test_the_mask_is_smooth_and_full_inside(text: str) -> None:
    mask = np.asarray(mask_of(node_of(text))).astype(int)
    assert mask[512, 512] == 255 and mask[:256].max() == 0
    across = mask[512]
    assert np.abs(np.diff(across)).max() < 24 and (np.diff(across[:512]) >= 0).all()


def least_within(area: np.ndarray, by: int) -> np.ndarray:
    """By definition: the least of all within so many pixels of each along either side."""
    around = np.pad(area, by, mode="edge")
    shifted = [
        around[y : y + area.shape[0], x : x + area.shape[1]] for y in range(2 * by + 1) for x in range(2 * by + 1)
    ]
    return np.min(shifted, axis=0)


@pytest.mark.parametrize(
    "place",
    [
        "painted 4x4 0660",
        "painted 4x4 8001",
        "painted 3x2 fc",
        "0 0 40 30",
        "64 44 32 20",
        "3 2 60 40",
        "painted 2x1 4",
    ],
)
def test_the_mask_is_the_blur_of_places_shrunk_by_as_much(place: str) -> None:
    node = node_of(f"None x2 @0.3 [where {place}]", 96, 64)
    area = np.zeros((node.height, node.width), np.uint8)
    for left, top, right, bottom in node.places:
        area[top:bottom, left:right] = 255
    radius = min(min(right - left, bottom - top) // 8 for left, top, right, bottom in node.places) // 4
    assert radius > 0
    blur = ImageFilter.BoxBlur(radius)
    expected = Image.fromarray(least_within(area, 2 * radius)).filter(blur).filter(blur)
    assert np.array_equal(np.asarray(mask_of(node)), np.asarray(expected))


def test_at_the_picture_s_edge_nothing_fades() -> None:
    mask = np.asarray(mask_of(node_of("None x2 @0.3 [where 0 0 512 256]")))
    assert (mask[:400] == 255).all() and (mask[512:] == 0).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_outside_it_is_the_plain_upscale_bit_for_bit(mode: str) -> None:
    random = np.random.default_rng(0)
    node = node_of("None x1 @0.3 [where painted 8x8 0000001818000000]")
    one, other = (Image.fromarray(random.integers(0, 256, (512, 512, 3), np.uint8)) for _ in range(2))
    mask = np.asarray(mask_of(node))
    made = np.asarray(put_together(one.convert(mode), other, Image.fromarray(mask)))
    assert (made[mask == 0] == np.asarray(other)[mask == 0]).all()
    assert (made[mask == 255] == np.asarray(one)[mask == 255]).all()


def masked_and_plain(text: str, plain: str) -> tuple[Outcome, Outcome, Node]:
    plan = plan_of(f"{text}\n{plain}")
    result = run(plan, FakeHost(), first_picture())
    assert result.troubles == []
    return result.stages[0], result.stages[-1], result.plan.stages[0]


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"None x2 @0.3 [where {ONE_CELL}]", "None x2"),
        ("None x2 @0.3 [where 32 24 16 16]", "None x2"),
        ("None x2 @0.3 [where 32 24 16 16; tile 64; overlap 16]", "None x2"),
        ("Latent x2 @0.5 [where 32 24 16 16]", "Latent x2 @0"),
        ("None x2 @0.3 [where fused; tile 64]", "None x2"),
    ],
)
def test_a_stage_is_the_plain_upscale_elsewhere(text: str, plain: str) -> None:
    made, before, node = masked_and_plain(text, plain)
    for one, other in zip(made.images or (), before.images or (), strict=True):
        changed = (np.asarray(one) != np.asarray(other)).any(2)
        assert changed.any()
        if node.places:
            assert not changed[np.asarray(mask_of(node)) == 0].any()
        else:
            assert changed.mean() < 0.7


def test_inside_it_is_what_was_sampled() -> None:
    plan = plan_of("None x2 @0.3 [where 16 16 32 24]\nNone x2 @0.3")
    result = run(plan, FakeHost(), first_picture())
    assert result.troubles == []
    mask = np.asarray(mask_of(result.plan.stages[0])) == 255
    masked, whole = (np.asarray(image) for stage in result.stages for image in (stage.images or [])[:1])
    assert mask.any() and masked[mask].shape == whole[mask].shape


def test_it_ends_in_pictures_before_colors_and_detail() -> None:
    host = FakeHost()
    plan = plan_of("Latent x2 @0.7 [where 0 0 16 16; color match; detail] > Latent x1 @0.5")
    result = run(plan, host, first_picture())
    assert result.troubles == []
    assert host.log[:3] == ["latent_upscale", "decode", "sample"] and "detail" in host.log
    assert plan.stages[0].changed_as_picture == "detail"
    assert plan_of("Latent x2 @0.7 [where 0 0 16 16]").stages[0].changed_as_picture == "where"


def test_each_image_is_sampled_where_it_needs_it_and_depends_on_no_other() -> None:
    host = FakeHost()
    result = run(plan_of("None x2 @0.3 [where fused; tile 64]"), host, first_picture())
    assert host.log.count("sample") == BATCH and host.log.count("moved") == 1
    (note,) = host.notes
    assert re.fullmatch(
        r"\d+ of 12 tiles of 2 images were sampled, where the model would change the picture most\.", note[1]
    )
    laddered = run(plan_of("None x2 @0.3 [where fused; tile 64]"), _laddered(), first_picture())
    assert same_images(result.stages[0].images, laddered.stages[0].images)


def _laddered() -> FakeHost:
    return Ladder(FakeHost(), plan_of("None x2").first_pass)  # type: ignore[return-value]


@pytest.mark.parametrize("text", ["None x2 @0.3 [where fused]", "Latent x2 @0.7 [where 8 8 16 16] > None x1"])
@pytest.mark.parametrize("at", range(7))
@pytest.mark.parametrize("how", ["fail_at", "stop_at"])
def test_it_fails_and_stops_as_every_stage_does(how: str, at: int, text: str) -> None:
    host = FakeHost(fail_at=at) if how == "fail_at" else FakeHost(stop_at=at)
    result = run(plan_of(text), host, first_picture())
    for outcome in result.stages:
        assert outcome.images is None or {image.mode for image in outcome.images} == {"RGB"}
        assert outcome.error is None or not outcome.images or outcome.images[0].size in ((64, 48), (128, 96))
    again = run(plan_of(text), FakeHost(), first_picture())
    if all(outcome.error is None for outcome in result.stages):
        assert same_images(result.stages[-1].images, again.stages[-1].images)


def whole(size: tuple[int, int], side: int) -> Tiles:
    """As a stage has them before its picture says which of them are needed."""
    tiles = tiles_of(size, side, None, 8)
    return replace(tiles, everywhere=len(tiles))


def test_the_tiles_hold_what_the_model_moves_most() -> None:
    moved = np.random.default_rng(0).uniform(0, 0.1, (64, 96))
    moved[20:28, 40:52] += 1
    ((left, top),) = fused(moved, whole((768, 512), 256))
    assert abs(left - 30) <= 1 and abs(top - 8) <= 1, "in the tile's middle"
    moved[50:60, 80:90] += 1
    one, other = fused(moved, whole((768, 512), 256))
    assert max(abs(one[0] - left), abs(one[1] - top)) <= 2 and other[0] > 50 and other[1] > 26


@given(st.integers(0, 2**32 - 1), st.integers(8, 40), st.integers(8, 40), st.sampled_from([64, 96, 128, 512]))
def test_they_hold_four_fifths_of_it_and_lie_in_the_picture(seed: int, rows: int, columns: int, side: int) -> None:
    moved = np.random.default_rng(seed).uniform(0, 1, (rows, columns)) ** 8
    tiles = whole((columns * 8, rows * 8), side)
    corners = fused(moved, tiles)
    assert 1 <= len(corners) <= len(tiles) and len(set(corners)) == len(corners)
    for left, top in corners:
        assert 0 <= left <= columns - tiles.width and 0 <= top <= rows - tiles.height


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (500, 7)])
def test_any_size_and_an_even_picture_have_places(shape: tuple[int, int]) -> None:
    assert len(fused(np.zeros(shape), whole((shape[1] * 8, shape[0] * 8), 64))) >= 1


def test_a_tile_that_is_sampled_is_sampled_whole_but_for_its_edge() -> None:
    node = node_of("None x2 @0.3 [where fused; tile 256]")
    at = only_at(node, [(0, 0), (40, 96)])
    assert at.places == ((0, 0, 240, 240), (336, 784, 560, 1024)) and list(at.tiles or ()) == [(0, 0), (40, 96)]
    weights = weights_of(at)
    assert np.min(weights[:30, :30]) == 1 and np.min(weights[98:128, 42:70]) == 1
    seen = np.zeros_like(weights, dtype=bool)
    for left, top in at.tiles or ():
        seen[top : top + 32, left : left + 32] = True
    assert not weights[~seen].any(), "where no tile lies nothing of a prediction counts"


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("None x2 @0.3", (0, 0, 1, 1)),
        ("None 1024x512 @0.3", (0, 0.25, 1, 0.75)),
        ("None 512x1024", (0.25, 0, 0.75, 1)),
        ("None 1024x512 @0.3 > None 512x512 @0.3", (0.25, 0.25, 0.75, 0.75)),
        ("None 1024x512 @0.3 > Latent x2 @0.5", (0, 0.25, 1, 0.75)),
        ("Direct 1024x512 > None 512x512 @0.3", (0.25, 0, 0.75, 1)),
    ],
)
def test_what_a_picture_shows_of_the_first_pass(text: str, part: tuple[float, ...]) -> None:
    plan = make_plan(parse(text), FirstPass(512, 512, 20))
    assert part_shown(plan, plan.variants[0].node) == pytest.approx(part)
    assert part_shown(plan, None) == ALL and (cropped(plan, plan.variants[0].node) is None) == (part == ALL)


@pytest.mark.parametrize("text", ["None 1000x500 @0.3", "Latent 1000x500 @0.5", "None 1001x333", "None 640x1000 @0.3"])
def test_a_place_on_what_a_picture_shows_is_where_it_lies(text: str) -> None:
    """A place that is all of what the picture shows is all of the picture, within the rounding of its pixels."""
    plan = make_plan(parse(text), FirstPass(512, 512, 20))
    node, (left, top, right, bottom) = plan.stages[0], part_shown(plan, 0)
    assert node.upscale is not None
    (whole_x, off_x), (whole_y, off_y) = laid(node.upscale, (512, 512), "@" in text)
    found = (left * whole_x - off_x, top * whole_y - off_y, right * whole_x - off_x, bottom * whole_y - off_y)
    assert found == pytest.approx((0, 0, node.width, node.height))


def test_what_the_stages_of_a_line_start_from() -> None:
    text = "\nNone x2 @0.3\nNone 1024x512 @{0.3,0.4} > None x2 @0.3\nDirect x2 > None x2 @0.3"
    plan = make_plan(parse(text), FirstPass(512, 512, 20))
    assert starts_on_line(plan, 2) == [(512, 512, ALL)]
    assert starts_on_line(plan, 3) == [(512, 512, ALL), (1024, 512, pytest.approx((0, 0.25, 1, 0.75)))]
    assert starts_on_line(plan, 4) == [(1024, 1024, ALL), (1024, 1024, ALL)]
    assert starts_on_line(plan, 1) == []
