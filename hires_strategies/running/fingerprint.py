"""Values -> a digest that is equal only if the values are equal throughout.

For keys where a wrong match would be worse than none: anything that cannot be compared raises NoKey.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from collections.abc import Iterable
from enum import Enum
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from PIL.Image import Image

_DEEPEST = 40


class NoKey(ValueError):
    """A value without a digest: a function, an object comparable only by identity, endless nesting."""


def digest(value: Any) -> str:
    """32 hex digits for plain data: numbers, texts, bytes, paths, enums, arrays, tensors, generators, pictures, data
    classes, and sequences, sets and mappings of them (in mappings, order counts). 7 and 7.0 are equal, 1 and True are
    not. Raises NoKey for anything else.
    """
    return _digest(value, 0).hex()


def _digest(value: Any, depth: int) -> bytes:
    if depth > _DEEPEST:
        raise NoKey("A value is nested too deeply, or holds itself.")
    found = _scalar(value)
    if found is None:
        found = _bulk(value)
    if found is None:
        found = _collection(value, depth)
    if found is None:
        raise NoKey(f"{_name(type(value))} cannot be compared.")
    return _hash(found)


def _hash(parts: Iterable[bytes]) -> bytes:
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        hasher.update(len(part).to_bytes(8, "little"))  # otherwise ("ab", "c") and ("a", "bc") would be equal
        hasher.update(part)
    return hasher.digest()


def _scalar(value: Any) -> list[bytes] | None:
    if isinstance(value, np.generic) and type(value.item()) in (bool, int, float, str):
        value = value.item()
    kind = type(value)
    if value is None or kind is bool:
        return [b"constant", repr(value).encode()]
    if kind is int:
        return [b"number", repr(value).encode()]
    if kind is float:
        negative_zero = value == 0 and math.copysign(1, value) < 0
        whole = value.is_integer() and not negative_zero
        return [b"number", repr(int(value) if whole else value).encode()]
    if kind is str:
        return [b"text", value.encode("utf-8", "surrogatepass")]
    if kind in (bytes, bytearray):
        return [b"bytes", bytes(value)]
    if isinstance(value, Enum):
        return [b"enum", _name(kind).encode(), value.name.encode()]
    if isinstance(value, (PurePath, torch.dtype, torch.device)):
        return [b"named", _name(kind).encode(), str(value).encode()]
    return None


def _bulk(value: Any) -> list[bytes] | None:
    if isinstance(value, torch.Generator):
        return [b"generator", str(value.device).encode(), value.get_state().numpy().tobytes()]
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_quantized:
            raise NoKey(f"A {value.layout} tensor cannot be compared.")
        data = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        return [b"tensor", str(value.dtype).encode(), repr(tuple(value.shape)).encode(), data]
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise NoKey("An array of objects cannot be compared.")
        return [b"array", value.dtype.str.encode(), repr(value.shape).encode(), value.tobytes()]
    if isinstance(value, Image):
        palette = value.getpalette() if value.mode in ("P", "PA") else None
        return [b"picture", value.mode.encode(), repr(value.size).encode(), value.tobytes(), repr(palette).encode()]
    return None


def _collection(value: Any, depth: int) -> list[bytes] | None:
    parts: list[bytes]
    if isinstance(value, (list, tuple)):
        parts = [b"sequence", *(_digest(each, depth + 1) for each in value)]
    elif isinstance(value, (set, frozenset)):
        parts = [b"set", *sorted(_digest(each, depth + 1) for each in value)]
    elif isinstance(value, dict):
        parts = [b"mapping", *(_digest(each, depth + 1) for item in value.items() for each in item)]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        parts = [b"data", *(_digest(each, depth + 1) for item in fields.items() for each in item)]
    else:
        return None
    if type(value) not in (list, tuple, set, frozenset, dict):
        # A subclass can mean more than the items it holds.
        own = getattr(value, "__dict__", {})
        parts += [_name(type(value)).encode(), *(_digest(each, depth + 1) for item in own.items() for each in item)]
    return parts


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
