"""Measures whether a map of what is locally blurred or fused finds broken faces; writes docs/study/where.md.

python tests/workbench/where_study.py --report-only     the tables of the committed rows
python tests/workbench/where_study.py --rows FILE       rows from nothing, resumable, and their tables
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_command import DOCS, ROWS, WORKBENCH, begin, parser_of, report

SEEDS = range(1000, 1120)


def arguments() -> argparse.Namespace:
    parser = parser_of(__doc__, ROWS / "where.jsonl", DOCS / "study" / "where.md")
    parser.add_argument("--work", type=Path, default=WORKBENCH / "training" / "where", help="for first passes")
    parser.add_argument("--run-rows", type=Path, default=ROWS / "where_runs.jsonl")
    parser.add_argument("--runs", type=int, default=0, help="only run so many seeds' strategies on the workbench")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    from finder.lab import Lab
    from where.course import Course

    begin(options)
    Course(Lab.of(), options.rows, options.work, report).run(SEEDS[: options.seeds])


def main() -> None:
    options = arguments()
    if options.runs:
        from where import runs

        runs.run(SEEDS[: options.runs], options.run_rows, report)
    elif not options.report_only:
        measure(options)
    from where import report as tables

    tables.write(options.rows, options.out, options.run_rows)


if __name__ == "__main__":
    main()
