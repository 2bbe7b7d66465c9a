"""The weights that lie in the repository."""

import numpy as np
import torch
from figures import networks, sampler, tokens
from figures.detector import find_heads
from figures.draw import render
from figures.scene import make_scene
from safetensors.torch import load_file


def test_they_are_small_and_in_half_precision():
    files = list(networks.WEIGHTS.rglob("*.safetensors"))
    assert len(files) == 3
    assert sum(file.stat().st_size for file in networks.WEIGHTS.rglob("*") if file.is_file()) < 20e6
    for file in files:
        assert {value.dtype for value in load_file(file).values()} == {torch.float16}


def test_the_autoencoder_keeps_a_picture():
    model = networks.load_model()
    pictures = np.stack([render(make_scene(seed, (128, 128))) for seed in range(8)])
    error = np.square(model.decode(model.encode(pictures)).astype(float) - pictures).mean()
    assert 10 * np.log10(255**2 / error) > 24


def test_the_first_pass_draws_what_the_caption_says():
    model = networks.load_model()
    scenes = [make_scene(seed, (128, 128), "upper body") for seed in range(12)]
    prompts = sampler.Prompts([scene.caption() for scene in scenes], list(range(12)), steps=12)
    heads = [find_heads(each) for each in model.decode(sampler.first_pass(model, prompts, (128, 128)))]
    assert np.mean([len(each) == 1 for each in heads]) > 0.8
    for name in ("hair", "clothes"):
        assert (
            np.mean(
                [
                    bool(each) and getattr(each[0], name) == getattr(scene, name)
                    for each, scene in zip(heads, scenes, strict=True)
                ]
            )
            > 0.8
        )


def test_words_that_nobody_taught_it_hardly_change_the_picture():
    model = networks.load_model()
    captions = ["1girl, red hair, blue dress, upper body", "masterpiece, 1girl, red hair, blue dress, upper body"]
    assert tokens.encode(captions)[1, 1] == tokens.UNKNOWN
    plain, adorned = model.decode(sampler.first_pass(model, sampler.Prompts(captions, [4, 4], 8), (128, 128)))
    assert np.corrcoef(plain.ravel(), adorned.ravel())[0, 1] > 0.8
