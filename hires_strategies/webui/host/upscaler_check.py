"""Whether one of the host's pixel upscalers did anything: hosts catch load errors and fall back to a plain resize.

What loading draws from torch's generator counts as in Hires. fix, but not where the host loads a model once for many
pictures: there Hires. fix's first one is another than its next ones, and ours are as these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from modules import errors, shared
from PIL import Image

from hires_strategies.errors import StageFailed
from hires_strategies.wording import describe

from . import generator
from .forks.upscalers import holds_its_model, loads_once, place_of
from .processing import UpscalerEntry


@contextmanager
def checked(entry: UpscalerEntry) -> Iterator[None]:
    """A context in which an upscaler that returns its input raises StageFailed with the reason that the host swallowed.

    A model whose own scale is 1 may leave every pixel unchanged.
    """
    scaler: Any = entry.scaler
    if entry.name == "None" or scaler is None:
        yield
        return
    replaced: dict[str, Callable[..., Any]] = {name: _undrawn(getattr(scaler, name)) for name in loads_once(scaler)}
    check = _Check(entry, replaced.get("load_model") or getattr(scaler, "load_model", None))
    replaced["do_upscale"] = check.do_upscale
    if callable(getattr(scaler, "load_model", None)):
        replaced["load_model"] = check.load_model
    before = {name: vars(scaler)[name] for name in replaced if name in vars(scaler)}
    vars(scaler).update(replaced)
    try:
        yield
    finally:
        for name in replaced:
            del vars(scaler)[name]
        vars(scaler).update(before)


class _Check:
    """The two methods that replace the upscaler's own, and what they saw."""

    def __init__(self, entry: UpscalerEntry, load_model: Any) -> None:
        self.entry = entry
        assert entry.scaler is not None
        self.scaler = entry.scaler
        self.own_do_upscale = self.scaler.do_upscale
        self.own_load_model = load_model
        self.before_loading: Any = None  # the generators' states
        self.loaded: Any = None
        self.error: Exception | None = None

    def load_model(self, *args: Any, **kwargs: Any) -> Any:
        assert self.own_load_model is not None
        self.before_loading = generator.states()
        try:
            self.loaded = self.own_load_model(*args, **kwargs)
        except Exception as error:
            self.error = error
            raise
        return self.loaded

    def do_upscale(self, picture: Image.Image, *args: Any, **kwargs: Any) -> Image.Image:
        before = list(_reports())
        result: Image.Image = self.own_do_upscale(picture, *args, **kwargs)
        if self.before_loading is not None and holds_its_model(self.scaler):
            generator.restore(self.before_loading)
        self.before_loading = None
        if shared.state.interrupted or self._own_scale() == 1 or not _equal(result, picture):
            return result
        new = [report for report in _reports() if not any(report is known for known in before)]
        if new:  # the first is the cause; what `load_model` raises may be a mere consequence
            self.error = RuntimeError(new[0]["exception"])
        raise StageFailed(self._sentence())

    def _own_scale(self) -> Any:
        """The factor by which it enlarges in one go. The host's list only guesses it; a loaded model knows it.

        Plain resampling has no model and enlarges by the requested factor.
        """
        if self.entry.data_path is None:
            return self.scaler.scale
        return getattr(self.loaded, "scale", None) or self.entry.scale

    def _sentence(self) -> str:
        name = self.entry.name
        if self.error is None:
            return f"the upscaler '{name}' returned its input unchanged (the host's console says why)"
        where = place_of(self.entry)
        if where.startswith("http"):
            return f"the model of the upscaler '{name}' could not be downloaded from {where}: {describe(self.error)}"
        return f"the upscaler '{name}' could not load its model: {describe(self.error)}"


def _undrawn(load: Callable[..., Any]) -> Callable[..., Any]:
    """Loads, and leaves torch's generator where it was: a picture would depend on whether one was made before."""

    def loaded(*args: Any, **kwargs: Any) -> Any:
        before = generator.states()
        try:
            return load(*args, **kwargs)
        finally:
            generator.restore(before)

    return loaded


def _equal(one: Image.Image, other: Image.Image) -> bool:
    if one.size != other.size:
        return False
    return one is other or np.array_equal(np.asarray(one.convert("RGB")), np.asarray(other.convert("RGB")))


def _reports() -> list[Any]:
    """The errors that the host printed last, if it keeps them."""
    return errors.exception_records
