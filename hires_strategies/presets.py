"""Named strategies: those that come with the extension, and the user's own in one JSON file that can be shared.

The file is an object of names, each with a body of the form {"strategies": ["Latent x2 @0.7", ...]}.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hires_strategies.notation.json_schema import is_text
from hires_strategies.notation.literals import format_name
from hires_strategies.notation.text import parse

from .errors import StrategyError
from .json_file import Entry, read_entries, write_entries
from .limits import Limits
from .lines import lines_of
from .vocabulary import Vocabulary
from .wording import short

MAX_NAME = 60  # characters
MAX_LENGTH = 20_000  # characters of one preset's strategies together

# Only the grammar is checked: a shared file may name upscalers that this machine does not have (yet).
_GENEROUS = Vocabulary(limits=Limits(variants=1000))
_writing = threading.Lock()

USUAL_UPSCALER = "R-ESRGAN 4x+"
_BUILTIN: dict[str, tuple[str, ...]] = {
    "Latent 2x": ("Latent x2 @0.7",),
    "Pixel 2x": ("R-ESRGAN 4x+ x2 @0.35",),
    "Latent 2x, then ESRGAN 2x": ("Latent x2 @0.7 > R-ESRGAN 4x+ x2",),
    "ESRGAN 4x": ("R-ESRGAN 4x+ x4",),
    "Pixel 2x, the strength found": ("R-ESRGAN 4x+ x2 @auto",),
    "Draft, then refine in 4 steps": ("R-ESRGAN 4x+ x2 @0.2 [4 steps]",),
    "Small steps to 2x": ("Latent x1.5 @0.6 > Lanczos x1.35 @0.35",),
    "Latent against pixel": ("Latent x2 @0.7", "R-ESRGAN 4x+ x2 @0.35"),
    "Find the denoising strength": ("Latent x2 @{auto-0.1,auto,auto+0.1}",),
    "Find the upscaler": ("{Lanczos,R-ESRGAN 4x+} x2 @0.35",),
    "With and without a second pass": ("R-ESRGAN 4x+ x2", "Latent x2 @0.7"),
}


def builtin(upscaler: str | None = USUAL_UPSCALER) -> dict[str, tuple[str, ...]]:
    """The presets that come with the extension: name -> strategy texts, in the order shown.

    `upscaler`: the name of a pixel upscaler with a model, for a host that lacks the usual one. With None Lanczos stands
    in its place, and presets that say ESRGAN in their names are left out.
    """
    if upscaler == USUAL_UPSCALER:
        return dict(_BUILTIN)
    other = "Lanczos" if upscaler is None else format_name(upscaler)

    def rewritten(text: str) -> str:
        return text.replace(USUAL_UPSCALER, other).replace("{Lanczos,Lanczos}", "{Nearest,Lanczos}")

    names = [name for name in _BUILTIN if upscaler is not None or "ESRGAN" not in name]
    return {name: tuple(map(rewritten, _BUILTIN[name])) for name in names}


@dataclass(frozen=True)
class BadEntry:
    """An entry of the file that is not a preset: its name as written, and a sentence that says why."""

    name: str
    error: str


class PresetFile:
    """The user's presets in the JSON file at `path`, which need not exist yet.

    Every method rereads the file, so several processes and an editor may change it. An entry that is not a preset is
    skipped, and stays as it is when others are saved or deleted. All methods raise StrategyError, a sentence, if the
    file cannot be read or written or is not an object of names; nothing is overwritten then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def all(self) -> dict[str, tuple[str, ...]]:
        """The user's presets, in the order of the file: name -> strategy texts."""
        return self._read()[0]

    def bad_entries(self) -> tuple[BadEntry, ...]:
        """The entries of the file that are skipped, in its order."""
        return self._read()[1]

    def has(self, name: str) -> bool:
        """Whether there is something to delete. Raises StrategyError for an invalid name."""
        return self._find(self._entries(), name) is not None

    def save(self, name: str, strategies: Sequence[str]) -> str:
        """Add or overwrite a preset; returns its name without surrounding spaces. Names of builtin() are refused."""
        name = check_name(name)
        saved = Entry.of(name, {"strategies": list(check_strategies(strategies))})
        with _writing:
            entries = self._entries()
            # The last one counts if a name occurs twice.
            last = max((index for index, entry in enumerate(entries) if entry.name == name), default=len(entries))
            write_entries(self.path, [*entries[:last], saved, *entries[last + 1 :]])
        return name

    def delete(self, name: str) -> None:
        """Remove one of the user's presets, or an entry that is not a preset."""
        with _writing:
            entries = self._entries()
            found = self._find(entries, name)
            if found is None:
                raise StrategyError(f"There is no preset '{name.strip()}' to delete.")
            write_entries(self.path, [entry for entry in entries if entry.name != found])

    def _find(self, entries: Sequence[Entry], name: str) -> str | None:
        """The name of the entry meant: as given, or without surrounding spaces."""
        names = {entry.name for entry in entries}
        if name in names:
            return name
        name = check_name(name)
        return name if name in names else None

    def _read(self) -> tuple[dict[str, tuple[str, ...]], tuple[BadEntry, ...]]:
        presets: dict[str, tuple[str, ...]] = {}
        bad = []
        entries = self._entries()
        last = {entry.name: entry for entry in entries}
        for entry in entries:
            try:
                if last[entry.name] is not entry:
                    raise StrategyError("The name stands again further down, and that one counts.")
                presets[check_name(entry.name, own_only=False)] = check_body(entry.value)
            except StrategyError as error:
                where = f"The preset {short(entry.name)} in '{self.path}' is skipped"
                bad.append(BadEntry(entry.name, f"{where}: {error}"))
        return presets, tuple(bad)

    def _entries(self) -> list[Entry]:
        try:
            return read_entries(self.path)
        except (OSError, ValueError) as error:
            raise StrategyError(f"The presets in '{self.path}' cannot be read: {error}.") from None


