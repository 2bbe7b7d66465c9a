"""The drawings show what their captions and their truth say."""

import numpy as np
import pytest
from figures import palette
from figures.draw import render
from figures.scene import SIZES, make_scene


@pytest.mark.parametrize("size", SIZES)
def test_a_seed_always_gives_the_same_picture_and_no_other_seed_does(size):
    first, again, other = (render(make_scene(seed, size)) for seed in (7, 7, 8))
    assert first.shape == (size[1], size[0], 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_caption_names_what_was_asked_for():
    scene = make_scene(
        3,
        (128, 128),
        "portrait",
        girl=False,
        hair="blue",
        clothes="green",
        pose="waving",
        time="night",
        place="house",
        mouth="smile",
    )
    assert scene.caption() == "1boy, blue hair, green shirt, waving, portrait, outdoors, house, night, smile"
    assert scene.caption(framed=False) == "1boy, blue hair, green shirt, waving, outdoors, house, night, smile"


def test_heads_have_the_sizes_of_their_framings():
    widths = {
        framing: [make_scene(seed, (128, 128), framing).head_width for seed in range(50)]
        for framing in palette.FRAMINGS
    }
    assert min(widths["full body"]) > 14 and max(widths["full body"]) < 20
    assert max(widths["full body"]) < min(widths["upper body"])
    assert max(widths["upper body"]) < min(widths["portrait"])


@pytest.mark.parametrize("scale", [1, 2])
def test_skin_lies_between_the_eyes_and_eyes_where_the_truth_has_them(scale):
    for seed in range(20):
        scene = make_scene(seed, framing="portrait")
        picture = render(scene, scale).astype(int)
        left, top, right, _ = (value * scale for value in scene.head)
        nose = picture[round(top + 0.68 * (right - left)), round((left + right) / 2)]
        assert np.abs(nose - palette.SKIN).max() <= 2
        for x, y, radius in scene.eyes:
            part = picture[
                round((y - radius) * scale) : round((y + radius) * scale),
                round((x - radius) * scale) : round((x + radius) * scale),
            ]
            assert np.min(part.mean(-1)) < 60


def test_an_unknown_framing_is_refused():
    with pytest.raises(ValueError, match="'cowboy shot'"):
        make_scene(0, framing="cowboy shot")
