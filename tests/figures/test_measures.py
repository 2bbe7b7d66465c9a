"""Measures: what moves them and what does not."""

import math

import numpy as np
import pytest
from figures import measures
from figures.detector import Head
from figures.draw import render
from figures.scene import make_scene
from PIL import Image, ImageFilter


def test_a_keeper_is_one_figure_with_a_whole_face():
    whole, broken = (Head((0, 0, 9, 9), face, "red", "blue") for face in (True, False))
    assert measures.is_keeper([whole])
    assert not measures.is_keeper([broken])
    assert not measures.is_keeper([whole, whole])
    assert not measures.is_keeper([])


def test_blur_lowers_sharpness_and_keeps_the_layout():
    picture = render(make_scene(5, (128, 128)))
    blurred = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(2)))
    assert measures.sharpness(blurred, (128, 128)) < 0.5 * measures.sharpness(picture, (128, 128))
    assert measures.layout_kept(picture, blurred) > 0.99


def test_a_larger_drawing_has_the_same_layout_and_another_has_not():
    scene = make_scene(5, (160, 96))
    assert measures.layout_kept(render(scene), render(scene, 2)) > 0.99
    assert measures.layout_kept(render(scene), render(make_scene(5, (160, 96), time="night"), 2)) < 0.8


def test_intervals_hold_the_value_and_shrink_with_the_count():
    few, many = measures.share([True, False] * 5), measures.share([True, False] * 500)
    assert few[0] == many[0] == 0.5
    assert few[1] < many[1] < 0.5 < many[2] < few[2]
    assert measures.share([True] * 10)[1] == pytest.approx(0.722, abs=0.001)  # Wilson's own lower bound of 10 in 10
    assert math.isnan(measures.share([])[0])
    assert measures.mean([1.0, 3.0]) == pytest.approx((2.0, 2 - 1.96, 2 + 1.96))
