"""Small JSON files that several processes and an editor may read and write."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

from .errors import StrategyError


def write_json(path: Path, body: object) -> None:
    """Replace a JSON file as a whole: a reader, or a crash half-way, meets the old or the new one, never a part."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(body, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StrategyError(f"'{path}' cannot be written: {error}.") from None
