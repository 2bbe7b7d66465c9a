"""A plan that starts from pictures, as with the API's first_pass_image."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.outcome import Result
from hires_strategies.running.picture import Picture
from hires_strategies.running.run import run
from tests.engine.fake_host import BATCH, FakeHost

SIZE = (60, 44)  # no multiple of 8


def run_from_image(host: FakeHost, text: str) -> Result:
    noise = np.random.default_rng(5).integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    pictures = [Image.fromarray(noise)] * BATCH
    return run(make_plan(parse(text), FirstPass(*SIZE, 20)), host, Picture(images=pictures))


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("Latent x2 @0.5\nLatent x2 @0.9\nLatent (nearest) x1.5 @0.5", 1),
        ("Latent x2 @0.5 > Latent x2 @0.5", 1),
        ("Lanczos x2\nLanczos x1.5 > Lanczos x2", 0),
        ("Latent x2 @0.5\nLanczos x2 @0.5\nLanczos x2 @0.9", 2),
    ],
)
def test_latent_stages_encode_it_once(text: str, encoded: int) -> None:
    host = FakeHost()
    run_from_image(host, text)
    assert host.log.count("encode") == encoded


def test_what_ran_before_it_was_encoded_does_not_matter() -> None:
    alone = run_from_image(FakeHost(), "Latent x2 @0.5")
    after_others = run_from_image(FakeHost(), "Lanczos x2 @0.7\nNone x2 @0.3\nLatent x2 @0.5")
    for image, again in zip(alone.stages[0].images or [], after_others.stages[2].images or [], strict=True):
        assert np.array_equal(np.asarray(image), np.asarray(again))


def test_pixel_stages_keep_the_exact_size() -> None:
    result = run_from_image(FakeHost(), "Lanczos x2\nLanczos x1.5 > Lanczos x2\nLatent x2 @0.5")
    sizes = [outcome.images[0].size for outcome in result.stages if outcome.images]
    assert sizes == [(120, 88), (180, 132), (120, 88)]
