"""What did not fit into this machine's memory, and how it was done instead, kept in a small JSON file.

A larger picture or batch needs at least what a smaller one needed. An entry is believed for a week, until the user asks
to try again, or until such work is done with more: memory may have been bought, or freed by closing what else was
running.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hires_strategies.json_file import read_object, write_json

from .plan import Node

WHOLE, ALONE, TILED = range(3)  # the rungs, from the one that needs most memory
DECODED, ENCODED, SAMPLED, MEASURED = "decoded", "encoded", "sampled", "measured"
_HOW = {ALONE: "one image after the other", TILED: "in tiles"}
_DAYS = 7
_MOST_ENTRIES = 200
_KEY = re.compile(rf"(.*)\|({DECODED}|{ENCODED}|{SAMPLED}|{MEASURED})\|(\d{{1,6}})x(\d{{1,6}})\|(\d{{1,4}})", re.DOTALL)

_writing = threading.Lock()


@dataclass(frozen=True)
class Work:
    """What may not fit: what is done, to pictures of which width and height in pixels, and to how many at once."""

    done: str
    size: tuple[int, int]
    images: int

    @property
    def named(self) -> str:
        width, height = self.size
        return f"{width}x{height}" if self.images == 1 else f"{self.images} images of {width}x{height}"

    def sentence(self, rung: int) -> str:
        """How it was done instead."""
        return f"{self.named} did not fit into memory and {'was' if self.images == 1 else 'were'} {self.how(rung)}."

    def how(self, rung: int) -> str:
        return f"{self.done} {_HOW[rung]}"


def sampling_of(node: Node, images: int) -> Work:
    """The sampling of a stage, of which the model sees no more at once than a tile."""
    size = (node.width, node.height)
    if node.tiles is not None and node.upscale is not None:
        size = (node.tiles.width * node.upscale.factor, node.tiles.height * node.upscale.factor)
    return Work(SAMPLED, size, images)


def measuring_of(node: Node, images: int) -> Work:
    """Single predictions for a stage, which see as much at once as its sampling."""
    return Work(MEASURED, sampling_of(node, images).size, images)


@dataclass(frozen=True)
class Known:
    """The rung that such work needed on a day, and all that is larger needs."""

    work: Work
    rung: int
    day: date

    def holds_for(self, work: Work) -> bool:
        """Work that one image alone was too much for needs tiles for any number of them; but all images are measured at
        once."""
        (width, height), (its_width, its_height) = work.size, self.work.size
        larger = width * height >= its_width * its_height
        alone = self.rung == TILED and work.done != MEASURED
        return work.done == self.work.done and larger and (alone or work.images >= self.work.images)

    def sentence(self, work: Work, rung: int, past: bool = False) -> str:
        """How the work is done because of it; `past`: how it was done."""
        verb = ("was" if work.images == 1 else "were") if past else "will be"
        who = ("it" if work.images == 1 else "they") if work == self.work else work.named
        fact = f"{self.work.named} did not fit into this machine's memory on {self.day.isoformat()}"
        return f"{fact}: {who} {verb} {work.how(rung)}."


class MemoryNeeds:
    """The JSON file at `path`, which need not exist yet; an unreadable one counts as empty.

    `model` gives the name of the loaded model's kind, the one that times are learnt by; `today` the day.
    """

    def __init__(self, path: str | Path, model: Callable[[], str], today: Callable[[], date] = date.today) -> None:
        self.path = Path(path)
        self._model = model
        self._today = today
        self._entries: list[tuple[str, Known]] | None = None  # as they were when they were first asked for

    def known(self, work: Work) -> Known | None:
        """What is known of such work with the loaded model that holds today; None to try it as it is."""
        if self._entries is None:
            self._entries = list(self._read())
        model = self._model()
        found = [known for name, known in self._entries if name == model and known.holds_for(work)]
        return max(found, key=lambda each: (each.rung, each.day), default=None)

    def learn(self, work: Work, rung: int) -> None:
        """Such work needed this rung today. Raises StrategyError if the file cannot be written."""
        new = self._model(), Known(work, rung, self._today())
        with _writing:
            self._write([*(each for each in self._read() if (each[0], each[1].work) != (new[0], work)), new])

    def fitted(self, work: Work, rung: int) -> None:
        """Such work was done on this rung: whatever says that it needs a later one is forgotten. Raises StrategyError
        if the file cannot be written."""
        known = self.known(work)
        if known is not None and known.rung > rung:
            self._forget(lambda each: each.holds_for(work) and each.rung > rung)

    def forget(self) -> int:
        """Try everything whole again with the loaded model; returns how much was known of it. Raises StrategyError if
        the file cannot be written."""
        return self._forget(lambda _: True)

    def _forget(self, is_wrong: Callable[[Known], bool]) -> int:
        model = self._model()
        with _writing:
            entries = list(self._read())
            kept = [(name, known) for name, known in entries if name != model or not is_wrong(known)]
            if len(kept) < len(entries):
                self._write(kept)
        return len(entries) - len(kept)

    def _write(self, entries: list[tuple[str, Known]]) -> None:
        self._entries = entries[-_MOST_ENTRIES:]
        write_json(self.path, {_key(*each): _value(each[1]) for each in self._entries})

    def _read(self) -> Iterator[tuple[str, Known]]:
        for key, value in read_object(self.path).items():
            entry = _entry(key, value)
            if entry is not None and abs((self._today() - entry[1].day).days) <= _DAYS:
                yield entry


def highest(known: Known | None, possible: list[int]) -> int:
    """The one of the `possible` rungs, in their order, that work begins on."""
    return max((rung for rung in possible if known is not None and rung <= known.rung), default=possible[0])


def _key(model: str, known: Known) -> str:
    (width, height), work = known.work.size, known.work
    return f"{model}|{work.done}|{width}x{height}|{work.images}"


def _value(known: Known) -> dict[str, str]:
    return {"was done": _HOW[known.rung], "on": known.day.isoformat()}


def _entry(key: str, value: Any) -> tuple[str, Known] | None:
    """The model and what is known of it; None for what makes no sense."""
    match = _KEY.fullmatch(key)
    rungs = [rung for rung, how in _HOW.items() if isinstance(value, dict) and value.get("was done") == how]
    if match is None or not rungs:
        return None
    try:
        day = date.fromisoformat(value.get("on"))
    except (TypeError, ValueError):
        return None
    model, done, width, height, images = match.groups()
    return model, Known(Work(done, (int(width), int(height)), int(images)), rungs[0], day)
