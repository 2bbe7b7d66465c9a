"""Tables of the documentation that are made from the code. `python -m tests.docs_tables` writes them anew."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hires_strategies.stage_options import OPTIONS, Option

ROOT = Path(__file__).resolve().parents[1]
NOTATION = ROOT / "docs" / "notation.md"
_TABLE = re.compile(r"(<!-- options -->\n).*(<!-- end -->)", re.DOTALL)


def with_options(text: str) -> str:
    """The page with its table of options as the code has them."""
    rows = ["| written | meaning | JSON key |", "|---|---|---|", *map(_row, OPTIONS)]
    return _TABLE.sub(lambda found: found[1] + "\n".join(rows) + "\n" + found[2], text)


def _row(option: Option) -> str:
    return f"| `{option.written(option.example)}` | {option.name}: {option.kind.allowed} | `{option.field}` |"


if __name__ == "__main__":
    NOTATION.write_text(with_options(NOTATION.read_text(encoding="utf-8")), encoding="utf-8")
