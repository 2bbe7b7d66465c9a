"""Measures whether the borders of tiles show in a picture; writes the tables of docs/tiles.md.

python tests/workbench/seams_study.py --report-only     the tables of the committed rows
python tests/workbench/seams_study.py                   the rows that are missing, and the tables
python tests/workbench/seams_study.py --rows FILE       rows from nothing, resumable, and their tables
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_command import DOCS, ROWS, begin, parser_of, report

SEEDS = range(1000, 1012)


def arguments() -> argparse.Namespace:
    parser = parser_of(__doc__, ROWS / "seams.jsonl", DOCS / "tiles.md")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    from seams import course

    begin(options)
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
