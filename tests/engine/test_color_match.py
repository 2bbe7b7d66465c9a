"""The colors of a stage's picture exchanged for those of what it started from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.report import as_text, remarks
from hires_strategies.planning.suggestions import suggestions
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.color_match import color_matched, enlarged, low_band
from hires_strategies.running.run import run
from tests.engine.fake_host import BATCH, FakeHost, first_picture, plan_of, same_images
from tests.properties import examples


def node_of(text: str, width: int, height: int) -> Node:
    return make_plan(parse(text), FirstPass(width, height, 20)).stages[-1]


def scene(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Smooth colors with fine noise on them, 60 to 190."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width] / 64
    smooth = np.stack([np.sin(columns + phase) * np.cos(rows - phase) for phase in (0, 1, 2)], axis=-1)
    return np.clip(125 + 40 * smooth + random.normal(0, 6, smooth.shape), 60, 190).astype(np.uint8)


def low(picture: np.ndarray) -> np.ndarray:
    return np.stack([low_band(picture[..., channel].astype(np.float32)) for channel in range(3)], axis=-1)


def by_definition(plane: np.ndarray) -> np.ndarray:
    """The same as a sum over the nine taps of each kernel."""
    kernel = np.outer((1, 2, 1), (1, 2, 1)) / 16
    height, width = plane.shape
    for radius in (1, 2, 4, 8, 16):
        padded = np.pad(plane, radius, mode="edge")
        plane = sum(
            kernel[row, column]
            * padded[row * radius : row * radius + height, column * radius : column * radius + width]
            for row in range(3)
            for column in range(3)
        )
    return plane


@settings(max_examples=examples(20), deadline=None)
@given(st.tuples(st.integers(1, 70), st.integers(1, 70)), st.integers(0, 100))
def test_the_low_band_is_five_dilated_binomial_blurs(shape: tuple[int, int], seed: int) -> None:
    plane = np.random.default_rng(seed).uniform(0, 255, shape).astype(np.float32)
    assert np.allclose(low_band(plane), by_definition(plane.astype(np.float64)), atol=1e-3)


@pytest.mark.parametrize(
    ("text", "size"),
    [("None x1 @0.3", (96, 64)), ("None x2 @0.3", (192, 128)), ("None x1", (96, 64)), ("Latent x1.5 @0.5", (144, 96))],
)
def test_a_cast_goes_and_the_detail_stays(text: str, size: tuple[int, int]) -> None:
    before = Image.fromarray(scene(96, 64))
    node = node_of(text, 96, 64)
    assert (node.width, node.height) == size
    clean = np.asarray(before.resize(size, Image.Resampling.LANCZOS)).astype(int)
    detail = np.random.default_rng(9).integers(-9, 10, clean.shape)
    own = np.clip(clean + detail + (7, -5, 3), 0, 255).astype(np.uint8)
    made = np.asarray(color_matched(Image.fromarray(own), before, node)).astype(int)
    cast = [abs(picture.mean((0, 1)) - clean.mean((0, 1))) for picture in (own, made)]
    assert cast[0].min() > 2.5 and cast[1].max() < 0.6
    assert abs(low(made) - low(clean)).max() < 1
    fine = (own - low(own)) - (made - low(made))
    assert abs(fine).max() < 2


def test_a_picture_like_its_start_stays_bit_for_bit() -> None:
    image = Image.fromarray(scene(70, 40))
    assert same_images([color_matched(image, image, node_of("None x1 @0.3", 70, 40))], [image])


def test_drift_over_four_passes_falls() -> None:
    """Each pass shifts the colors a little and draws new detail, as the study's model does."""
    first = scene(128, 96)
    node = node_of("None x1 @0.3", 128, 96)
    drifted = matched = first
    for number in range(4):
        shift = np.linspace(0, 4, 128)[None, :, None] * (1, -0.5, 0.25)
        noise = np.random.default_rng(number).normal(0, 3, first.shape)
        drifted, own = (np.clip(each + shift + noise, 0, 255).astype(np.uint8) for each in (drifted, matched))
        matched = np.asarray(color_matched(Image.fromarray(own), Image.fromarray(matched), node))
    errors = [abs(low(each) - low(first)).mean() for each in (drifted, matched)]
    assert errors[0] > 3 and errors[1] < 0.5, errors


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("None 96x96 @0.3", (64, 48)),
        ("None 96x96", (64, 48)),
        ("Latent 64x128 @0.5", (64, 48)),
        ("None x1.3 @0.3", (56, 40)),
        ("None 100x131", (60, 44)),
    ],
)
def test_what_the_crop_left_is_what_is_compared(text: str, first: tuple[int, int]) -> None:
    node = node_of(text, *first)
    assert node.upscale is not None
    before = Image.fromarray(scene(*first))
    size = (node.width, node.height)
    made = enlarged(before, node.upscale, size)
    whole = before.resize((node.upscale.width, node.upscale.height), Image.Resampling.LANCZOS)
    left, top = (whole.width - node.upscale.crop_width) // 2, (whole.height - node.upscale.crop_height) // 2
    left, top = max(min(left, whole.width - size[0]), 0), max(min(top, whole.height - size[1]), 0)
    theirs = whole.crop((left, top, left + size[0], top + size[1]))
    assert made.size == size
    off = abs(np.asarray(made).astype(int) - np.asarray(theirs).astype(int))
    assert off.mean() < 3


