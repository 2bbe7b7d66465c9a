"""Runs pip and says in a few lines what it does: how many packages it has, what it fetches, how long it took.

Standard library only. The lines are the same on a terminal and in a log.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from queue import Empty, Queue
from threading import Thread
from typing import IO

EVERY = 10  # seconds between two lines while pip works
STILL = 30  # and while nothing has changed
_FETCHED = re.compile(r"(?:Downloading|Using cached) (?:\S+/)?([^\s/]+?)-(\d[^-\s]*)-\S+ \(([\d.]+) ([kMG])B\)")
_TAKEN = ("Collecting ", "Processing ", "Requirement already satisfied: ")
_WARNINGS = ("WARNING: ", "DEPRECATION: ", "[notice] ")
_MEGABYTES = {"k": 0.001, "M": 1.0, "G": 1000.0}


class Progress:
    """What pip has said so far. `packages`: how many were asked for; pip may find that it needs more."""

    def __init__(
        self, packages: int, say: Callable[[str], None] = print, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._packages, self._say, self._clock = packages, say, clock
        self._began = self._said = clock()
        self._taken, self._megabytes, self._now, self._last = 0, 0.0, "", ""

    def heard(self, line: str) -> None:
        """A line of pip's output."""
        line = line.strip()
        if line.startswith(_TAKEN):
            self._taken += 1
        if found := _FETCHED.match(line):
            name, version, size, unit = found.groups()
            self._megabytes += float(size) * _MEGABYTES[unit]
            self._now = f"; now {name} {version} ({size} {unit}B)"
        if line.startswith("Installing collected packages"):
            self._now = "; now unpacking them"
            self._tell()

    def tick(self) -> None:
        """Says how far it is, if it has not for a while."""
        if self._clock() - self._said >= (STILL if self._last == self._state() else EVERY):
            self._tell()

    def end(self) -> None:
        self._now = ""
        self._tell("done, ")

    def _tell(self, before: str = "") -> None:
        self._said, self._last = self._clock(), self._state()
        minutes, seconds = divmod(int(self._said - self._began), 60)
        self._say(f"    {minutes}:{seconds:02} {before}{self._last}")

    def _state(self) -> str:
        packages = f"{self._taken} of {max(self._packages, self._taken)} packages"
        size = f", {self._megabytes:.0f} MB" if self._megabytes else ""
        return packages + size + self._now


def run(command: Sequence[str], packages: int, *, tell_errors: bool = True) -> int:
    """Runs a pip command, whose output is told in short, and returns its exit status. Its errors are told as they are,
    or not at all; its warnings are not told."""
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace"
    )
    assert process.stdout is not None and process.stderr is not None
    lines: Queue[str | None] = Queue()
    readers = [
        Thread(target=_read, args=(process.stdout, lines), daemon=True),
        Thread(target=_tell_errors, args=(process.stderr, tell_errors), daemon=True),
    ]
    for reader in readers:
        reader.start()
    progress = Progress(packages, say=lambda text: print(text, flush=True))
    while (line := _next(lines)) is not None:
        progress.heard(line)
        progress.tick()
    for reader in readers:
        reader.join()
    if (status := process.wait()) == 0:
        progress.end()
    return status


def _read(stream: IO[str], lines: Queue[str | None]) -> None:
    for line in stream:
        lines.put(line)
    lines.put(None)


def _tell_errors(stream: IO[str], tell: bool) -> None:
    for line in stream:
        if tell and not line.startswith(_WARNINGS):
            print(line, end="", file=sys.stderr, flush=True)


def _next(lines: Queue[str | None]) -> str | None:
    """The next line, "" where none came for a second, None at the end."""
    try:
        return lines.get(timeout=1)
    except Empty:
        return ""
