"""What the kinds of values have in common that are texts with a grammar of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Worded:
    """A kind whose values are the canonical texts of what they say: `canonical` has it of any text, and raises
    ValueError for one that says nothing. `pattern` is that of canonical texts; `without` is what a stage has that gives
    none."""

    allowed: str = ""
    pattern: str = ""
    without: str = ""

    @property
    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": self.pattern}

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and self._canonical(value) is not None

    def normal(self, value: Any) -> Any:
        """The canonical text of a text that is accepted; any other value as it is."""
        return self._canonical(value) or value if isinstance(value, str) else value

    def canonical(self, text: str) -> str:
        raise NotImplementedError

    def _canonical(self, text: str) -> str | None:
        try:
            return self.canonical(text)
        except ValueError:
            return None
