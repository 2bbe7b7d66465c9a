"""Denoising strengths that were found before, as start sigmas in a small JSON file: a sigma carries over to other
schedules and sizes, a strength does not.
"""

from __future__ import annotations

import json
import math
import statistics
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.json_file import write_json
from hires_strategies.limits import MAX_SIGMA
from hires_strategies.notation.json_schema import is_text
from hires_strategies.planning.sought import Found, Points, Sought
from hires_strategies.wording import short

from .change import ACCEPTED

REMEMBERED = 5  # the last values for each, whose median counts
_MOST_ENTRIES = 200
_SAME_SIZE, _ENLARGED, _FAR = "same size", "enlarged", "enlarged far"
_SAME_UP_TO, _ENLARGED_UP_TO = 1.2, 4  # times as long as before; measured alike: 1.5 to 3

_writing = threading.Lock()


@dataclass(frozen=True)
class Key:
    """What an entry holds for. `scale` is a class of scales, `control` the text of a stage's own ControlNet units."""

    checkpoint: str | None
    upscaler: str
    scale: str
    cfg: float | None = None
    distilled_cfg: float | None = None
    control: str | None = None

    @classmethod
    def of(cls, sought: Sought) -> Key:
        scale = _FAR if sought.scale > _ENLARGED_UP_TO else _SAME_SIZE if sought.scale < _SAME_UP_TO else _ENLARGED
        return cls(**{**asdict(sought), "scale": scale})


@dataclass(frozen=True)
class Entry:
    """The last start sigmas that were found, or the one that the user chose; `points` of the last search.

    `accepted`: the change of the layout that they were found for, None for one that was chosen.
    """

    key: Key
    sigmas: tuple[float, ...]
    accepted: float | None = None
    points: Points = ()

    @property
    def sigma(self) -> float:
        return statistics.median(self.sigmas)

    def counts(self, accepted: float) -> bool:
        """Whether it holds where so much change of the layout is accepted; what was found for another does not."""
        return self.accepted in (None, accepted)


