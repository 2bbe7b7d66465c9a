"""Measures whether a map of what is locally blurred or fused finds broken faces; writes docs/study/where.md.

python tests/workbench/where_study.py --report-only     the tables of the committed rows
python tests/workbench/where_study.py --rows FILE       rows from nothing, resumable, and their tables
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
ROOT = WORKBENCH.parent.parent
sys.path[:0] = [str(ROOT), str(WORKBENCH)]

SEEDS = range(1000, 1120)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, default=ROOT / "docs" / "study" / "rows" / "where.jsonl")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "study" / "where.md")
    parser.add_argument("--work", type=Path, default=WORKBENCH / "training" / "where", help="for first passes")
    parser.add_argument("--run-rows", type=Path, default=ROOT / "docs" / "study" / "rows" / "where_runs.jsonl")
    parser.add_argument("--runs", type=int, default=0, help="only run so many seeds' strategies on the workbench")
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--report-only", action="store_true", help="measure nothing")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def report(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


def measure(options: argparse.Namespace) -> None:
    import torch
    from finder.lab import Lab
    from where.course import Course

    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / ".gitignore").write_text("*\n", encoding="utf-8")
    options.rows.parent.mkdir(parents=True, exist_ok=True)
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
