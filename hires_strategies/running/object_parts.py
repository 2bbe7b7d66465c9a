"""Objects and functions as what a digest is made of.

An object is its class's name, its attributes and the data that its class holds. Only a class written in Python is known
to keep nothing else. A function is its name and code, where it can be found again under that name.
"""

from __future__ import annotations

import functools
import sys
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from .no_key import Unkeyable
from .value_parts import Parts, name_of, own_state, slot_count

_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE, set for every class made by a class statement
_POINTER = tuple.__itemsize__
_MADE_BY_ABC = "_abc_impl"


def parts_of_object(value: Any) -> Parts | None:
    """None for what is only itself. Raises Unkeyable for a function that cannot be compared."""
    if isinstance(value, functools.partial):
        held = [("func", value.func), ("args", value.args), ("keywords", value.keywords), *own_state(value)]
        return Parts((b"partial", name_of(type(value))), held)
    if isinstance(value, MethodType):
        return Parts((b"method", *_function(value.__func__, type(value.__self__))), [("self", value.__self__)])
    if isinstance(value, FunctionType):
        return Parts((b"function", *_function(value)), [("attributes", vars(value))])
    if isinstance(value, BuiltinFunctionType):
        owner = value.__self__
        alone = owner is None or isinstance(owner, ModuleType)
        name = f"{value.__module__}.{value.__qualname__}".encode()
        return Parts((b"builtin", name), [] if alone else [("self", owner)])
    if isinstance(value, type):
        return Parts((b"class", name_of(value))) if _found(value) is value else None
    kind = type(value)
    if not _keeps_nothing_else(kind):
        return None
    return Parts((b"object", name_of(kind)), [*own_state(value), *_of_class(kind)])


def _function(function: Any, owner: type | None = None) -> tuple[bytes, ...]:
    """A function's name and code. `owner`: the class of the object that it is bound to."""
    if not isinstance(function, FunctionType):
        raise Unkeyable(f"is a {type(function).__qualname__}, which cannot be compared")
    own = (each for kind in (owner.__mro__ if owner else ()) for each in vars(kind).values())
    if function.__closure__ and not _is_super_alone(function):
        raise Unkeyable(f"is the function {function.__qualname__}, which holds values of its own")
    found = _found(function)
    if getattr(found, "__func__", found) is not function and not any(each is function for each in own):
        raise Unkeyable(f"is the function {function.__qualname__}, which has no name by which it can be found again")
    defaults = function.__defaults__, function.__kwdefaults__
    return name_of(function), *_code(function.__code__), repr(defaults).encode() if _short(defaults) else b""


def _is_super_alone(function: FunctionType) -> bool:
    """Whether all that a method closes over is its class, for super()."""
    return function.__code__.co_freevars == ("__class__",)


def _short(defaults: Any) -> bool:
    plain = (str, int, float, bool, type(None))
    return all(type(each) in plain for each in [*(defaults[0] or ()), *(defaults[1] or {}).values()])


def _code(code: CodeType) -> list[bytes]:
    found = [code.co_code, repr((code.co_names, code.co_varnames)).encode()]
    for const in code.co_consts:
        found += _code(const) if isinstance(const, CodeType) else [repr(const).encode()]
    return found


def _found(named: Any) -> Any:
    """What stands under the name that a class or function gives for itself. (The WebUI's scripts are in no module that
    could be looked up; a function knows its own.)"""
    first, *others = named.__qualname__.split(".")
    module = vars(sys.modules[named.__module__]) if named.__module__ in sys.modules else {}
    found: Any = getattr(named, "__globals__", module).get(first)
    for part in others:
        found = getattr(found, part, None)
    return found


def _keeps_nothing_else(kind: type) -> bool:
    """Whether all that an object of a class keeps is in its attributes: no base of it is written in C."""
    bases = kind.__mro__[:-1]
    if not bases or not all(base.__flags__ & _HEAP_TYPE for base in bases) or kind.__itemsize__:
        return False
    room = object.__basicsize__ + _POINTER * (slot_count(kind) + 2)  # for __dict__ and __weakref__
    return kind.__basicsize__ <= room


def _of_class(kind: type) -> list[tuple[str, Any]]:
    """The data that the class and its bases hold themselves: neither functions nor what Python adds."""
    return [
        (f"{base.__qualname__}.{name}", value)
        for base in kind.__mro__[:-1]
        for name, value in sorted(vars(base).items())
        if not (name.startswith("__") and name.endswith("__"))
        and name != _MADE_BY_ABC
        and not callable(value)
        and not hasattr(type(value), "__get__")
    ]
