"""What is one key: equal digests for equal values only, and a sentence for what has none."""

from __future__ import annotations

import collections
import dataclasses
import enum
import functools
import io
import itertools
import logging
import math
import pathlib
import threading
import types
import weakref
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.properties import examples

pytest.importorskip("torch", reason="torch is not installed; `python tests` brings it and runs these")

import torch

from hires_strategies.running.fingerprint import digest
from hires_strategies.running.no_key import NoKey

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


class Layers(enum.Flag):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Unit:
    """Arguments of another extension."""

    weight: float
    image: np.ndarray | None = None
    held: Any = None


class Plain:
    """An object without a data class's help, whose class has data, too."""

    shared: ClassVar[Any] = 1
    log = logging.getLogger("test")

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def method(self, *_args: Any, **_named: Any) -> Any:
        return self.value

    def other(self) -> Any:
        return self.value

    @property
    def twice(self) -> Any:
        return self.value * 2


class Other(Plain):
    pass


class Changed(Plain):
    shared = 2


class Slotted:
    __slots__ = ("__hidden", "value")

    def __init__(self, value: Any, hidden: Any) -> None:
        self.value, self.__hidden = value, hidden


class Titled(list):
    """A list that is more than what it holds, as the host's SdConditioning."""

    def __init__(self, values: list[int], negative: bool) -> None:
        super().__init__(values)
        self.negative = negative


class Word(str):
    language = None


class Local(threading.local):
    pass


class Buffer(io.BytesIO):
    pass


class Counting(itertools.count):
    pass


def word(text: str, language: str) -> Word:
    made = Word(text)
    made.language = language  # type: ignore[assignment]
    return made


def holds_itself(value: Any, depth: int = 1) -> Plain:
    outer = inner = Plain(value)
    for _ in range(depth):
        inner.next = Plain(value)  # type: ignore[attr-defined]
        inner = inner.next  # type: ignore[attr-defined]
    inner.next = outer  # type: ignore[attr-defined]
    return outer


def masked(mask: list[bool]) -> Any:
    return np.ma.MaskedArray([1, 2], mask)


def with_palette(colour: int) -> Image.Image:
    image = Image.new("P", (2, 2))
    image.putpalette([colour] * 768)
    return image


def transparent(index: int) -> Image.Image:
    image = Image.new("P", (2, 2))
    image.info["transparency"] = index
    return image


def closing_over(value: int) -> Any:
    return lambda: value


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


def as_objects(value: Any) -> Any:
    """The same with an object in place of every list, of as many classes as there are lengths."""
    if isinstance(value, list):
        if len(value) == 3:
            return Unit(*map(as_objects, value))
        return Plain([as_objects(each) for each in value])
    if isinstance(value, dict):
        return {key: as_objects(each) for key, each in value.items()}
    return value


@given(PLAIN, PLAIN)
@settings(max_examples=examples(500))
def test_digests_are_equal_for_equal_values_only(one: Any, other: Any) -> None:
    if exact(one) == exact(other) or one == other == 0.0:
        return
    assert digest(one) != digest(other)
    assert digest(as_objects(one)) != digest(as_objects(other))


