"""Hints of ControlNet as an extension of A1111 (Mikubill/sd-webui-controlnet, read and run at 1.1.455), tile by tile.

At each run of the model it takes the hint of which the height is nearer to what the model sees, that of Hires. fix if
both are as near. It knows by the hint's identity whether what it made of it (encoded) is still good.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from hires_strategies.running.tile_mean import Tile

_HINTS = ("hint_cond", "hr_hint_cond")  # in this order: setting the first one forgets what is used
_USED = ("used_hint_cond", "used_hint_cond_latent", "used_hint_inpaint_hijack")
_MASK = "effective_region_mask"


class HintsInTiles:
    """What was cut and encoded for each unit and tile is used again in the next step, and by further stages that the
    same units are prepared for: their tiles may lie elsewhere."""

    def __init__(self) -> None:
        self.encoded = False  # something was, which drew random numbers
        self._kept: dict[tuple[int, Tile], dict[str, Any]] = {}

    @contextmanager
    def cut(self, params: Sequence[Any], tile: Tile) -> Iterator[None]:
        """Within this the units, as the model calls see them, have the tile's part of each hint that is a picture."""
        names = (*_HINTS, *_USED, _MASK)
        before = [(param, {name: getattr(param, name) for name in names if hasattr(param, name)}) for param in params]
        try:
            for number, (param, whole) in enumerate(before):
                _put(param, self._kept.setdefault((number, tile), _of_tile(whole, tile)))
            yield
            for number, param in enumerate(params):
                self._keep(number, tile, param)
        finally:
            for param, whole in before:
                _put(param, whole)

    def _keep(self, number: int, tile: Tile, param: Any) -> None:
        kept = self._kept[number, tile]
        if kept:
            kept.update({name: getattr(param, name) for name in _USED if hasattr(param, name)})
            self.encoded = self.encoded or kept.get("used_hint_cond_latent") is not None


def _of_tile(whole: dict[str, Any], tile: Tile) -> dict[str, Any]:
    """Both hints are then the same one, so that their heights do not matter. Nothing for a hint that is no picture."""
    hires = whole.get("hr_hint_cond")
    hint = whole["hint_cond"] if hires is None else hires
    if not _is_picture(hint):
        return {}
    part = tile.of_picture(hint)
    cut = {"hint_cond": part, "hr_hint_cond": None if hires is None else part}
    if _is_picture(whole.get(_MASK)):
        cut[_MASK] = tile.of_picture(whole[_MASK])
    return cut


def _is_picture(hint: Any) -> bool:
    return isinstance(hint, torch.Tensor) and hint.ndim == 4


def _put(param: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(param, name, value)
