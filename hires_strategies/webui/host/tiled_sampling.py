"""A stage that is sampled in tiles (running.tile_mean), by one object around its own sampler's model.

Of the size of the whole are the latents, the mean and its weights; what goes through the model is no larger than the
tiles that it sees at once.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import partial
from typing import Any, Protocol

import torch
from modules import devices, sd_samplers_common

from hires_strategies.errors import StageFailed
from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.tiles import Tiles
from hires_strategies.running.tile_mean import Tile, TileMean, by_rows, cut

from . import attachments, kept_places, progress
from .conditioning import in_size
from .control import Control
from .forks.inner_model import Run, stand_around
from .processing import Processing
from .state import state as host_state
from .tile_progress import TileProgress


class OfBatch(Protocol):
    """What the sampling of a batch's stages needs to know of it, as ModelVerbs has it."""

    p: Processing
    control: Control
    first_pass: FirstPass

    def note(self, node: Node, sentence: str) -> None: ...


def over(batch: OfBatch, q: Processing, node: Node, start: torch.Tensor) -> AbstractContextManager[None]:
    """For the length of a `with`, and again of each further one, the sampler of `q` samples a stage from the latents
    `start` in the stage's tiles, if it has some.

    Raises StageFailed if the latents have another size, and where the sampler did not run the model as it should.
    """
    if node.tiles is None:
        return nullcontext()
    mean = TileMean(node.tiles, _at_once(batch, node.tiles, len(start)), devices.torch_gc)
    return _Tiled(batch, q, node, mean, start)


def _at_once(batch: OfBatch, tiles: Tiles, images: int) -> int:
    """As many tiles as have no more pixels than the first pass, which fitted. If nobody sampled it here, one."""
    given = (attachments.ORIGINAL, attachments.OF_FOLDER)
    if any(attachments.held(batch.p, name, object) for name in given):
        return 1
    first, factor = batch.first_pass, batch.first_pass.size_rules.factor
    pixels = first.width * first.height * len(batch.p.seeds)
    return max(pixels // (tiles.width * tiles.height * factor**2 * images), 1)


class _Tiled(AbstractContextManager[None]):
    """One sampling. The host's InterruptedException ends it where the user asks for it between two tiles."""

    def __init__(self, batch: OfBatch, q: Processing, node: Node, mean: TileMean, start: torch.Tensor) -> None:
        if not mean.covers(start):
            found, planned = (f"{width}x{height}" for height, width in (start.shape[-2:], (mean.height, mean.width)))
            raise StageFailed(f"it has tiles for {planned} latents, and starts from {found}")
        self._q, self._mean, self._control = q, mean, batch.control
        self._node, self._start = node, start
        self._note = partial(batch.note, node)
        self._factor = batch.first_pass.size_rules.factor

    def __enter__(self) -> None:
        tile = self._mean.tiles[0]
        self._evaluations: set[int] = set()
        with ExitStack() as stack:
            stack.enter_context(kept_places.over(self._q, self._node, self._start, self._note))
            self._progress = TileProgress(self._q.sampler, len(self._mean.tiles))
            stack.callback(self._progress.close)
            most = (self._mean.at_once, tile.height, tile.width)
            stack.enter_context(in_size(self._q, tile.width * self._factor, tile.height * self._factor))
            stack.enter_context(stand_around(self._q, self._predicted, most))
            self._left = stack.pop_all()

    def __exit__(self, kind: Any, *error: Any) -> None:
        self._left.__exit__(kind, *error)
        if kind is None and progress.stopped() is None and not self._ran_throughout():
            raise StageFailed("its sampler ran the model otherwise than in tiles")

    def _step(self) -> int:
        return int(getattr(getattr(self._q.sampler, "model_wrap_cfg", None), "step", 0))

    def _ran_throughout(self) -> bool:
        """The host's CFGDenoiser counts its evaluations. There may be none: DDIM has no use for its last timestep."""
        return len(self._evaluations) >= self._step()

    def _predicted(self, run: Run, x: torch.Tensor, t: torch.Tensor, given: Any, several: bool) -> torch.Tensor:
        """What the model predicts for x, B,C,...,h,w, at times t, B."""
        mean = self._mean
        if not mean.covers(x):  # another extension's run of its own
            return run(x, t, given, [])
        self._evaluations.add(self._step())
        several = several and self._control.several_tiles() and by_rows((t, given), len(x))
        step = host_state().sampling_step

        def predict(tiles: list[Tile]) -> torch.Tensor:
            if progress.stopped():
                raise sd_samplers_common.InterruptedException
            self._progress.tiles(tiles[0].number, tiles[-1].number, step)
            x_in, t_in, given_in = cut((x, t, given), tiles, x)
            with nullcontext() if several else self._control.in_tile(tiles[0]):
                return run(x_in, t_in, given_in, tiles)

        try:
            return mean.of(x, predict, len(mean.tiles) if several else 1)
        finally:
            self._progress.ran(step)
