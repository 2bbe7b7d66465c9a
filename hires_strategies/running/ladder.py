"""What did not fit into memory is tried again with less, rung by rung.

First the images of the batch one by one; then the autoencoder in tiles, or the sampling, which then gives another
picture and is therefore told as another stage. A stage that fails on its last rung fails, and what was finished before
it is kept.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import replace
from statistics import fmean
from typing import Any, Protocol, TypeVar

import numpy as np
from PIL.Image import Image

from hires_strategies.finding.change import Ends
from hires_strategies.planning.memory_needs import (
    ALONE,
    DECODED,
    ENCODED,
    TILED,
    WHOLE,
    Known,
    Work,
    highest,
    measuring_of,
    sampling_of,
)
from hires_strategies.planning.plan import FirstPass, Node
from hires_strategies.planning.sought import Found, Sought
from hires_strategies.planning.tiling import at_once, autoencoder_in_tiles, cut_into_tiles, everywhere

from .host import BeginInTiles, Host, Latents, Sampled, SearchStart
from .one_by_one import one_by_one
from .out_of_memory import is_out_of_memory

T = TypeVar("T")
Ways = dict[int, Callable[[], T]]  # by rung, from the one that needs most memory


class Needs(Protocol):
    """What this machine is known to need with the loaded model."""

    def known(self, work: Work) -> Known | None:
        """What is known of such work; None to try it as it is."""

    def learn(self, work: Work, rung: int) -> None:
        """Such work was done on this rung and did not fit on those before."""

    def fitted(self, work: Work, rung: int) -> None:
        """Such work was done on this rung, whatever is known of it."""


class NothingKnown:
    """Needs of a machine that always tries anew."""

    def known(self, work: Work) -> Known | None:
        return None

    def learn(self, work: Work, rung: int) -> None: ...

    def fitted(self, work: Work, rung: int) -> None: ...


class Ladder:
    """A Host whose verbs that need much memory go down the ladder; all else is the host's own. `tries`: whether they
    do; else what fits is known afterwards all the same."""

    def __init__(self, host: Host, first_pass: FirstPass, needs: Needs | None = None, *, tries: bool = True) -> None:
        self._host = host
        self._tries = tries
        self._first_pass = first_pass
        self._needs = needs or NothingKnown()
        self._node: Node | None = None
        self._used: str | None = None  # the checkpoint that the stage works with
        self._ran: Node | None = None
        self._cut: Node | None = None  # a stage that begins again, in tiles
        self._learnt: set[Work] = set()
        self._each: list[Sampled] = []  # of images that were sampled one by one

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def next_job(self, node: Node, text: str) -> None:
        self._node = node
        self._host.next_job(node, text)

    def use_model(self, checkpoint: str | None) -> None:
        self._used = checkpoint
        self._host.use_model(checkpoint)

    def decode(self, latents: Latents, tiled: bool = False) -> list[Image]:
        def alone(tiled: bool) -> list[Image]:
            parts = (self._host.decode(one, tiled) for one in _each(latents))
            return [image for images in parts for image in images]

        factor = self._first_pass.size_rules.factor
        size = (latents.shape[-1] * factor, latents.shape[-2] * factor)
        ways: Ways[list[Image]] = {WHOLE: lambda: self._host.decode(latents, tiled), ALONE: lambda: alone(tiled)}
        if not tiled:
            ways[TILED] = lambda: alone(True)
        return self._down(Work(DECODED, at_once(size, tiled, factor), len(latents)), ways)[0]

    def encode(self, images: list[Image], tiled: bool = False) -> Latents:
        def alone(tiled: bool) -> Latents:
            return self._host.joined([self._host.encode([image], tiled) for image in images])

        ways: Ways[Latents] = {WHOLE: lambda: self._host.encode(images, tiled), ALONE: lambda: alone(tiled)}
        if not tiled:
            ways[TILED] = lambda: alone(True)
        size = at_once(images[0].size, tiled, self._first_pass.size_rules.factor)
        return self._down(Work(ENCODED, size, len(images)), ways)[0]

    def sample(self, latents: Latents, images: list[Image] | None, node: Node, alone: int | None = None) -> Latents:
        def each(node: Node) -> Latents:
            own = [None] * len(latents) if images is None else [[image] for image in images]
            pairs = list(zip(_each(latents), own, strict=True))

            def one(index: int, which: int | None) -> Latents:
                return self._host.sample(*pairs[index], node, alone if which is None else which)

            return self._one_by_one(len(pairs), one)

        tiled = cut_into_tiles(node, self._first_pass)
        again = tiled is not None and images is not None and autoencoder_in_tiles(tiled)
        ways: Ways[Latents] = {
            WHOLE: lambda: self._host.sample(latents, images, node, alone),
            ALONE: lambda: each(node),
        }
        if tiled is not None:
            ways[TILED] = lambda: None if again else each(tiled)
        made, rung = self._sampled(node, len(latents), ways)
        if rung == TILED and tiled is not None and again:
            self._cut = tiled
            raise BeginInTiles(tiled)
        self._ran = tiled if rung == TILED else node if node is self._cut else None
        return made

    def direct(self, node: Node, alone: int | None = None) -> Latents:
        """Not in tiles: each would draw the whole picture."""
        images = self._host.batch_size() if alone is None else 1

        def each() -> Latents:
            return self._one_by_one(images, lambda _, which: self._host.direct(node, which))

        return self._sampled(node, images, {WHOLE: lambda: self._host.direct(node, alone), ALONE: each})[0]

    def find_strength(self, start: SearchStart, node: Node, sought: Sought) -> Found:
        """Of all images together, as their mean decides, and on all of the picture."""
        whole = everywhere(node, self._first_pass)
        return self._measured(start, whole, lambda each: self._host.find_strength(start, each, sought))

    def layout_ends(self, start: SearchStart, node: Node) -> Ends:
        return self._measured(start, node, lambda each: self._host.layout_ends(start, each))

    def moved(self, start: SearchStart, node: Node, alone: int | None = None) -> Any:
        """In the stage's tiles as it is; each image by itself needs no more than its sampling will."""
        images = len(start.latents)

        def each() -> Any:
            parts = [
                self._host.moved(_of_one(start, index), node, which)
                for index, which in one_by_one(self._host, images, self._used)
            ]
            return np.concatenate(parts)

        ways = {WHOLE: lambda: self._host.moved(start, node, alone), ALONE: each}
        return self._down(measuring_of(node, images), ways)[0]

    def last_sampling(self) -> Sampled:
        """Of images that were sampled one by one, what was kept of the layout is the mean, as of a batch."""
        each = self._each or [self._host.last_sampling()]
        kept = [one.layout_kept for one in each if one.layout_kept is not None]
        return replace(each[-1], layout_kept=fmean(kept) if kept else None, ran=self._ran)

    def _one_by_one(self, images: int, sample: Callable[[int, int | None], Latents]) -> Latents:
        """What `sample` makes of each image, with the stage's own model."""
        made = []
        self._each = []
        for index, alone in one_by_one(self._host, images, self._used):
            made.append(sample(index, alone))
            self._each.append(self._host.last_sampling())
        return self._host.joined(made)

    def _sampled(self, node: Node, images: int, ways: Ways[Latents]) -> tuple[Latents, int]:
        self._ran, self._each = None, []
        return self._down(sampling_of(node, images), ways)

    def _measured(self, start: SearchStart, node: Node, measure: Callable[[Node], T]) -> T:
        tiled = cut_into_tiles(node, self._first_pass)
        ways: Ways[T] = {WHOLE: lambda: measure(node)}
        if tiled is not None:
            ways[TILED] = lambda: measure(tiled)  # single predictions, which no refiner ends
        return self._down(measuring_of(node, len(start.latents)), ways)[0]

    def _down(self, work: Work, ways: Ways[T]) -> tuple[T, int]:
        """What the first of the `ways` that fits gives, from the known one on, and its rung."""
        left = [rung for rung in ways if rung != ALONE or work.images > 1]  # a single image is alone anyway
        left = left if self._tries else left[:1]
        known = self._needs.known(work)
        rung = begun = highest(known, left)
        state = self._host.generator_state()
        while True:
            try:
                made = ways[rung]()
                break
            except Exception as error:
                following = next((other for other in left if other > rung), None)
                if following is None or not is_out_of_memory(error) or self._host.stopped():
                    raise
            # Only out here is the error gone, and with its traceback what held the memory.
            rung = following
            gc.collect()
            self._host.release()
            self._host.restore_generator(state)
        if rung != begun:
            self._needs.learn(work, rung)
            self._learnt.add(work)
        elif known is not None and rung < known.rung and known.rung in ways and not self._host.stopped():
            self._needs.fitted(work, rung)
        if rung != begun or (work in self._learnt and rung != WHOLE):
            self._say(work.sentence(rung))
        elif known is not None and rung != WHOLE:
            self._say(known.sentence(work, rung, past=True))
        return made, rung

    def _say(self, sentence: str) -> None:
        self._host.say(sentence)
        if self._node is not None:
            self._host.note(self._node, sentence)


def _each(latents: Latents) -> list[Latents]:
    return [latents[index : index + 1] for index in range(len(latents))]


def _of_one(start: SearchStart, index: int) -> SearchStart:
    only = slice(index, index + 1)
    return SearchStart(start.latents[only], start.images and start.images[only], start.before[only])