class Remembered:
    """The JSON file at `path`, which need not exist yet. Every method rereads it.

    A damaged file counts as empty, and so does an entry that makes no sense: whatever it held will be found again.
    Writing raises StrategyError if it cannot be done, or if a file that is there cannot be read just now.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def entries(self) -> list[Entry]:
        """All entries, the newest last."""
        return self._read()[0]

    def sigma(self, sought: Sought) -> float | None:
        """The start sigma remembered for it, None if it is to be found.

        One that was found for another change of the layout than the one accepted now does not count.
        """
        return self.lookup()(sought, False)

    def lookup(self) -> Callable[[Sought, bool], float | None]:
        """The same for many, from one look into the file, at the first question. For planning.start.Starts."""

        @cache
        def known() -> dict[Key, float]:
            entries, accepted = self._read()
            return {entry.key: entry.sigma for entry in entries if entry.counts(_one(accepted))}

        return lambda sought, anew: None if anew else known().get(Key.of(sought))

    def points(self, sought: Sought) -> Points:
        """Start sigmas and changes of the layout of the last search for it; none if there was none."""
        return next((entry.points for entry in self.entries() if entry.key == Key.of(sought)), ())

    def learn(self, sought: Sought, found: Found, accepted_then: float | None = None) -> None:
        """Remember what a search found for the change that was accepted then, by default the one that is accepted now.
        What the user chose stays."""
        with _writing:
            entries, accepted = self._to_change()
            key, then = Key.of(sought), _one(accepted) if accepted_then is None else accepted_then
            before = next((entry for entry in entries if entry.key == key), None)
            if before is not None and before.accepted is None:
                new = replace(before, points=found.points)
            else:
                sigmas = before.sigmas if before is not None and before.accepted == then else ()
                new = Entry(key, (*sigmas, found.sigma)[-REMEMBERED:], then, found.points)
            self._write([*(entry for entry in entries if entry.key != key), new], accepted)

    def choose(self, key: Key, sigma: float) -> None:
        """Remember a start sigma that the user chose, until it is forgotten."""
        with _writing:
            entries, accepted = self._to_change()
            self._write(_chosen(entries, key, sigma), accepted)

    def forget(self, key: Key) -> None:
        with _writing:
            entries, accepted = self._to_change()
            self._write([entry for entry in entries if entry.key != key], accepted)

    def forget_all(self) -> None:
        """All entries; the change that is accepted stays."""
        with _writing:
            self._write([], self._to_change()[1])

    def accepted(self) -> float:
        """The change of the layout that is accepted: the median of what the user taught last, else the usual one."""
        return _one(self._read()[1])

    def taught(self) -> int:
        """From how many pictures of the user that is."""
        return len(self._read()[1])

    def teach(self, sought: Sought, sigma: float, change: float) -> None:
        """The user likes a picture that started at `sigma`, where the layout had changed by `change`, 0 to 1."""
        with _writing:
            entries, accepted = self._to_change()
            self._write(_chosen(entries, Key.of(sought), sigma), (*accepted, change)[-REMEMBERED:])

    def forget_accepted(self) -> None:
        """Accept the usual change again."""
        with _writing:
            self._write(self._to_change()[0], ())

    def _read(self) -> tuple[list[Entry], tuple[float, ...]]:
        try:
            return self._to_change()
        except StrategyError:
            return [], ()

    def _to_change(self) -> tuple[list[Entry], tuple[float, ...]]:
        """The same, to be written again: raises StrategyError for a file that cannot be read just now, lest what it
        holds is lost."""
        try:
            body = json.loads(self.path.read_text(encoding="utf-8-sig"))
        except (FileNotFoundError, ValueError, RecursionError):
            return [], ()
        except OSError as error:
            raise StrategyError(f"'{self.path}' cannot be read: {error}.") from None
        if not isinstance(body, Mapping):
            return [], ()
        many, accepted = body.get("found"), body.get("accepted")
        entries = [entry for one in (many if isinstance(many, list) else ()) if (entry := _entry(one)) is not None]
        changes = tuple(one for one in (accepted if isinstance(accepted, list) else ()) if _is_change(one))
        return entries, changes[-REMEMBERED:]

    def _write(self, entries: list[Entry], accepted: tuple[float, ...]) -> None:
        write_json(self.path, {"found": [asdict(entry) for entry in entries[-_MOST_ENTRIES:]], "accepted": accepted})


def _chosen(entries: list[Entry], key: Key, sigma: float) -> list[Entry]:
    """The entries with a start sigma that the user chose. Raises StrategyError for what is none."""
    if not _is_sigma(sigma):
        raise StrategyError(f"A start sigma is a number above 0 and at most {MAX_SIGMA}, found {short(sigma)}.")
    points = next((entry.points for entry in entries if entry.key == key), ())
    return [*(entry for entry in entries if entry.key != key), Entry(key, (sigma,), None, points)]


def _one(accepted: tuple[float, ...]) -> float:
    return statistics.median(accepted) if accepted else ACCEPTED


def _entry(one: Any) -> Entry | None:
    """An entry as the file has it; None if it makes no sense. Points that make none are left out."""
    try:
        entry = Entry(Key(**one["key"]), tuple(one["sigmas"]), one["accepted"], _points(one.get("points")))
    except (AttributeError, KeyError, TypeError):
        return None
    fits = entry.sigmas and all(map(_is_sigma, entry.sigmas)) and (entry.accepted is None or _is_change(entry.accepted))
    return entry if _is_key(entry.key) and fits else None


def _points(many: Any) -> Points:
    """Start sigmas, rising, infinite for noise alone, and changes; all of them or none."""
    if not isinstance(many, list) or not all(isinstance(each, list) and len(each) == 2 for each in many):
        return ()
    sigmas = [sigma for sigma, _ in many]
    fit = all((_is_sigma(sigma) or sigma == math.inf) and _is_change(change) for sigma, change in many)
    rise = fit and all(one < other for one, other in zip(sigmas, sigmas[1:]))
    return tuple((float(sigma), float(change)) for sigma, change in many) if rise else ()


def _is_key(key: Key) -> bool:
    are_names = all(name is None or _is_name(name) for name in (key.checkpoint, key.control))
    are_numbers = all(scale is None or _is_number(scale) for scale in (key.cfg, key.distilled_cfg))
    return _is_name(key.upscaler) and are_names and are_numbers and key.scale in (_SAME_SIZE, _ENLARGED, _FAR)


def _is_name(value: Any) -> bool:
    """A text that can be written again."""
    return is_text(value)


def _is_sigma(value: Any) -> bool:
    return _is_number(value) and 0 < value <= MAX_SIGMA


def _is_change(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= 1


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < math.inf