def check_name(name: object, own_only: bool = True) -> str:
    """A preset's name without surrounding spaces: 1 to MAX_NAME printable characters, no slash, not a builtin's."""
    if not isinstance(name, str) or not name.strip():
        raise StrategyError(f"A preset needs a name, found {short(name)}.")
    name = name.strip()
    if len(name) > MAX_NAME:
        raise StrategyError(f"A preset's name has at most {MAX_NAME} characters, '{name[:20]}...' has {len(name)}.")
    if not name.isprintable() or set(name) & set("/\\"):
        raise StrategyError(f"A preset's name has no slash and no control characters, found {short(name)}.")
    if own_only and name in _BUILTIN:
        raise StrategyError(f"'{name}' comes with the extension and stays as it is: choose another name.")
    return name


def check_body(body: Any) -> tuple[str, ...]:
    """The texts of {"strategies": [...]}, checked."""
    if not isinstance(body, dict) or set(body) != {"strategies"}:
        raise StrategyError(f'A preset has the form {{"strategies": ["Latent x2 @0.7"]}}, found {short(body)}.')
    return check_strategies(body["strategies"])


def check_strategies(strategies: Any) -> tuple[str, ...]:
    """Strategy texts that follow the grammar, as lines without empty ones."""
    if isinstance(strategies, str) or not isinstance(strategies, Sequence):
        raise StrategyError(f"'strategies' has to be a list of texts, found {short(strategies)}.")
    if not all(isinstance(text, str) for text in strategies):
        raise StrategyError(f"'strategies' has to be a list of texts, found {short(strategies)}.")
    if not all(map(is_text, strategies)):
        raise StrategyError(f"'strategies' holds a text that cannot be written as UTF-8: {short(strategies)}.")
    text = "\n".join(strategies)
    if len(text) > MAX_LENGTH:
        raise StrategyError(f"A preset has at most {MAX_LENGTH} characters, this one has {len(text)}.")
    parse(text, _GENEROUS)
    return tuple(line.strip() for line in lines_of(text))
