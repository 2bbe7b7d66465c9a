"""What the commands of the studies on the small model have in common."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
DOCS = WORKBENCH.parent.parent / "docs"
ROWS = DOCS / "study" / "rows"


def parser_of(description: str | None, rows: Path, out: Path) -> argparse.ArgumentParser:
    """`rows`: the committed ones, to which what is missing is added; `out`: the page of their tables."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=rows)
    parser.add_argument("--out", type=Path, default=out)
    parser.add_argument("--report-only", action="store_true", help="measure nothing")
    parser.add_argument("--threads", type=int, default=1)
    return parser


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def begin(options: argparse.Namespace) -> None:
    """Before anything is measured. A folder `work`, for what is made on the way, stays out of the repository."""
    import torch

    torch.set_num_threads(options.threads)
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    if work := getattr(options, "work", None):
        work.mkdir(parents=True, exist_ok=True)
        (work / ".gitignore").write_text("*\n", encoding="utf-8")
