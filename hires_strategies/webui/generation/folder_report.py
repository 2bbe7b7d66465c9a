"""What a run over a folder tells: on the page and in the log in sentences, over the API for each picture."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from modules import processing

from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.processing import Processed, Processing
from hires_strategies.webui.output import records

_MOST_NAMED = 10  # pictures that are named on the page for one reason; the log and the API name all
DONE, BEFORE, UNFINISHED, FAILED = "done", "done before", "unfinished", "failed"


@dataclass(frozen=True)
class Entry:
    """What became of a picture: `results` are its files, `images` the places of those that are returned."""

    picture: str
    state: str
    results: tuple[str, ...] = ()
    images: tuple[int, ...] = ()
    error: str | None = None


@dataclass
class Report:
    """Collected while the run goes on. Of the images no more than `shown` are kept, so that memory stays flat."""

    folder: Path
    pictures: Sequence[str]  # the names of all, in their order
    shown: int
    entries: list[Entry] = field(default_factory=list)
    left: int = 0
    _images: list[Any] = field(default_factory=list)
    _texts: list[str] = field(default_factory=list)
    _kept: dict[str, tuple[int, ...]] = field(default_factory=dict)
    _seeds: list[int] = field(default_factory=list)
    _prompts: list[tuple[str, str]] = field(default_factory=list)

    def keep(self, picture: str, processed: Processed) -> list[str]:
        """Keep images of a picture's generation, as many as there is room for; returns the files of all of them."""
        room = max(self.shown - len(self._images), 0)
        start = len(self._images)
        self._images += processed.images[:room]
        self._texts += processed.infotexts[:room]
        self._texts += [""] * (len(self._images) - len(self._texts))
        self._kept[picture] = tuple(range(start, len(self._images)))
        self._seeds += processed.all_seeds
        self._prompts += zip(processed.all_prompts, processed.all_negative_prompts)
        files = [getattr(image, "already_saved_as", None) for image in processed.images]
        return [os.path.abspath(file) for file in files if file]

    def done(self, picture: str, files: Sequence[str]) -> None:
        self._add(picture, DONE, files)

    def done_before(self, picture: str, files: Sequence[str]) -> None:
        self._add(picture, BEFORE, files)

    def unfinished(self, picture: str, files: Sequence[str]) -> None:
        self._add(picture, UNFINISHED, files)

    def failed(self, picture: str, error: str, files: Sequence[str] = ()) -> None:
        self._add(picture, FAILED, files, error)

    def stopped(self, left: int) -> None:
        """The user stopped the run when so many pictures had not begun."""
        self.left += left

    def _add(self, picture: str, state: str, files: Sequence[str], error: str | None = None) -> None:
        self.entries.append(Entry(picture, state, tuple(files), self._kept.get(picture, ()), error))
        if state != BEFORE:
            names = ", ".join(os.path.basename(file) for file in files)
            print(f"Hires strategies: {picture}: {error or state}{f' -> {names}' if names else ''}")

    def processed(self, p: Processing, earlier_results: int) -> Processed:
        """The host's object for the whole run."""
        for sentence in self.sentences(earlier_results):
            print(f"Hires strategies: {sentence}")
            p.comment(f"Hires strategies: {sentence}")
        prompts, negatives = [each[0] for each in self._prompts], [each[1] for each in self._prompts]
        made: Processed = processing.Processed(
            p, self._images, self._seeds[0] if self._seeds else -1, self._texts[0] if self._texts else "",
            all_prompts=prompts, all_negative_prompts=negatives, all_seeds=self._seeds, infotexts=self._texts,
        )  # fmt: skip
        records.publish(made)
        attachments.exchange_class(made, _with_folder(type(made)))
        made.hires_strategies_folder = self._as_object()  # type: ignore[attr-defined]
        return made

    def sentences(self, earlier_results: int) -> list[str]:
        counts = {state: [each for each in self.entries if each.state == state] for state in _WORDS}
        told = [f"{len(found)} {_WORDS[state]}" for state, found in counts.items() if found]
        told += [f"{self.left} not begun"] if self.left else []
        sentences = [f"Pictures of the folder '{self.folder}': {', '.join(told)}."]
        if counts[BEFORE]:
            sentences.append(
                f"{len(counts[BEFORE])} had their results already, from the same strategy, prompts and settings; "
                "'Again' does them again."
            )
        failed = counts[FAILED]
        sentences += [f"'{each.picture}' failed: {each.error}" for each in failed[:_MOST_NAMED]]
        sentences += [f"{len(failed) - _MOST_NAMED} more failed; the log names them."] * (len(failed) > _MOST_NAMED)
        if earlier_results:
            sentences.append(f"{earlier_results} files there are results of earlier runs, and were left out.")
        returned = sum(len(each.images) for each in self.entries)
        if sum(len(each.results) for each in self.entries if each.state != BEFORE) > returned >= self.shown:
            sentences.append(f"The first {self.shown} results are shown (a setting); all are in their files.")
        return sentences

    def _as_object(self) -> dict[str, Any]:
        places = {name: place for place, name in enumerate(self.pictures)}
        entries = sorted(self.entries, key=lambda each: places[each.picture])
        return {"folder": str(self.folder), "left": self.left, "pictures": [asdict(each) for each in entries]}


_WORDS = {DONE: "done", BEFORE: "done before", UNFINISHED: "not finished", FAILED: "failed"}


class _WithFolder:
    """`js` with the run over the folder; see records."""

    hires_strategies_folder: dict[str, Any]

    def js(self) -> str:
        info = json.loads(super().js())  # type: ignore[misc]
        return json.dumps({**info, "hires_strategies_folder": self.hires_strategies_folder})


@cache
def _with_folder(kind: type) -> type:
    return type(f"{kind.__name__}OfFolder", (_WithFolder, kind), {})
