"""Measures the search for the right strength on the workbench's small model, and writes docs/study/finder.md.

    python tests/workbench/finder_study.py --report-only     the tables of the committed rows
    python tests/workbench/finder_study.py --rows FILE       rows from nothing, resumable, and their tables

The model that knows several sizes is made by tests/workbench/finder/several_sizes.py; without its weights
(--several-sizes) its rows are not made anew.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
ROOT = WORKBENCH.parent.parent
sys.path[:0] = [str(ROOT), str(WORKBENCH)]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=ROOT / "docs" / "study" / "rows" / "finder.jsonl")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "study" / "finder.md")
    parser.add_argument("--work", type=Path, default=WORKBENCH / "training" / "finder", help="for first passes")
    parser.add_argument("--several-sizes", type=Path, help="folder of that model's weights")
    parser.add_argument("--only", nargs="*", help="conditions by name")
    parser.add_argument("--until", choices=("looks", "found", "fixed"), default="fixed", help="the last thing to do")
    parser.add_argument("--report-only", action="store_true", help="measure nothing")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def measure(options: argparse.Namespace) -> None:
    import torch
    from finder.conditions import ALL
    from finder.course import Course, Rows

    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / ".gitignore").write_text("*\n", encoding="utf-8")
    options.rows.parent.mkdir(parents=True, exist_ok=True)
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