def test_a_stage_with_it_ends_in_pictures_and_the_next_one_encodes_them() -> None:
    host = FakeHost()
    plan = plan_of("Latent x2 @0.7 [color match; detail] > Latent x1 @0.5")
    result = run(plan, host, first_picture())
    assert host.log == [
        "latent_upscale", "sample", "decode", "decode", "detail", "encode", "latent_upscale", "sample", "decode",
    ]  # fmt: skip
    assert result.troubles == [] and len(result.stages[-1].images or ()) == BATCH
    assert "the 'detail' before it changes pixels" in " ".join(remarks(plan))
    told = remarks(plan_of("Latent x2 @0.7 [color match] > Latent x1 @0.5"))
    assert told == [
        "'Latent x1 @0.5' enlarges latents, and the 'color match' before it changes pixels: they are encoded between."
    ]


@pytest.mark.parametrize("text", ["None x2 [color match]", "None x2 @0.4 [color match]", "Latent x2 @0 [color match]"])
def test_any_stage_but_direct_can_have_it_alone_and_beside_others(text: str) -> None:
    plain = text.replace(" [color match]", "")
    plan = plan_of(f"{text}\n{plain}\n{text} > None x1 @0.5")
    assert len(plan.stages) == 3
    together = run(plan, FakeHost(), first_picture())
    alone = run(plan_of(text), FakeHost(), first_picture())
    assert same_images(together.stages[0].images, alone.stages[0].images)
    assert not same_images(together.stages[0].images, together.stages[1].images)
    for image in alone.stages[0].images or ():
        assert image.size == (plan.stages[0].width, plan.stages[0].height)


@pytest.mark.parametrize("at", range(5))
@pytest.mark.parametrize("how", ["fail_at", "stop_at"])
def test_it_fails_and_stops_as_every_stage_does(how: str, at: int) -> None:
    plan = plan_of("Latent x2 @0.7 [color match] > None x1 [color match]")
    host = FakeHost(fail_at=at) if how == "fail_at" else FakeHost(stop_at=at)
    result = run(plan, host, first_picture())
    outcomes = result.stages
    assert outcomes[1].error is not None or at == 4
    for outcome in outcomes:
        assert outcome.images is None or {image.mode for image in outcome.images} == {"RGB"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("None x2 @0.3 > None x1 @0.3 > None x1 @0.3", True),
        ("None x2 @0.3 > None x1 @0.3 [color match] > None x1 @0.3", False),
        ("None x2 @0.3 > None x2 > None x1 @0.3", False),
        ("Direct x1 > None x1 @0.3 > None x1 @0.3", False),
        ("None x2 @0.3\nDirect x1 > None x1 @0.3 > None x1 @0.3 > None x1 @0.3 > None x1", True),
    ],
)
def test_long_chains_are_told_of_it(text: str, told: bool) -> None:
    plan = plan_of(text)
    found = suggestions(plan)
    assert bool(found) == told
    assert not told or (found[0].startswith("3 stages one after the other") and found[0] in as_text(plan))
    assert not set(found) & set(remarks(plan))
