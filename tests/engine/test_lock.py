"""The structure lock's formula."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import examples

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.lock import coarse, coarse_size, locked, weight


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("None x2 @0.7", (32, 16)),  # the first pass's own: 256 by 128 pixels
        ("Latent x2 @0.7", (32, 16)),
        ("None x4 @0.7", (32, 16)),
        ("None x1.25 @0.7", (20, 10)),  # half of 40 x 20: the first pass's own would hold nearly everything
        ("None x1 @0.7", (16, 8)),
        ("None x0.5 @0.7", (8, 4)),
        ("None 256x256 @0.7", (16, 16)),  # cut out of an upscale by 2
        ("None x2 > None x1 @0.7", (32, 16)),  # half of the stage's own, not the first pass's
        ("None 8x8 @0.7", (1, 1)),
    ],
)
def test_the_coarse_structure_is_as_large_as_what_was_enlarged_and_half_at_most(
    text: str, size: tuple[int, int]
) -> None:
    node = make_plan(parse(text), FirstPass(128, 256, 20)).stages[-1]
    assert node.upscale is not None
    assert coarse_size(node.height // 8, node.width // 8, node.upscale) == size


def test_the_weight_falls_with_the_noise() -> None:
    assert (weight(math.inf), weight(1.0), weight(0.0)) == (1, 0.5, 0)
    weights = [weight(sigma) for sigma in (14.6, 3.0, 1.0, 0.5, 0.1)]
    assert weights == sorted(weights, reverse=True)


@settings(max_examples=examples(20), deadline=None)
@given(
    st.integers(0, 1000),
    st.tuples(st.integers(1, 2), st.integers(1, 4), st.integers(4, 24), st.integers(4, 24)),
    st.floats(0.1, 1),
)
def test_the_coarse_part_comes_nearer_to_the_starts(seed: int, shape: tuple[int, ...], share: float) -> None:
    x0, start, before = random(*shape, seed=seed), random(*shape, seed=seed + 1), random(*shape, seed=seed).clone()
    size = max(shape[2] // 2, 1), max(shape[3] // 2, 1)
    made = locked(x0, start, size, share)
    assert coarse(start - made, size).norm() < coarse(start - x0, size).norm()
    assert torch.equal(x0, before)
    assert torch.equal(locked(x0, start, size, 0.0), x0)
    assert torch.equal(locked(start, start, size, share), start)


def test_a_constant_is_coarse_and_a_checkerboard_is_fine() -> None:
    level = torch.full((1, 4, 16, 16), 3.0)
    checks = (torch.arange(16)[:, None] + torch.arange(16)) % 2 * 2.0 - 1
    assert torch.allclose(coarse(level, (8, 8)), level, atol=1e-5)
    made = locked(checks.expand(1, 4, 16, 16), level, (8, 8), 1.0)[..., 2:-2, 2:-2]
    assert torch.allclose(made, (checks + 3).expand(1, 4, 16, 16)[..., 2:-2, 2:-2], atol=0.05)


def test_half_the_strength_is_half_the_way() -> None:
    x0, start = random(2, 4, 16, 12), random(2, 4, 16, 12, seed=1)
    whole, half = (locked(x0, start, (8, 6), share) - x0 for share in (1.0, 0.5))
    assert torch.allclose(whole, 2 * half, atol=1e-5)


def test_each_image_and_frame_is_for_itself() -> None:
    x0, start = random(2, 16, 3, 12, 8), random(2, 16, 3, 12, 8, seed=1)
    made = locked(x0, start, (6, 4), 0.7)
    assert made.shape == x0.shape
    for image in range(2):
        for frame in range(3):
            alone = locked(x0[image : image + 1, :, frame], start[image : image + 1, :, frame], (6, 4), 0.7)
            assert torch.equal(made[image : image + 1, :, frame], alone)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_a_prediction_keeps_its_type(kind: torch.dtype) -> None:
    x0, start = random(1, 4, 16, 16).to(kind), random(1, 4, 16, 16, seed=1)
    made = locked(x0, start, (8, 8), 1.0)
    assert made.dtype == kind
    assert torch.allclose(made.float(), locked(x0.float(), start, (8, 8), 1.0), atol=0.05)
