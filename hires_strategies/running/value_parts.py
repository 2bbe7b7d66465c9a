"""Plain data as what a digest is made of: numbers, texts, enums, arrays, tensors, pictures, and collections."""

from __future__ import annotations

import logging
import math
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from pathlib import PurePath
from types import FunctionType, MappingProxyType, ModuleType, SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import torch
from PIL.Image import Image

from .no_key import Unkeyable

_BY_TEXT = (PurePath, torch.dtype, torch.device, Decimal, Fraction, UUID, complex, range, slice, date, time, timedelta)
_SUBCLASSED = (str, int, float)


@dataclass(frozen=True)
class Parts:
    """A value taken apart: `labels` say what it is, `held` are the values in it with the names of their places."""

    labels: tuple[bytes, ...]
    held: Sequence[tuple[str, Any]] = ()
    ordered: bool = True


def parts_of_value(value: Any) -> Parts | None:
    """None for what is no plain data. Raises Unkeyable for data that cannot be compared."""
    return _scalar(value) or _named(value) or _bulk(value) or _collection(value)


def name_of(kind: type | FunctionType) -> bytes:
    return f"{kind.__module__}.{kind.__qualname__}".encode()


def own_state(value: Any) -> list[tuple[str, Any]]:
    """The attributes of an object, by name, also those in slots."""
    found = dict(getattr(value, "__dict__", {}))
    for kind in type(value).__mro__:
        for slot in _slots(kind):
            if hasattr(value, slot):
                found[slot] = getattr(value, slot)
    return sorted(found.items(), key=lambda item: str(item[0]))


def slot_count(kind: type) -> int:
    return sum(len(_slots(each)) for each in kind.__mro__)


def _slots(kind: type) -> list[str]:
    """The names under which a class's own slots are read."""
    slots = vars(kind).get("__slots__", ())
    named = [slots] if isinstance(slots, str) else list(slots)
    private = f"_{kind.__name__.lstrip('_')}"
    return [
        private + slot if slot.startswith("__") and not slot.endswith("__") else slot
        for slot in named
        if slot not in ("__dict__", "__weakref__")
    ]


def _scalar(value: Any) -> Parts | None:
    if isinstance(value, np.generic) and type(value.item()) in (bool, int, float, str):
        value = value.item()
    kind = type(value)
    if value is None or value is Ellipsis or value is NotImplemented or kind is bool:
        return Parts((b"constant", repr(value).encode()))
    if kind is int:
        return Parts((b"number", repr(value).encode()))
    if kind is float:
        negative_zero = value == 0 and math.copysign(1, value) < 0
        whole = value.is_integer() and not negative_zero
        return Parts((b"number", repr(int(value) if whole else value).encode()))
    if kind is str:
        return Parts((b"text", value.encode("utf-8", "surrogatepass")))
    if kind in (bytes, bytearray):
        return Parts((b"bytes", bytes(value)))
    return None


def _named(value: Any) -> Parts | None:
    kind = type(value)
    if isinstance(value, Enum):
        return Parts((b"enum", name_of(kind), str(value.name).encode()), [("value", value.value)])
    if isinstance(value, re.Pattern):
        return Parts((b"pattern",), [("pattern", value.pattern), ("flags", value.flags)])
    if isinstance(value, ModuleType):
        return Parts((b"module", value.__name__.encode()))
    if isinstance(value, logging.Logger):
        return Parts((b"logger", value.name.encode()))
    if isinstance(value, _BY_TEXT) and not getattr(value, "__dict__", None):
        return Parts((b"named", name_of(kind), repr(value).encode()))
    for base in _SUBCLASSED:
        if isinstance(value, base):
            plain = getattr(base, f"__{base.__name__}__")(value)  # what it is without its class's own idea of it
            return Parts((b"subclass", name_of(kind)), [("value", plain), *own_state(value)])
    return None


def _bulk(value: Any) -> Parts | None:
    if isinstance(value, torch.nn.Module):
        raise Unkeyable(f"is a model ({type(value).__qualname__}), whose weights are not compared")
    if isinstance(value, torch.Generator):
        return Parts((b"generator", str(value.device).encode(), value.get_state().numpy().tobytes()))
    if isinstance(value, torch.Tensor):
        return _tensor(value)
    if isinstance(value, (np.ndarray, np.generic)):
        return _array(value)
    if isinstance(value, Image):
        return _picture(value)
    return None


def _tensor(value: torch.Tensor) -> Parts:
    if value.layout is not torch.strided or value.is_quantized or value.is_meta:
        raise Unkeyable(f"is a tensor of the kind {value.layout}, which cannot be compared")
    flat = value.detach().cpu().resolve_conj().resolve_neg().contiguous().reshape(-1)
    data = flat.view(torch.uint8).numpy().tobytes()
    own = () if type(value) in (torch.Tensor, torch.nn.Parameter) else [("class", type(value)), *own_state(value)]
    return Parts((b"tensor", str(value.dtype).encode(), repr(tuple(value.shape)).encode(), data), own)


def _array(value: Any) -> Parts:
    labels = (b"array", repr(value.dtype).encode(), repr(value.shape).encode())
    own: list[tuple[str, Any]] = []
    if isinstance(value, np.ma.MaskedArray):
        mask = np.broadcast_to(value.mask, value.shape)
        own = [("mask", mask), ("fill", value.fill_value)]  # its attributes change with its use
    elif isinstance(value, np.ndarray) and type(value) is not np.ndarray:
        own = [("class", name_of(type(value))), *own_state(value)]
    if value.dtype.hasobject:
        return Parts(labels, [*_numbered(np.asarray(value).ravel().tolist()), *own])
    return Parts((*labels, np.asarray(value).tobytes()), own)


def _picture(value: Image) -> Parts:
    try:
        data = value.tobytes()
    except (OSError, ValueError) as error:
        raise Unkeyable(f"is a picture that cannot be read ({error})") from None
    palette = (value.palette.mode, value.palette.tobytes()) if value.palette is not None else None
    return Parts(
        (b"picture", value.mode.encode(), repr(value.size).encode(), data),
        [("palette", palette), ("info", dict(value.info))],
    )


def _collection(value: Any) -> Parts | None:
    kind = type(value)
    held: list[tuple[str, Any]]
    if isinstance(value, (list, tuple)):
        label, held = b"sequence", _numbered(value)
    elif isinstance(value, (set, frozenset)):
        label, held = b"set", _numbered(value)
    elif isinstance(value, (dict, MappingProxyType)):
        label, held = b"mapping", [(str(key), each) for key, item in value.items() for each in (key, item)]
        if hasattr(value, "default_factory"):
            held.append(("default_factory", value.default_factory))
    elif isinstance(value, deque):
        label, held = b"deque", [("maxlen", value.maxlen), *_numbered(value)]
    elif kind is SimpleNamespace:
        label, held = b"namespace", own_state(value)
    else:
        return None
    if kind in (set, frozenset):
        return Parts((label,), held, ordered=False)
    if kind in (list, tuple, dict, MappingProxyType, deque, SimpleNamespace):
        return Parts((label,), held)
    # A subclass can mean more than the items it holds.
    if label == b"set":
        held = [("items", frozenset(value))]
    return Parts((label, b"subclass", name_of(kind)), [("length", len(value)), *held, *own_state(value)])


def _numbered(values: Any) -> list[tuple[str, Any]]:
    return [(str(number), each) for number, each in enumerate(values, 1)]
