"""Values -> a digest that is equal only if the values are equal throughout.

For keys where a wrong match would be worse than none: anything that cannot be compared raises NoKey.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .no_key import NoKey, Unkeyable
from .object_parts import parts_of_object
from .value_parts import Parts, parts_of_value

_DEEPEST = 40
_MOST = 20_000  # values in one: more would take longer to compare than is gained


def digest(
    value: Any,
    *,
    name: str = "A value",
    known: Mapping[int, str] | None = None,
    of_text: Callable[[str], Any] | None = None,
) -> str:
    """32 hex digits for a value: numbers, texts, bytes, paths, enums, arrays, tensors, generators, pictures, functions
    that can be imported, and sequences, sets, mappings and plain objects of them (in mappings, order counts). 7 and 7.0
    are equal, 1 and True are not. An object is what its attributes and its class's are; it may hold itself.

    `known`: names of objects by their id, which stand for them. `of_text`: what a text stands for besides itself, None
    for nothing. Raises NoKey, which calls the value by `name`, for anything else.
    """
    try:
        return _Walk(known or {}, of_text).digest(value).hex()
    except Unkeyable as error:
        raise NoKey(error.sentence(name)) from None


class _Walk:
    """The way through one value."""

    def __init__(self, known: Mapping[int, str], of_text: Callable[[str], Any] | None) -> None:
        self._known = known
        self._of_text = of_text
        self._open: list[int] = []  # the ids of the values that the current one is a part of, the whole first
        self._count = 0

    def digest(self, value: Any) -> bytes:
        if id(value) in self._known:
            return _hash([b"known", self._known[id(value)].encode()])
        parts = parts_of_value(value) or parts_of_object(value)
        if parts is None:
            raise Unkeyable(f"is of the kind '{type(value).__qualname__}', which cannot be compared")
        self._count += 1
        if self._count > _MOST:
            raise Unkeyable(f"holds more than {_MOST:,} values", whole=True)
        if type(value) is str and self._of_text is not None and (meant := self._of_text(value)) is not None:
            parts = Parts((b"text that stands for more", *parts.labels), [(value, meant)])
        return self._with_parts(value, parts) if parts.held else _hash(parts.labels)

    def _with_parts(self, value: Any, parts: Parts) -> bytes:
        if id(value) in self._open:  # it holds itself
            return _hash([b"again", str(len(self._open) - self._open.index(id(value))).encode()])
        if len(self._open) >= _DEEPEST:
            raise Unkeyable("is nested too deeply", whole=True)
        self._open.append(id(value))
        held = [self._part(name, part) for name, part in parts.held]
        self._open.pop()
        return _hash([*parts.labels, *(held if parts.ordered else sorted(held))])

    def _part(self, name: str, part: Any) -> bytes:
        try:
            return self.digest(part)
        except Unkeyable as error:
            error.within(name)
            raise


def _hash(parts: Iterable[bytes]) -> bytes:
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))  # otherwise ("ab", "c") and ("a", "bc") would be equal
        hasher.update(part)
    return hasher.digest()
