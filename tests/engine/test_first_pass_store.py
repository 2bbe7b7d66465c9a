"""Remembered first passes: what is one key, what a batch gets back, and how much is kept."""

from __future__ import annotations

import dataclasses
import enum
import math
import pathlib
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.properties import examples

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.running.fingerprint import NoKey, digest
from hires_strategies.running.first_pass_store import FirstPasses, Traces

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Shade(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Unit:
    """Arguments of another extension, as ControlNet keeps them."""

    weight: float
    image: np.ndarray | None = None


UNKNOWN_UNIT = Unit(1, cast(Any, object()))


class Titled(list):
    """A list that is more than what it holds, as the host's SdConditioning."""

    def __init__(self, values: list[int], negative: bool) -> None:
        super().__init__(values)
        self.negative = negative


def exact(value: Any) -> Any:
    """A value so that == means all that a digest has to tell apart."""
    if isinstance(value, float) and value.is_integer() and math.copysign(1, value) > 0:
        return ("number", int(value))
    if isinstance(value, float):
        return ("number", repr(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return ("number", value)
    if isinstance(value, list):
        return ("list", [exact(each) for each in value])
    if isinstance(value, dict):
        return ("dict", [(exact(key), exact(each)) for key, each in value.items()])
    return (type(value).__name__, value)


@given(PLAIN, PLAIN)
@settings(max_examples=examples(500))
def test_digests_are_equal_for_equal_values_only(one: Any, other: Any) -> None:
    if exact(one) == exact(other) or one == other == 0.0:
        return
    assert digest(one) != digest(other)


@given(PLAIN)
def test_a_copy_has_the_same_digest(value: Any) -> None:
    def copied(each: Any) -> Any:
        if isinstance(each, list):
            return tuple(copied(item) for item in each)  # the API gives lists where the page gives tuples
        if isinstance(each, dict):
            return {key: copied(item) for key, item in each.items()}
        return each

    assert digest(copied(value)) == digest(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        ((1, (2, 3)), ((1, 2), 3)),
        ([], [[]]),
        (1, True),
        (0, None),
        (1, "1"),
        ("a", b"a"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (0.1 + 0.2, 0.3),
        (Colour.RED, Colour.BLUE),
        (Colour.RED, Shade.RED),
        (pathlib.PurePosixPath("a"), "a"),
        (torch.zeros(4), torch.zeros(2, 2)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (torch.zeros(2), -torch.zeros(2)),
        (np.zeros(4), np.zeros((2, 2))),
        (np.zeros(2, np.int32), np.zeros(2, np.float32)),
        (np.zeros(4), torch.zeros(4, dtype=torch.float64)),
        (Unit(1), Unit(2)),
        (Unit(1, np.zeros((8, 8))), Unit(1, np.eye(8))),
        (Titled([1], False), Titled([1], True)),
        (Titled([1], False), [1]),
        (Image.new("L", (2, 3)), Image.new("L", (3, 2))),
        (Image.new("RGB", (2, 2), "red"), Image.new("RGB", (2, 2), "blue")),
        (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
        (torch.device("cpu"), torch.device("cuda")),
    ],
)
def test_what_differs_has_another_digest(one: Any, other: Any) -> None:
    assert digest(one) == digest(one)
    assert digest(one) != digest(other)


def test_a_generator_that_was_used_has_another_digest() -> None:
    generator = torch.Generator().manual_seed(1)
    before = digest(generator)
    torch.randn(1, generator=generator)
    assert digest(generator) != before


def test_equal_numbers_are_one_number() -> None:
    assert digest(7) == digest(7.0) == digest(np.float64(7)) == digest(np.int32(7))


def test_a_view_of_a_tensor_is_what_it_shows() -> None:
    whole = torch.arange(12).reshape(3, 4)
    assert digest(whole.T) == digest(whole.T.clone())
    assert digest(whole[1]) == digest(torch.arange(4, 8))


@pytest.mark.parametrize(
    "value",
    [object(), print, lambda: 1, int, np.array([object()]), {"deep": [object()]}, UNKNOWN_UNIT, iter([1])],
)
def test_what_cannot_be_compared_has_no_digest(value: Any) -> None:
    with pytest.raises(NoKey):
        digest(value)


def test_a_list_that_holds_itself_has_no_digest() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(NoKey):
        digest(endless)


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
    memory.remember(["a"], latents(wrong), Traces())
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