@given(PLAIN)
def test_a_copy_has_the_same_digest(value: Any) -> None:
    def copied(each: Any) -> Any:
        if isinstance(each, list):
            return tuple(copied(item) for item in each)  # the API gives lists where the page gives tuples
        if isinstance(each, dict):
            return {key: copied(item) for key, item in each.items()}
        return each

    assert digest(copied(value)) == digest(value)
    assert digest(as_objects(value)) == digest(as_objects(value))


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
        (1j, 2j),
        (range(3), range(4)),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({1, 2}, {1, 3}),
        (collections.deque([1], 2), collections.deque([1], 3)),
        (collections.defaultdict(list), collections.defaultdict(set)),
        (types.SimpleNamespace(a=1), types.SimpleNamespace(a=2)),
        (0.1 + 0.2, 0.3),
        (Colour.RED, Colour.BLUE),
        (Colour.RED, Shade.RED),
        (Layers.LOW, Layers.LOW | Layers.HIGH),
        (pathlib.PurePosixPath("a"), "a"),
        (pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a")),
        (torch.zeros(4), torch.zeros(2, 2)),
        (torch.zeros(2), torch.zeros(2, dtype=torch.float64)),
        (torch.zeros(2), -torch.zeros(2)),
        (torch.tensor([1j]), torch.tensor([1j]).conj()),
        (np.zeros(4), np.zeros((2, 2))),
        (np.zeros(2, np.int32), np.zeros(2, np.float32)),
        (np.zeros(2, ">i4"), np.zeros(2, "<i4")),
        (np.zeros(2, [("a", "i4")]), np.zeros(2, [("b", "i4")])),
        (np.array([1, "a"], object), np.array([1, "b"], object)),
        (masked([False, True]), masked([True, False])),
        (np.zeros(4), torch.zeros(4, dtype=torch.float64)),
        (Unit(1), Unit(2)),
        (Unit(1, np.zeros((8, 8))), Unit(1, np.eye(8))),
        (Unit(1, held=Unit(1, np.zeros(2))), Unit(1, held=Unit(1, np.ones(2)))),
        (Unit(1, held=[Plain(Colour.RED)]), Unit(1, held=[Plain(Colour.BLUE)])),
        (Plain(1), Plain(2)),
        (Plain(1), Other(1)),
        (Slotted(1, 2), Slotted(2, 2)),
        (Slotted(1, 2), Slotted(1, 3)),
        (Titled([1], False), Titled([1], True)),
        (Titled([1], False), [1]),
        (word("a", "en"), word("a", "de")),
        (word("a", "en"), "a"),
        (Image.new("L", (2, 3)), Image.new("L", (3, 2))),
        (Image.new("RGB", (2, 2), "red"), Image.new("RGB", (2, 2), "blue")),
        (with_palette(1), with_palette(2)),
        (transparent(1), transparent(2)),
        (torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)),
        (torch.device("cpu"), torch.device("cuda")),
        (Plain(1).method, Plain(1).other),
        (Plain(1).method, Plain(2).method),
        (Plain(1).method, Plain.method),
        ([1].append, [2].append),
        (functools.partial(digest, 1), functools.partial(digest, 2)),
        (functools.partial(digest, name="a"), functools.partial(digest, name="b")),
        (functools.partial(digest, [True]), functools.partial(masked, [True])),
        (functools.partial(Plain(1).method), functools.partial(Plain(2).method)),
        (print, len),
        (int, float),
        (holds_itself(1), holds_itself(2)),
        (holds_itself(1, 1), holds_itself(1, 2)),
    ],
)
def test_what_differs_has_another_digest(one: Any, other: Any) -> None:
    assert digest(one) == digest(one)
    assert digest(one) != digest(other)


@pytest.mark.parametrize("kind", ["dataclass", "plain object", "slots", "itself", "partial"])
def test_what_is_built_anew_has_the_same_digest(kind: str) -> None:
    def made() -> Any:
        held = {"image": np.eye(3), "mask": torch.ones(2), "mode": Colour.RED, "picture": Image.new("RGB", (2, 2))}
        return {
            "dataclass": lambda: Unit(1, np.eye(3), Plain(held).method),
            "plain object": lambda: [Plain(held), Plain(pathlib.PurePosixPath("a"))],
            "slots": lambda: Slotted(held, Unit(1)),
            "itself": lambda: holds_itself(held, 3),
            "partial": lambda: functools.partial(Plain(held).method, Unit(2), a=Colour.BLUE),
        }[kind]()

    assert digest(made()) == digest(made())


def test_the_order_of_attributes_does_not_count() -> None:
    one, other = Plain(1), Plain.__new__(Plain)
    one.first, one.second = 1, 2  # type: ignore[attr-defined]
    other.second, other.first, other.value = 2, 1, 1  # type: ignore[attr-defined]
    assert digest(one) == digest(other)


