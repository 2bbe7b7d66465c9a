"""Remembered first passes: what a batch gets back, and how much is kept."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties import examples

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.running.first_pass_store import MEGABYTE, FirstPasses, Traces


def latents(*values: float) -> torch.Tensor:
    """A batch whose images can be told apart: 4 x 2 x 2 floats each, 64 bytes."""
    return torch.stack([torch.full((4, 2, 2), float(value)) for value in values])


def first_numbers(batch: torch.Tensor) -> list[float]:
    return [float(image[0, 0, 0]) for image in batch]


def test_a_batch_comes_back_bit_for_bit_with_its_traces() -> None:
    memory = FirstPasses()
    batch = torch.randn(3, 4, 8, 8)
    traces = Traces({"Schedule type": "Karras"}, {"cpu": torch.get_rng_state()}, 1.0)
    memory.remember(["a", "b", "c"], batch, traces)
    found = memory.recall(["a", "b", "c"])
    assert found is not None and found.same_batch
    assert torch.equal(found.latents, batch)
    assert found.traces == traces


def test_what_is_kept_does_not_change_with_the_tensors() -> None:
    memory = FirstPasses()
    batch = latents(1)
    memory.remember(["a"], batch, Traces())
    batch.zero_()
    given_out = memory.recall(["a"])
    assert given_out is not None and first_numbers(given_out.latents) == [1]
    given_out.latents.zero_()
    again = memory.recall(["a"])
    assert again is not None and first_numbers(again.latents) == [1]


def test_one_image_of_a_batch_is_found_alone() -> None:
    memory = FirstPasses()
    memory.remember(["a", "b", "c"], latents(1, 2, 3), Traces())
    found = memory.recall(["b"])
    assert found is not None and not found.same_batch
    assert first_numbers(found.latents) == [2]
    assert first_numbers(memory.recall(["c", "a", "a"]).latents) == [3, 1, 1]  # type: ignore[union-attr]


def test_a_batch_with_an_unknown_image_is_unknown() -> None:
    memory = FirstPasses()
    memory.remember(["a"], latents(1), Traces())
    assert memory.recall(["a", "b"]) is None
    assert memory.recall([]) is None


def test_the_identical_batch_is_preferred_to_newer_images() -> None:
    memory = FirstPasses()
    memory.remember(["a", "b"], latents(1, 2), Traces())
    memory.remember(["a"], latents(1.5), Traces())
    both, alone = memory.recall(["a", "b"]), memory.recall(["a"])
    assert both is not None and both.same_batch and first_numbers(both.latents) == [1, 2]
    assert alone is not None and alone.same_batch and first_numbers(alone.latents) == [1.5]


def test_an_order_of_its_own_is_another_batch() -> None:
    memory = FirstPasses()
    memory.remember(["a", "b"], latents(1, 2), Traces())
    found = memory.recall(["b", "a"])
    assert found is not None and not found.same_batch and first_numbers(found.latents) == [2, 1]


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_latents_that_are_no_numbers_are_not_kept(wrong: float) -> None:
    memory = FirstPasses()
    assert memory.remember(["a"], latents(wrong), Traces()) == "Not all of its latents are numbers."
    assert memory.recall(["a"]) is None


def test_keys_and_images_have_to_be_as_many() -> None:
    with pytest.raises(ValueError, match="2 images need as many keys, found 1"):
        FirstPasses().remember(["a"], latents(1, 2), Traces())


def test_limits_of_nothing_keep_nothing() -> None:
    memory = FirstPasses(images=0)
    memory.remember(["a"], latents(1), Traces())
    assert len(memory) == 0
    memory = FirstPasses(size=63)
    memory.remember(["a"], latents(1), Traces())
    assert len(memory) == 0


def test_a_batch_that_does_not_fit_is_told() -> None:
    memory = FirstPasses(images=2)
    assert memory.remember(["a", "b"], latents(1, 2), Traces()) is None
    told = memory.remember(["c", "d", "e"], latents(1, 2, 3), Traces())
    assert told == "The settings allow 2 images and 64 MB, and this batch is 3 images and 0.00018 MB."
    memory = FirstPasses(size=MEGABYTE)
    large = Traces(generators={"cpu": torch.zeros(2 * MEGABYTE, dtype=torch.uint8)})
    told = memory.remember(["a"], latents(1), large)
    assert told == "The settings allow 32 images and 1 MB, and this batch is 1 image and 2 MB."


STEPS = st.lists(
    st.tuples(st.booleans(), st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4)), min_size=1, max_size=40
)


@given(STEPS, st.integers(0, 6), st.integers(0, 600), st.integers(0, 40))
@settings(max_examples=examples(300))
def test_whatever_happens_the_store_is_right_and_bounded(
    steps: list[tuple[bool, list[str]]], images: int, size: int, state: int
) -> None:
    """Each image is a number that only its key and its batch can have; whatever comes back was put there."""
    memory = FirstPasses(images, size)
    traces = Traces(generators={"cpu": torch.zeros(state, dtype=torch.uint8)})
    ever: dict[str, set[float]] = {}
    batches: dict[tuple[str, ...], list[float]] = {}
    counter = 0
    for remember, keys in steps:
        if remember:
            values = [float(counter + position) for position in range(len(keys))]
            counter += len(keys)
            memory.remember(keys, latents(*values), traces)
            batches[tuple(keys)] = values
            for key, value in zip(keys, values, strict=True):
                ever.setdefault(key, set()).add(value)
        else:
            found = memory.recall(keys)
            if found is not None:
                numbers = first_numbers(found.latents)
                assert all(number in ever[key] for key, number in zip(keys, numbers, strict=True))
                assert not found.same_batch or numbers == batches[tuple(keys)]
        assert len(memory) <= images
        assert memory.size <= size


def test_the_longest_unused_goes_first() -> None:
    memory = FirstPasses(images=3)
    for key, value in (("a", 1), ("b", 2), ("c", 3)):
        memory.remember([key], latents(value), Traces())
    memory.recall(["a"])
    memory.remember(["d"], latents(4), Traces())
    assert memory.recall(["b"]) is None
    assert all(memory.recall([key]) is not None for key in "acd")


def test_the_same_batch_again_takes_no_more_room() -> None:
    memory = FirstPasses()
    for _ in range(5):
        memory.remember(["a", "b"], latents(1, 2), Traces())
    assert len(memory) == 2


def test_lower_limits_take_effect_at_once() -> None:
    memory = FirstPasses()
    memory.remember(["a", "b", "c"], latents(1, 2, 3), Traces())
    memory.limit(1, 1000)
    assert len(memory) == 1
    memory.clear()
    assert memory.size == 0
