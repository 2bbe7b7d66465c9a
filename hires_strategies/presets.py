"""Named strategies: those that come with the extension, and the user's own in one JSON file that can be shared.

The file is an object of names, each with a body of the form {"strategies": ["Latent x2 @0.7", ...]}.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hires_strategies.notation.text import parse

from .errors import StrategyError
from .json_file import write_json
from .limits import Limits
from .vocabulary import Vocabulary
from .wording import short

MAX_NAME = 60  # characters
MAX_TEXT = 20_000  # characters of one preset's strategies together

# Grammar alone is checked: a shared file may name upscalers that this machine does not have (yet).
_GENEROUS = Vocabulary(limits=Limits(variants=1000))
_writing = threading.Lock()

_BUILTIN: dict[str, tuple[str, ...]] = {
    "Latent 2x": ("Latent x2 @0.7",),
    "Pixel 2x": ("R-ESRGAN 4x+ x2 @0.35",),
    "Latent 2x, then ESRGAN 2x": ("Latent x2 @0.7 > R-ESRGAN 4x+ x2",),
    "ESRGAN 4x": ("R-ESRGAN 4x+ x4",),
    "Small steps to 2x": ("Latent x1.5 @0.6 > Lanczos x1.35 @0.35",),
    "Latent against pixel": ("Latent x2 @0.7", "R-ESRGAN 4x+ x2 @0.35"),
    "Find the denoising strength": ("Latent x2 @{0.5..0.8..0.1}",),
    "Find the upscaler": ("{Lanczos,R-ESRGAN 4x+} x2 @0.35",),
    "With and without a second pass": ("R-ESRGAN 4x+ x2", "Latent x2 @0.7"),
}


def builtin() -> dict[str, tuple[str, ...]]:
    """The presets that come with the extension: name -> strategy texts, in the order to be shown."""
    return dict(_BUILTIN)


class PresetFile:
    """The user's presets in the JSON file at `path`, which need not exist yet.

    Every method reads the file anew, so several processes and an editor may change it. All raise StrategyError, a
    sentence, for a file that cannot be read or written or does not hold presets; nothing is overwritten then.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def all(self) -> dict[str, tuple[str, ...]]:
        """The user's presets, in the order of the file: name -> strategy texts."""
        try:
            body = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise StrategyError(f"The presets in '{self.path}' cannot be read: {error}.") from None
        if not isinstance(body, dict):
            raise StrategyError(f"The presets in '{self.path}' have to be an object of names, found {short(body)}.")
        return {check_name(name, own_only=False): check_body(value) for name, value in body.items()}

    def save(self, name: str, strategies: Sequence[str]) -> str:
        """Add or overwrite a preset; returns its name without the spaces around it. Names of builtin() are refused."""
        name = check_name(name)
        lines = check_strategies(strategies)
        with _writing:
            self._write({**self.all(), name: lines})
        return name

    def delete(self, name: str) -> None:
        """Remove one of the user's presets."""
        name = check_name(name)
        with _writing:
            presets = self.all()
            if name not in presets:
                raise StrategyError(f"There is no preset '{name}' to delete.")
            del presets[name]
            self._write(presets)

    def _write(self, presets: Mapping[str, tuple[str, ...]]) -> None:
        body = {name: {"strategies": list(lines)} for name, lines in presets.items()}
        write_json(self.path, body)


def check_name(name: object, own_only: bool = True) -> str:
    """A preset's name without the spaces around it: 1 to MAX_NAME printable characters, no slash, not a builtin's."""
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
    """Strategy texts that follow the grammar, as lines without the empty ones."""
    if isinstance(strategies, str) or not isinstance(strategies, Sequence):
        raise StrategyError(f"'strategies' has to be a list of texts, found {short(strategies)}.")
    if not all(isinstance(text, str) for text in strategies):
        raise StrategyError(f"'strategies' has to be a list of texts, found {short(strategies)}.")
    text = "\n".join(strategies)
    if len(text) > MAX_TEXT:
        raise StrategyError(f"A preset has at most {MAX_TEXT} characters, this one has {len(text)}.")
    parse(text, _GENEROUS)
    return tuple(line.strip() for line in text.splitlines() if line.strip())
