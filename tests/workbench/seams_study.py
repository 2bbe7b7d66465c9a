"""Measures whether the borders of tiles show in a picture; writes the tables of docs/tiles.md.

python tests/workbench/seams_study.py --report-only     the tables of the committed rows
python tests/workbench/seams_study.py                   the rows that are missing, and the tables
python tests/workbench/seams_study.py --rows FILE       rows from nothing, resumable, and their tables
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
ROOT = WORKBENCH.parent.parent
sys.path[:0] = [str(ROOT), str(WORKBENCH)]

SEEDS = range(1000, 1012)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=ROOT / "docs" / "study" / "rows" / "seams.jsonl")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "tiles.md")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--report-only", action="store_true", help="measure nothing")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def measure(options: argparse.Namespace) -> None:
    import torch
    from seams import course

    torch.set_num_threads(options.threads)
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    lab = course.InTiles.of()
    assert isinstance(lab, course.InTiles)
    course.run(lab, SEEDS[: options.seeds], options.rows, report)


def main() -> None:
    options = arguments()
    if not options.report_only:
        measure(options)
    from seams import report as tables

    tables.write(options.rows, options.out)


if __name__ == "__main__":
    main()
