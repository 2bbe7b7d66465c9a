"""The detector against the truth of drawings: it is the judge of everything that the study says."""

from dataclasses import replace

import numpy as np
import pytest
from figures import networks
from figures.detector import find_heads
from figures.draw import render
from figures.palette import FRAMINGS, SKIN
from figures.scene import make_scene

SEEDS = range(60)


def close_to_truth(box, scene, scale):
    """The skin's box lies within the head's and holds most of its width."""
    left, top, right, bottom = (value * scale for value in scene.head)
    slack = 0.1 * (right - left)
    within = left - slack < box[0] and box[2] < right + slack and top - slack < box[1] and box[3] < bottom + 4 * slack
    return within and box[2] - box[0] > 0.6 * (right - left)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("scale", [1, 2])
def test_one_head_with_a_face_and_the_caption_s_colours(framing, scale):
    scenes = [make_scene(seed, framing=framing) for seed in SEEDS]
    found = [find_heads(render(scene, scale)) for scene in scenes]
    pairs = [(heads[0], scene) for heads, scene in zip(found, scenes, strict=True) if len(heads) == 1]
    assert len(pairs) >= 0.95 * len(scenes)
    assert np.mean([close_to_truth(head.box, scene, scale) for head, scene in pairs]) >= 0.95
    assert np.mean([head.face for head, _ in pairs]) >= 0.95
    assert np.mean([head.hair == scene.hair for head, scene in pairs]) >= 0.95
    # of a portrait, the clothes are often below the picture's edge
    assert np.mean([head.clothes == scene.clothes for head, scene in pairs]) >= (0.8 if framing == "portrait" else 0.95)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_face_without_eyes_or_with_one_is_broken(framing):
    for seed in SEEDS:
        scene = make_scene(seed, (128, 128), framing)
        picture = render(scene, 2)
        rows, columns = np.mgrid[: picture.shape[0], : picture.shape[1]]
        for x, y, radius in scene.eyes[: 1 + seed % 2]:
            picture[np.hypot(columns - 2 * x, rows - 2 * y) < 2.4 * 2 * radius] = SKIN
        assert not any(head.face for head in find_heads(picture)), seed


def test_several_figures_are_counted():
    counts = []
    for seed in SEEDS:
        sides = [render(replace(make_scene(seed + i, (128, 128), "full body"), place="trees")) for i in (0, 100)]
        counts.append(len(find_heads(np.concatenate(sides, 1))))
    assert np.mean([count == 2 for count in counts]) >= 0.95


def test_a_landscape_has_no_heads():
    for seed in SEEDS:
        scene = make_scene(seed, (128, 128), "full body")
        assert find_heads(render(replace(scene, crown=(-500.0, 0.0)), 2)) == []


def test_it_still_sees_after_the_autoencoder():
    model = networks.load_model()
    scenes = [make_scene(seed, (128, 128), "upper body") for seed in range(20)]
    decoded = model.decode(model.encode(np.stack([render(scene) for scene in scenes])))
    heads = [find_heads(picture) for picture in decoded]
    assert np.mean([len(each) == 1 and each[0].face for each in heads]) >= 0.85


def test_a_picture_without_colours_is_refused():
    with pytest.raises(ValueError, match="three colours"):
        find_heads(np.zeros((8, 8), np.uint8))
