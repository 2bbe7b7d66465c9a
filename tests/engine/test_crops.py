"""Which place a contact sheet's crops show."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from hires_strategies.errors import StrategyError
from hires_strategies.sheet.crops import box_pixels, crop_size, cut, find_crop, parse_box
from tests.properties import examples

Place = tuple[int, int, int, int]


def picture(size: tuple[int, int] = (1024, 768)) -> Image.Image:
    rows, columns = np.mgrid[: size[1], : size[0]]
    waves = 128 + 60 * np.sin(rows / 9) * np.cos(columns / 7)
    return Image.fromarray(np.stack([waves] * 3, axis=2).astype(np.uint8))


def marked(base: Image.Image, place: Place, colour: tuple[int, int, int]) -> Image.Image:
    image = base.copy()
    ImageDraw.Draw(image).ellipse(place, fill=colour)
    return image


def holds(box: tuple[float, ...], place: Place, size: tuple[int, int]) -> bool:
    return (
        box[0] * size[0] <= place[0]
        and box[1] * size[1] <= place[1]
        and box[2] * size[0] >= place[2]
        and box[3] * size[1] >= place[3]
    )


@settings(max_examples=examples(15))
@given(left=st.integers(10, 900), top=st.integers(10, 650))
def test_the_crop_holds_what_differs(left: int, top: int) -> None:
    place = (left, top, left + 90, top + 90)
    images = [marked(picture(), place, colour) for colour in ((255, 0, 0), (0, 255, 0), (0, 0, 255))]
    assert holds(find_crop(images, None), place, (1024, 768))


def test_one_picture_that_is_quite_another_does_not_decide() -> None:
    """At 0.95 all differs: where the others differ from one another counts."""
    place = (700, 500, 790, 590)
    images = [marked(picture(), place, (50 * n, 255 - 50 * n, 0)) for n in range(5)]
    images.append(Image.effect_noise((1024, 768), 90).convert("RGB"))
    assert holds(find_crop(images, None), place, (1024, 768))


def test_what_the_first_pass_blurs_counts_more() -> None:
    base = picture()
    images = [base, Image.eval(base, lambda value: value - 30)]  # everywhere equally different
    lefts = []
    for half in ((0, 0, 512, 768), (512, 0, 1024, 768)):
        blurred = base.copy()
        blurred.paste(base.crop(half).filter(ImageFilter.GaussianBlur(12)), half[:2])
        lefts.append(find_crop(images, blurred.resize((512, 384)))[0])
    assert lefts[0] < 0.15 and lefts[1] > 0.45


def test_detail_counts_more_than_a_flat_sky() -> None:
    """The sky differs as much as the rest, and over the larger area."""
    base = picture()
    base.paste((90, 140, 220), (0, 0, 1024, 450))
    images = [base, Image.eval(base, lambda value: value - 30)]
    assert find_crop(images, None)[1] > 0.5


def test_equal_pictures_show_their_middle() -> None:
    box = find_crop([picture(), picture()], None)
    assert (box[0] + box[2]) / 2 == pytest.approx(0.5, abs=0.01)
    assert (box[1] + box[3]) / 2 == pytest.approx(0.5, abs=0.01)


def test_crops_are_one_to_one() -> None:
    base = picture()
    images = [marked(base, (900, 600, 1000, 700), (n, 0, 0)) for n in (10, 200)]
    box, size = find_crop(images, None), crop_size(base.size)
    part = np.asarray(cut(images[0], box, size))
    whole = np.asarray(images[0])
    left, top = min(round(box[0] * 1024), 1024 - size[0]), min(round(box[1] * 768), 768 - size[1])
    assert np.array_equal(part, whole[top : top + size[1], left : left + size[0]])


def test_a_smaller_picture_shows_the_same_place_enlarged() -> None:
    large, small = picture(), picture().resize((512, 384))
    part = cut(small, (0.25, 0.25, 0.5, 0.5), (256, 192))
    assert part.size == (256, 192)
    other = cut(large, (0.25, 0.25, 0.5, 0.5), (256, 192))
    assert np.abs(np.asarray(part, np.int16) - np.asarray(other, np.int16)).mean() < 20


@pytest.mark.parametrize("size", [(64, 64), (256, 256), (1024, 1536), (7000, 300)])
def test_a_crop_fits_into_its_picture(size: tuple[int, int]) -> None:
    width, height = crop_size(size)
    assert width <= min(size[0], 640) and height <= min(size[1], 640)


def test_a_box_is_read_in_per_cent() -> None:
    assert parse_box("30, 10, 70, 50") == (0.3, 0.1, 0.7, 0.5)
    assert parse_box("0% 0% 100% 12.5%") == (0.0, 0.0, 1.0, 0.125)
    assert parse_box("  ") is None
    assert box_pixels((0.3, 0.1, 0.7, 0.5), (1000, 500)) == (400, 200)


@pytest.mark.parametrize(
    "text", ["1 2 3", "0 0 0.5 0.5", "٣٠ 10 70 50", "70 10 30 50", "0 0 101 50", "a b c d", "10 10 10 20", "-1 0 5 5"]
)
def test_a_box_that_is_none_is_told(text: str) -> None:
    with pytest.raises(StrategyError, match="in per cent of the picture"):
        parse_box(text)
