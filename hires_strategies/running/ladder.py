"""What did not fit into memory is tried again with less, rung by rung.

First the images of the batch one by one; then the autoencoder in tiles, or the sampling, which then gives another
picture and is therefore told as another stage. A stage that fails on its last rung fails, and what was finished before
it is kept.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

from PIL.Image import Image

from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.tiling import cut_into_tiles

from .host import Host, Latents, Sampled
from .out_of_memory import is_out_of_memory

T = TypeVar("T")
WHOLE, ALONE, TILED = range(3)  # the rungs of each verb, from the one that needs most memory
DECODED, ENCODED, SAMPLED = "decoded", "encoded", "sampled"
_HOW = {ALONE: "one image after the other", TILED: "in tiles"}


@dataclass(frozen=True)
class Work:
    """What may not fit: what is done, to pictures of which width and height in pixels, and to how many at once."""

    done: str
    size: tuple[int, int]
    images: int

    def sentence(self, rung: int) -> str:
        """How it was done instead."""
        width, height = self.size
        count = "" if self.images == 1 else f"{self.images} images of "
        return f"{count}{width}x{height} did not fit into memory and were {self.done} {_HOW[rung]}."


class Needs(Protocol):
    """What this machine is known to need with the loaded model."""

    def rung(self, work: Work) -> int:
        """The rung to begin with: WHOLE where nothing is known."""

    def learn(self, work: Work, rung: int) -> None:
        """Such work was done on this rung and did not fit on those before."""


class NothingKnown:
    """Needs of a machine that always tries anew."""

    def rung(self, work: Work) -> int:
        return WHOLE

    def learn(self, work: Work, rung: int) -> None: ...


class Ladder:
    """A Host whose `decode`, `encode`, `sample` and `direct` go down the ladder; all else is the host's own."""

    def __init__(self, host: Host, first_pass: FirstPass, needs: Needs | None = None) -> None:
        self._host = host
        self._first_pass = first_pass
        self._needs = needs or NothingKnown()
        self._node: Node | None = None
        self._ran: Node | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def next_job(self, node: Node, text: str) -> None:
        self._node = node
        self._host.next_job(node, text)

    def decode(self, latents: Latents, tiled: bool = False) -> list[Image]:
        def alone(tiled: bool) -> list[Image]:
            parts = (self._host.decode(one, tiled) for one in _each(latents))
            return [image for images in parts for image in images]

        factor = self._first_pass.size_rules.factor
        work = Work(DECODED, (latents.shape[-1] * factor, latents.shape[-2] * factor), len(latents))
        return self._down(work, [lambda: self._host.decode(latents), lambda: alone(False), lambda: alone(True)])

    def encode(self, images: list[Image], tiled: bool = False) -> Latents:
        def alone(tiled: bool) -> Latents:
            return self._host.joined([self._host.encode([image], tiled) for image in images])

        work = Work(ENCODED, images[0].size, len(images))
        return self._down(work, [lambda: self._host.encode(images), lambda: alone(False), lambda: alone(True)])

    def sample(self, latents: Latents, images: list[Image] | None, node: Node, alone: int | None = None) -> Latents:
        def each(node: Node) -> Latents:
            own = [images and [images[index]] for index in range(len(latents))]
            parts = enumerate(zip(_each(latents), own, strict=True))
            return self._host.joined([self._host.sample(one, image, node, index) for index, (one, image) in parts])

        tiled = cut_into_tiles(node, self._first_pass)
        ways = [lambda: self._host.sample(latents, images, node), lambda: each(node)]
        if tiled is not None:
            ways.append(lambda: each(tiled))
        return self._sampled(node, len(latents), ways, tiled)

    def direct(self, node: Node, alone: int | None = None) -> Latents:
        """Not in tiles: each would draw the whole picture."""
        images = self._host.batch_size()

        def each() -> Latents:
            return self._host.joined([self._host.direct(node, index) for index in range(images)])

        return self._sampled(node, images, [lambda: self._host.direct(node), each], None)

    def last_sampling(self) -> Sampled:
        return replace(self._host.last_sampling(), ran=self._ran)

    def _sampled(self, node: Node, images: int, ways: list[Callable[[], Latents]], tiled: Node | None) -> Latents:
        self._ran = None
        made, rung = self._down_to(Work(SAMPLED, (node.width, node.height), images), ways)
        self._ran = tiled if rung == TILED else None
        return made

    def _down(self, work: Work, ways: list[Callable[[], T]]) -> T:
        return self._down_to(work, ways)[0]

    def _down_to(self, work: Work, ways: list[Callable[[], T]]) -> tuple[T, int]:
        """What the first of the `ways` (one for each rung) that fits gives, from the known one on, and its rung."""
        rung = _possible(min(self._needs.rung(work), len(ways) - 1), work)
        state = self._host.generator_state()
        while True:
            try:
                made = ways[rung]()
                break
            except Exception as error:
                following = _possible(rung + 1, work)
                if following >= len(ways) or not is_out_of_memory(error) or self._host.stopped():
                    raise
            # Only out here is the error gone, and with its traceback what held the memory.
            rung = following
            gc.collect()
            self._host.release()
            self._host.restore_generator(state)
        if rung != WHOLE:
            self._needs.learn(work, rung)
            if self._node is not None:
                self._host.note(self._node, work.sentence(rung))
        return made, rung


def _possible(rung: int, work: Work) -> int:
    """A single image is alone anyway."""
    return TILED if rung == ALONE and work.images == 1 else rung


def _each(latents: Latents) -> list[Latents]:
    return [latents[index : index + 1] for index in range(len(latents))]
