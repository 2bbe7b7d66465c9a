"""Measures the search for the right strength on the workbench's small model, and writes docs/study/finder.md.

    python tests/workbench/finder_study.py --report-only     the tables of the committed rows
    python tests/workbench/finder_study.py --rows FILE       rows from nothing, resumable, and their tables

The model that knows several sizes is made by tests/workbench/finder/several_sizes.py; without its weights
(--several-sizes) its rows are not made anew.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from study_command import DOCS, ROWS, WORKBENCH, begin, parser_of, report


def arguments() -> argparse.Namespace:
    parser = parser_of(__doc__, ROWS / "finder.jsonl", DOCS / "study" / "finder.md")
    parser.add_argument("--work", type=Path, default=WORKBENCH / "training" / "finder", help="for first passes")
    parser.add_argument("--several-sizes", type=Path, help="folder of that model's weights")
    parser.add_argument("--only", nargs="*", help="conditions by name")
    parser.add_argument("--until", choices=("looks", "found", "fixed"), default="fixed", help="the last thing to do")
    return parser.parse_args()


def measure(options: argparse.Namespace) -> None:
    from finder.conditions import ALL
    from finder.course import Course, Rows

    begin(options)
    rows = Rows(options.rows)
    courses = [
        Course(condition, rows, options.work, options.several_sizes or Path(), report)
        for condition in ALL
        if (not options.only or condition.name in options.only)
        and (not condition.several_sizes or options.several_sizes)
    ]
    for course in courses:
        if not course.condition.looks_of:
            course.look()
    drawn = {"looks": (), "found": (True,), "fixed": (True, False)}[options.until]
    for found in drawn:
        for course in courses:
            course.draw(found)


def main() -> None:
    options = arguments()
    if not options.report_only:
        measure(options)
    from finder import report as tables

    tables.write(options.rows, options.out)


if __name__ == "__main__":
    main()