def test_data_of_a_class_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(Other(1))
    monkeypatch.setattr(Plain, "shared", [2])
    assert digest(Other(1)) != before


@pytest.mark.parametrize("private", [1, 2])
def test_models_of_pydantic(private: int) -> None:
    pydantic: Any = pytest.importorskip("pydantic", exc_type=ImportError)

    class Model(pydantic.BaseModel):
        model_config: ClassVar[dict[str, Any]] = {"arbitrary_types_allowed": True}
        enabled: bool = True
        image: Any = None
        mode: Colour = Colour.RED
        _hidden: int = pydantic.PrivateAttr(default=1)

    def model(hidden: int = private, **fields: Any) -> Any:
        made = Model(**fields)
        made._hidden = hidden
        return made

    assert digest(model()) == digest(model())
    assert digest(model(image=np.eye(2))) == digest(model(image=np.eye(2)))
    different = [
        model(enabled=False),
        model(image=np.eye(2)),
        model(mode=Colour.BLUE),
        model(hidden=3),
    ]
    assert len({digest(each) for each in [model(), *different]}) == 5


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
    [
        object(),
        lambda: 1,
        closing_over(1),
        np.array([object()]),
        {"deep": [object()]},
        Unit(1, held=object()),
        Plain(lambda: 1),
        Plain(closing_over(1)).method,
        functools.partial(closing_over(1)),
        iter([1]),
        (each for each in [1]),
        {1: 2}.keys(),
        threading.Lock(),
        weakref.ref(Unit),
        torch.nn.Linear(1, 1),
        torch.zeros(2).to_sparse(),
        torch.zeros(2, device="meta"),
        # What these keep besides their attributes cannot be seen.
        Local(),
        Buffer(b"a"),
        Counting(3),
        ValueError("a"),
    ],
)
def test_what_cannot_be_compared_has_no_digest(value: Any) -> None:
    with pytest.raises(NoKey):
        digest(value)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (iter([1]), "ControlNet's argument 1 is of the kind 'list_iterator', which cannot be compared."),
        (
            [Unit(1, held={"images": iter([1])})],
            "'1.held.images' of ControlNet's argument 1 is of the kind 'list_iterator', which cannot be compared.",
        ),
        (
            Plain(torch.nn.Linear(1, 1)),
            "'value' of ControlNet's argument 1 is a model (Linear), whose weights are not compared.",
        ),
        (list(range(30_000)), "ControlNet's argument 1 holds more than 20,000 values."),
    ],
)
def test_a_sentence_names_the_thing(value: Any, sentence: str) -> None:
    with pytest.raises(NoKey) as caught:
        digest(value, name="ControlNet's argument 1")
    assert str(caught.value) == sentence


def test_endless_nesting_has_no_digest() -> None:
    deep: list[Any] = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(NoKey, match="nested too deeply"):
        digest(deep)


def test_a_value_that_holds_itself_is_told_from_one_that_does_not() -> None:
    endless: list[Any] = []
    endless.append(endless)
    again: list[Any] = []
    again.append(again)
    assert digest(endless) == digest(again)
    assert digest(endless) not in {digest([]), digest([[]]), digest([[endless]])}


def test_a_known_object_is_its_name() -> None:
    one, other = Plain(lambda: 1), Plain(lambda: 2)
    keys = [
        digest([1, one], known={id(one): "p"}),
        digest([1, other], known={id(other): "p"}),
        digest([1, one], known={id(one): "q"}),
    ]
    assert keys[0] == keys[1] != keys[2]
    assert digest(one.method, known={id(one): "p"}) == digest(other.method, known={id(other): "p"})


def test_a_text_may_stand_for_more() -> None:
    def file_of(time: int) -> Any:
        return lambda text: time if text == "a.png" else None

    assert digest(["a.png"], of_text=file_of(1)) != digest(["a.png"], of_text=file_of(2))
    assert digest(["b.png"], of_text=file_of(1)) == digest(["b.png"])
