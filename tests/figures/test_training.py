"""Captions as numbers, windows, and a training that goes on where it was cut off."""

import numpy as np
import pytest
import torch
from figures import autoencoder, dataset, diffusion, networks, sampler, tokens
from figures.scene import SIZES
from parts.tokens import END, START, UNKNOWN


def silent(line: str) -> None:
    assert line


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    file = tmp_path_factory.mktemp("latents") / "latents.pt"
    return dataset.build(networks.load_model(), (15, 30), file, silent)


def test_every_word_of_every_caption_is_known():
    rows = tokens.encode(dataset.make_scene(seed).caption() for seed in range(300))
    assert rows.shape == (300, 77)
    assert not (rows == UNKNOWN).any()
    assert (rows[:, 0] == START).all() and (rows[:, -1] == END).all()


def test_unknown_words_are_told_from_known_ones_and_long_texts_are_cut():
    known, _, strange = tokens.encode(["Red Hair", "blue hair", "red zeppelin"])
    assert known[1] == strange[1] and strange[2] == UNKNOWN != known[2]
    assert tokens.encode(["red " * 200]).shape == (1, 77)


def test_strangers_are_added_and_nothing_is_lost():
    row = tokens.encode(["1girl, red hair, smile"])[0]
    for seed in range(30):
        mixed = tokens.with_strangers(row, np.random.default_rng(seed))
        added = int((mixed == UNKNOWN).sum())
        assert 1 <= added <= 6
        comma = tokens.tokenizer().ids[","]
        kept = [word for word in mixed.tolist() if word not in (UNKNOWN, comma)]
        assert kept[:6] == [word for word in row.tolist() if word != comma][:6]


def test_windows_have_the_base_size_and_mostly_hold_the_head(data):
    rng = np.random.default_rng(0)
    for size in SIZES:
        assert len(data.larger[size]) >= 6
        for drawing in data.larger[size]:
            assert min(drawing.latents.shape[1] / size[1], drawing.latents.shape[2] / size[0]) > 1 / networks.FACTOR
            part, caption = dataset.window(drawing, size, rng)
            assert part.shape == (4, size[1] // 8, size[0] // 8)
            assert torch.equal(caption, drawing.framed) or torch.equal(caption, drawing.unframed)


def trainer(data, images, folder=networks.WEIGHTS):
    return diffusion.Trainer(networks.load_model(folder), data, diffusion.Course(images, rate=1e-4))


def test_a_resumed_training_ends_where_an_uninterrupted_one_does(data, tmp_path):
    whole = trainer(data, 4 * diffusion.BATCH)
    whole.run(tmp_path / "whole.pt", tmp_path / "whole", silent)
    cut = trainer(data, 4 * diffusion.BATCH)
    cut.train_step()
    cut.train_step()
    cut.save(tmp_path / "cut.pt", tmp_path / "cut")
    resumed = trainer(data, 4 * diffusion.BATCH)
    resumed.resume(tmp_path / "cut.pt")
    resumed.run(tmp_path / "cut.pt", tmp_path / "cut", silent)
    assert resumed.step == whole.step == 4
    for one, other in zip(whole.parameters, resumed.parameters, strict=True):
        assert torch.equal(one, other)


def test_training_lowers_the_error_of_an_untrained_network(data):
    torch.manual_seed(0)
    model = networks.new_model()
    fresh = diffusion.Trainer(model, data, diffusion.Course(10_000))
    errors = [fresh.train_step() for _ in range(24)]
    assert np.mean(errors[-8:]) < 0.9 * np.mean(errors[:8])


def test_a_course_by_the_clock_ends_after_its_minutes_and_lowers_the_rate_evenly():
    course = diffusion.Course(images=10**9, rate=1e-3, minutes=10)
    assert course.rate_at(500, 0.0) == pytest.approx(1e-3)
    assert course.rate_at(500, 300.0) == pytest.approx(5e-4)
    assert course.done(500, 599.0) < 1 <= course.done(500, 600.0)


def test_the_error_counts_more_around_the_head(data):
    drawing = data.whole[SIZES[0]][0]
    weights = diffusion.head_weights(drawing.latents, drawing.head)
    where = (weights[0] == diffusion.HEAD_WEIGHT).nonzero().float().mean(0) + 0.5
    assert int((weights > 1).sum()) == 16
    assert torch.allclose(where, torch.tensor(drawing.head[::-1]), atol=0.51)
    assert (diffusion.head_weights(drawing.latents, None) == 1).all()


def test_the_autoencoder_learns_and_its_latents_get_their_scale(tmp_path):
    torch.manual_seed(0)
    vae = networks.new_model().vae
    before = autoencoder.loss(vae, autoencoder.crops(999))[1]
    autoencoder.train(vae, 20 * autoencoder.BATCH, tmp_path / "autoencoder.pt", silent)
    assert autoencoder.loss(vae, autoencoder.crops(999))[1] < 0.9 * before
    latents = torch.cat([vae.encode(autoencoder.crops(step)).latent_dist.mean for step in range(12)])
    assert float(latents.std() * networks.SCALING) == pytest.approx(1, rel=0.05)


def test_the_schedule_is_stable_diffusion_s():
    sigmas = sampler.schedule(20)
    assert sigmas[0] == pytest.approx(14.6146, abs=1e-3) and sigmas[-2] == pytest.approx(0.0292, abs=1e-4)
    assert sigmas[-1] == 0 and len(sigmas) == 21 and (np.diff(sigmas) < 0).all()


def test_a_strength_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"at 1\.5"):
        sampler.second_pass(networks.load_model(), torch.zeros(1, 4, 8, 8), sampler.Prompts([""], [0]), 1.5)
