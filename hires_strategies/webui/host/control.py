"""What a stage's sampling needs of an extension that guides it: see neighbours.controlnet, which makes it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from PIL.Image import Image

from hires_strategies.planning.plan import Node
from hires_strategies.running.tile_mean import Tile

from .processing import Processing


class Control(Protocol):
    """Another extension's guidance for the stages of one batch. `close` leaves it as the first pass had it."""

    notes: dict[int, tuple[str, ...]]  # what there is to say of a stage, by its id in the plan

    def before_stage(self, q: Processing, node: Node, pictures: Callable[[], list[Image]] | None) -> None:
        """Prepare the guidance for a stage that is about to run on `q`, a copy of `p`.

        `pictures` gives those the stage starts from, None if it starts from noise. Torch's generator stays as it is.
        """

    def marked(self, c: Any, uc: Any) -> tuple[Any, Any]:
        """The stage's conditioning in the form that the guidance needs; what is given stays as it is."""

    def in_tile(self, tile: Tile) -> AbstractContextManager[None]:
        """Within this, what guides the model is that of a tile, the only one that it then sees."""

    def several_tiles(self) -> bool:
        """Whether the model may see several tiles in one run, without `in_tile`."""

    def rewind(self) -> bool:
        """Set torch's generator to where the first pass left it, if the guidance drew from it then; else False."""

    def close(self) -> None: ...
