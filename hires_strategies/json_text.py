"""Objects in texts that anybody may have written."""

from __future__ import annotations

import json
from typing import Any


def object_in(text: str) -> dict[str, Any] | None:
    """The object that a text holds as JSON; None for any other text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
