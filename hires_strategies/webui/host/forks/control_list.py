"""ControlNet as it hangs on the UNet's patcher of Forge, reForge, Classic and Neo: a linked list of networks.

The host calls the first one's `get_control` with all of the latents before it runs the model, which would need memory
for all of them and gives what fits no tile. Each network makes its hint as large as the latents that it is called with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from hires_strategies.running.tile_mean import Tile

_PICTURES = ("cond_hint_original", "advanced_mask_weighting")


class PerTile:
    """Stands at the head of the list, before `first`, and does nothing when the host calls it for the whole."""

    def __init__(self, first: Any) -> None:
        self.first = self.previous_controlnet = first
        self.transformer_options: dict[str, Any] = {}
        self._more: tuple[Any, ...] = ()  # what reForge gives besides

    def __getattr__(self, name: str) -> Any:
        if name == "first":
            raise AttributeError(name)
        return getattr(self.first, name)  # which models it needs, and how much memory

    def get_control(self, x: Any, t: Any, cond: Any, batched_number: int, *more: Any) -> None:
        self._more = more

    def pre_run(self, *_: Any) -> None:
        """The host calls each of the list."""

    cleanup = pre_run

    def seen_in(self, tile: Tile | None, x: Any, t: Any, c: dict[str, Any], batched_number: int) -> Any:
        """What the networks say of a tile, of which all hints and masks are cut meanwhile; None for whatever x is."""
        with _cut(self.first, tile) if tile is not None else nullcontext():
            return self.first.get_control(x, t, dict(c), batched_number, *self._more)

    def put(self, c: dict[str, Any], control: Any) -> None:
        """Where the host puts it for the model."""
        c["control"] = control
        if "control_model" in c:
            c["control_model"] = self.first


@contextmanager
def _cut(first: Any, tile: Tile) -> Iterator[None]:
    before: list[tuple[Any, str, torch.Tensor]] = []
    network = first
    while network is not None:
        for name in _PICTURES:
            picture = getattr(network, name, None)
            if isinstance(picture, torch.Tensor) and picture.ndim == 4:
                before.append((network, name, picture))
        network = network.previous_controlnet
    try:
        for network, name, picture in before:
            setattr(network, name, tile.of_picture(picture))
            network.cond_hint = None  # made of the one that was cut for another tile
        yield
    finally:
        for network, name, picture in before:
            setattr(network, name, picture)
            network.cond_hint = None
