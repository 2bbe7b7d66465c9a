"""Brace expansion against a reference that never parses: it expands the tree that the text was written from."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import prod

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hires_strategies.errors import StrategyError
from hires_strategies.notation.braces import expand
from hires_strategies.notation.source import Source

LIMIT = 64

# A tree is ("text", str), ("range", from, to, by in tenths) or ("braces", [sequence, ...]).
# A sequence is a list of trees.
_literals = st.one_of(st.text("ab x@", max_size=4), st.sampled_from(['"{a,b}"', '"\\"}"', '"..,"']))
_literal_trees = _literals.map(lambda text: ("text", text))
_ranges = st.tuples(st.just("range"), st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 20))


def _braces(trees: st.SearchStrategy) -> st.SearchStrategy:
    sequences = st.lists(trees, max_size=3)
    return st.lists(sequences, min_size=1, max_size=4).map(lambda parts: ("braces", parts))


_sequences = st.lists(st.recursive(st.one_of(_literal_trees, _ranges), _braces, max_leaves=12), max_size=4)


def _tenths(number: int) -> str:
    sign = "-" if number < 0 else ""
    whole, tenth = divmod(abs(number), 10)
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"


def _write(tree) -> str:
    if tree[0] == "text":
        return tree[1]
    if tree[0] == "range":
        return f"{{{_tenths(tree[1])}..{_tenths(tree[2])}..{_tenths(tree[3])}}}"
    return "{" + ",".join("".join(map(_write, part)) for part in tree[1]) + "}"


def _texts(tree) -> list[str]:
    if tree[0] == "text":
        return [tree[1]]
    if tree[0] == "range":
        _, first, last, by = tree
        values = range(first, last + 1, by) if first <= last else range(first, last - 1, -by)
        return [_tenths(value) for value in values]
    return [text for part in tree[1] for text in _sequence_texts(part)]


def _sequence_texts(sequence) -> list[str]:
    return ["".join(choice) for choice in product(*map(_texts, sequence))]


def _count(sequence) -> int:
    """How many texts a sequence stands for; they may be too many to write down."""
    return prod(_tree_count(tree) for tree in sequence)


def _tree_count(tree) -> int:
    if tree[0] == "braces":
        return sum(_count(part) for part in tree[1])
    return len(_texts(tree))


def _has_empty_braces(tree) -> bool:
    if tree[0] != "braces":
        return False
    inside = ",".join("".join(map(_write, part)) for part in tree[1])
    return not inside.strip() or any(_has_empty_braces(inner) for part in tree[1] for inner in part)


@given(_sequences)
def test_expansion_equals_the_reference(sequence) -> None:
    assume(not any(map(_has_empty_braces, sequence)))
    text = "".join(map(_write, sequence))
    if _count(sequence) <= LIMIT:
        wanted = _sequence_texts(sequence)
        assert [found.text for found in expand(Source.of(text), LIMIT)] == wanted
    else:
        with pytest.raises(StrategyError, match="more than 64 variants"):
            expand(Source.of(text), LIMIT)


@given(_sequences)
def test_every_character_knows_its_column(sequence) -> None:
    assume(not any(map(_has_empty_braces, sequence)) and _count(sequence) <= LIMIT)
    text = "".join(map(_write, sequence))
    for found in expand(Source.of(text), LIMIT):
        for character, column in zip(found.text, found.columns, strict=True):
            # A number out of a range has the column of the range's brace.
            assert text[column - 1] in (character, "{")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{0.4..0.9..0.1}", ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9"]),
        ("{.4..0.6..0.1}", ["0.4", "0.5", "0.6"]),
        ("{0.9..0.7..0.1}", ["0.9", "0.8", "0.7"]),
        ("{0.9..0.7..-0.1}", ["0.9", "0.8", "0.7"]),
        ("{1..3}", ["1", "2", "3"]),
        ("{ 1 .. 3 .. 2 }", ["1", "3"]),
        ("{0.5..0.5}", ["0.5"]),
        ("{0.10..0.30..0.10}", ["0.1", "0.2", "0.3"]),
        ("{1,2..3}", ["1", "2..3"]),
        ("{0.5,{0.7..0.9..0.1}}", ["0.5", "0.7", "0.8", "0.9"]),
        ("a{b,c}{1,2}", ["ab1", "ab2", "ac1", "ac2"]),
        ("{a,}", ["a", ""]),
        ("", [""]),
    ],
)
def test_examples(text: str, wanted: list[str]) -> None:
    assert [found.text for found in expand(Source.of(text), LIMIT)] == wanted


@given(st.decimals(-100, 100, places=12), st.decimals("0.000000000001", 10, places=12), st.integers(0, LIMIT - 1))
def test_ranges_are_exact(first: Decimal, by: Decimal, count: int) -> None:
    text = f"{{{first:f}..{first + by * count:f}..{by:f}}}"
    found = [Decimal(part.text) for part in expand(Source.of(text), LIMIT)]
    assert found == [first + by * index for index in range(count + 1)]


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("a{b", "This '{' has no '}' after it.", 2),
        ("a}b", "This '}' has no '{' before it.", 2),
        ("{a,{b}", "This '{' has no '}' after it.", 1),
        ("ab{ }", "There is nothing between these braces", 3),
        ("{0..1..0}", "A range with a step of 0 never ends", 1),
        ("{a,{0..1..0}}", "A range with a step of 0 never ends", 4),
        ("x{0.5..}", "is no range", 2),
        ("{0..100}", "more than 64 variants", 1),
        ('a"{', "This quotation mark has no second one.", 2),
        ("{" * 40 + "a" + "}" * 40, "nested", 1),
    ],
)
def test_errors(text: str, message: str, column: int) -> None:
    with pytest.raises(StrategyError, match=message.replace("{", r"\{").replace(".", r"\.")) as caught:
        expand(Source.of(text), LIMIT)
    assert caught.value.column == column


def test_millions_of_variants_cost_nothing() -> None:
    with pytest.raises(StrategyError, match="more than 64 variants"):
        expand(Source.of("{0..1..0.0000000001}" * 50), LIMIT)
