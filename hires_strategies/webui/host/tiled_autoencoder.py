"""The loaded model's autoencoder piece by piece, with the memory of one tile.

Tiles overlap and are blended linearly. A group norm would take its statistics from each tile alone, and colours would
step from tile to tile: they are measured once, on the whole picture at the size of a tile, and hold for all tiles.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import get_ident
from typing import Any

import torch

from hires_strategies.planning.tiles import AUTOENCODER_SIDE, Tiles, tiles_of

from .forks.autoencoder import always_tiled, halves

_LEAST = 16  # of a smaller picture's tiles
_PART = 4  # of a side, by which tiles overlap


@contextmanager
def in_tiles(tiled: bool) -> Iterator[None]:
    """For the length of a `with`, the autoencoder encodes and decodes in tiles, by the host's own way where it has one.

    Everything around its two networks stays the host's: precision, the check for NaNs, the noise of an encode, and the
    approximations that a setting may have put in its place.
    """
    if not tiled:
        yield
        return
    with always_tiled() as hosts_own, ExitStack() as replaced:
        for network, decodes in [] if hosts_own else halves():
            network.forward = _InTiles(network, decodes)
            replaced.callback(vars(network).pop, "forward")
        yield


class _InTiles:
    """A network's `forward`, tile by tile. `decodes`: it takes latents, else pictures."""

    def __init__(self, network: torch.nn.Module, decodes: bool) -> None:
        self.network = network
        self.forward: Callable[..., torch.Tensor] = network.forward
        self.decodes = decodes
        self._thread = get_ident()

    def __call__(self, x: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if x.ndim != 4 or get_ident() != self._thread:  # latents with frames; a live preview
            return self.forward(x, *args, **kwargs)

        def run(part: torch.Tensor) -> torch.Tensor:
            return self.forward(part, *args, **kwargs)

        unit = 1 if self.decodes else self._pixels_of_latent()
        rows, columns = (side // unit for side in x.shape[-2:])
        x = x[..., : rows * unit, : columns * unit]
        side = min(AUTOENCODER_SIDE, max(_LEAST, -(-max(rows, columns) // 2)))
        tiles = tiles_of((columns, rows), side, side // _PART, 1)
        if len(tiles) == 1:
            return run(x)
        with _Norms(self.network) as norms:
            run(_smaller(x, tiles, unit))
            norms.hold()
            return _blended(x, run, tiles, unit)

    def _pixels_of_latent(self) -> int:
        """How much an encoder reduces, by its layers of stride 2."""
        strides = (getattr(module, "stride", 1) for module in self.network.modules())
        return int(2 ** sum(stride in (2, (2, 2)) for stride in strides))


class _Norms:
    """The group norms of a network: first they are measured, then what was measured holds. A context."""

    def __init__(self, network: torch.nn.Module) -> None:
        self._norms = [module for module in network.modules() if isinstance(module, torch.nn.GroupNorm)]
        self._measured: dict[torch.nn.Module, tuple[torch.Tensor, torch.Tensor]] = {}
        self._holds = False
        self._thread = get_ident()
        self._hooks: list[Any] = []

    def __enter__(self) -> _Norms:
        self._hooks = [norm.register_forward_hook(self._seen) for norm in self._norms]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._measured.clear()

    def hold(self) -> None:
        """From now on the statistics are those that were measured."""
        self._holds = True

    def _seen(self, norm: Any, inputs: Sequence[torch.Tensor], output: torch.Tensor) -> torch.Tensor | None:
        x = inputs[0]
        if get_ident() != self._thread:
            return None
        if not self._holds:
            self._measured[norm] = _scale_and_shift(norm, x)
            return None
        if norm not in self._measured:
            return None
        scale, shift = self._measured[norm]
        return torch.addcmul(shift, x.float(), scale).to(output.dtype)


def _scale_and_shift(norm: torch.nn.GroupNorm, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """What a group norm multiplies each channel of `x` by and adds to it; B,C and as many 1 as `x` has sides."""
    variance, mean = torch.var_mean(x.float().reshape(len(x), norm.num_groups, -1), dim=-1, correction=0)
    each = x.shape[1] // norm.num_groups
    scale = (variance + norm.eps).rsqrt().repeat_interleave(each, dim=1)
    shift = -mean.repeat_interleave(each, dim=1) * scale
    if norm.weight is not None and norm.bias is not None:
        scale, shift = scale * norm.weight.float(), shift * norm.weight.float() + norm.bias.float()
    sides = (1,) * (x.ndim - 2)
    return scale.reshape(*scale.shape, *sides), shift.reshape(*shift.shape, *sides)


def _smaller(x: torch.Tensor, tiles: Tiles, unit: int) -> torch.Tensor:
    """The whole with about as many pixels as a tile has, or latents, which `unit` pixels a side make one of.

    Means of neighbouring latents would be none that a picture has: some of them are left out instead. Means of pixels
    are smooth where they are grain, so each colour has the mean and the spread of the whole again.
    """
    rows, columns = (side // unit for side in x.shape[-2:])
    part = math.sqrt(tiles.width * tiles.height / (rows * columns))
    size = (max(int(rows * part), 1) * unit, max(int(columns * part), 1) * unit)
    if unit == 1:
        return torch.nn.functional.interpolate(x, size=size, mode="nearest-exact")
    smooth = torch.nn.functional.interpolate(x, size=size, mode="area").float()
    spread, mean = torch.std_mean(x.float(), dim=(-2, -1), keepdim=True, correction=0)
    less, middle = torch.std_mean(smooth, dim=(-2, -1), keepdim=True, correction=0)
    return ((smooth - middle) * (spread / less.clamp(min=1e-6)) + mean).to(x.dtype)


def _blended(x: torch.Tensor, run: Callable[[torch.Tensor], torch.Tensor], tiles: Tiles, unit: int) -> torch.Tensor:
    whole = weight = torch.empty(0)
    made, scale = whole, 1.0
    for left, top in tiles:
        height, width = tiles.height * unit, tiles.width * unit
        made = run(x[..., top * unit : top * unit + height, left * unit : left * unit + width])
        if not whole.numel():
            scale = made.shape[-1] / tiles.width
            sides = [round(side // unit * scale) for side in x.shape[-2:]]
            whole = made.new_zeros((*made.shape[:2], *sides), dtype=torch.float32)
            weight = made.new_zeros(sides, dtype=torch.float32)
        counts = _ramp(made.shape[-2], made)[:, None] * _ramp(made.shape[-1], made)
        y, z = round(top * scale), round(left * scale)
        place = (..., slice(y, y + made.shape[-2]), slice(z, z + made.shape[-1]))
        whole[place] += made.float() * counts
        weight[place] += counts
    return (whole / weight).to(made.dtype)


def _ramp(length: int, like: torch.Tensor) -> torch.Tensor:
    """How much each row of a tile counts: from its edges inwards linearly more, as far as tiles overlap."""
    places = torch.arange(length, device=like.device, dtype=torch.float32)
    inwards = torch.minimum(places + 1, length - places)
    return inwards.clamp(max=max(length // _PART, 1))
