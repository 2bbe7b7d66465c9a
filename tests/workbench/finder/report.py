"""The tables of the study of the search, from its rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from figures import measures
from figures.study_report import Value, number, percent, table

from finder import lab as bench
from finder.conditions import HARDER, MAIN, RANGES, SAME_SIZE, SCHEDULERS, TRAINED_SIZE, Condition

Row = dict[str, Any]
BANDS = {"latent": (0.2, 0.4), "pixel": (0.1, 0.5)}
CLIFF = 0.55
NAMES = {"latent": "`Latent`", "pixel": "`Lanczos`"}
MARK = "<!-- What follows is written by `python tests/workbench/finder_study.py --report-only`. -->"

BRACKETS = "In brackets: least and most of what was found, and 95 % intervals of shares and means."
DIFFERENCE = 'Keepers "found less this" are paired: both of one seed.'
LEAST = "How the strength depends on the least range by which a change is divided (`LEAST_RANGE`)."
ELSEWHERE = "The noise that was found with Automatic, started from with other schedulers."


class Results:
    """Rows by condition, kind and what was measured; seeds ascending."""

    def __init__(self, file: Path) -> None:
        self.rows: dict[tuple[str, str, str], dict[int, Row]] = {}
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            self.rows.setdefault((row["of"], row["kind"], row["at"]), {})[row["seed"]] = row

    def of(self, condition: str, kind: str, at: str) -> list[Row]:
        found = self.rows.get((condition, kind, at), {})
        return [found[seed] for seed in sorted(found)]

    def sigmas(self, condition: Condition, kind: str, at: str = "look") -> list[float]:
        return [row["sigma"] for row in self.of(condition.looks_of or condition.name, kind, at)]

    def strengths(self, condition: Condition, kind: str, at: str = "look") -> list[float]:
        return [bench.strength_of(sigma, condition.scheduler) for sigma in self.sigmas(condition, kind, at)]

    def measured(self, condition: Condition, kind: str) -> list[str]:
        """What was drawn: first passes, the found noise, fixed strengths in order."""
        ats = [at for name, each, at in self.rows if (name, each) == (condition.name, kind) and "look" not in at]
        return sorted(ats, key=lambda at: (at != "first", at != "found", at))

    def difference(self, condition: Condition, kind: str, at: str) -> Value:
        """Keepers at the found noise less those at `at`, of the seeds that have both, with a 95 % interval."""
        found, other = (self.rows[condition.name, kind, each] for each in ("found", at))
        return measures.mean([found[seed]["keeper"] - other[seed]["keeper"] for seed in found if seed in other])


def inside(values: Sequence[float], band: tuple[float, float]) -> list[bool]:
    return [band[0] - 1e-9 <= value <= band[1] + 1e-9 for value in values]


def medians_of_three(sigmas: Sequence[float], scheduler: str) -> list[float]:
    """Strengths of the medians of every three seeds that follow each other; none counts twice."""
    threes = [sigmas[i : i + 3] for i in range(0, len(sigmas) - 2, 3)]
    return [bench.strength_of(float(np.median(three)), scheduler) for three in threes]


def spread(values: Sequence[float], shown: Callable[[float], str]) -> str:
    """Median, and least and most."""
    return f"{shown(float(np.median(values)))} ({shown(min(values))} to {shown(max(values))})"


def two(value: float) -> str:
    return f"{value:.2f}"


def reach(results: Results) -> str:
    head = ("upscaler", "seeds", "strength found", "noise found", "inside the band", "medians of three inside",
            "above 0.55", "most evaluations")  # fmt: skip
    lines = []
    for kind, band in BANDS.items():
        looks, strengths = results.of(MAIN.name, kind, "look"), results.strengths(MAIN, kind)
        sigmas = results.sigmas(MAIN, kind)
        lines.append(
            [
                f"{NAMES[kind]} (band {band[0]} to {band[1]})",
                str(len(looks)),
                spread(strengths, two),
                spread(sigmas, two),
                percent(measures.share(inside(strengths, band))),
                percent(measures.share(inside(medians_of_three(sigmas, MAIN.scheduler), band))),
                percent(measures.share([strength > CLIFF for strength in strengths])),
                str(max(row["n"] for row in looks)),
            ]
        )
    return table(head, lines)


def drawn(results: Results, conditions: Sequence[Condition]) -> str:
    """What was drawn at the found noise and at fixed strengths."""
    head = ("", "upscaler", "at", "seeds", "keepers", "found less this", "several figures", "layout kept", "sharpness")
    lines = []
    for condition in conditions:
        for kind in condition.strengths:
            for at in results.measured(condition, kind):
                rows = results.of(condition.name, kind, at)
                name = {"first": "first pass", "found": f"found: {_found(results, condition, kind)}"}.get(at, f"@{at}")
                difference = "–" if at in ("first", "found") else number(results.difference(condition, kind, at))
                shown = [number(measures.mean([row[key] for row in rows])) for key in ("layout", "sharp")]
                several = percent(measures.share([row["heads"] > 1 for row in rows]))
                keepers = percent(measures.share([bool(row["keeper"]) for row in rows]))
                lines.append([condition.title, NAMES[kind], name, str(len(rows)), keepers, difference, several, *shown])
    return table(head, lines)


def _found(results: Results, condition: Condition, kind: str) -> str:
    return f"@{spread(results.strengths(condition, kind), two)}"


def looks(results: Results, conditions: Sequence[Condition]) -> str:
    head = ("", "upscaler", "seeds", "noise found", "strength found", "blur floor")
    lines = []
    for condition in conditions:
        for kind in condition.strengths:
            rows = results.of(condition.name, kind, "look")
            if rows:
                floors = [row["floor"] for row in rows]
                lines.append(
                    [condition.title, NAMES[kind], str(len(rows)), spread(results.sigmas(condition, kind), two),
                     spread(results.strengths(condition, kind), two), spread(floors, two) if any(floors) else "–"]
                )  # fmt: skip
    return table(head, lines)


def ranges(results: Results) -> str:
    """At scale 1: what the least range of the correlation does."""
    head = ("least range", *(f"{NAMES[kind]}: strength found" for kind in BANDS))
    lines = []
    for least in RANGES:
        shown = [results.strengths(SAME_SIZE, kind, f"look {least:g}") for kind in BANDS]
        if all(shown):
            lines.append([f"{least:g}", *(spread(each, two) for each in shown)])
    return table(head, lines)


def sections(results: Results) -> list[str]:
    """Headings, sentences and tables; without those of which nothing was measured."""
    has = [condition for condition in (*HARDER, TRAINED_SIZE, SAME_SIZE) if results.of(condition.name, "pixel", "look")]
    parts = [
        ("Where the found strength lies", f"{MAIN.title}. {BRACKETS}", [reach(results)]),
        ("What is drawn there", DIFFERENCE, [drawn(results, [MAIN])]),
        ("Other models, CFG scales and sizes", "", [looks(results, [MAIN, *has]), drawn(results, has)]),
        ("A scale of 1", LEAST, [ranges(results)]),
        ("Other schedulers", ELSEWHERE, [drawn(results, SCHEDULERS)]),
    ]
    found = [MARK]
    for title, sentence, tables in parts:
        filled = [text for text in tables if text.count("\n") > 1]
        if filled:
            found += [f"## {title}", *([sentence] if sentence else []), *filled]
    return found


def write(rows: Path, out: Path) -> None:
    """Replaces the tables of `out` and keeps what people wrote before them."""
    before = out.read_text(encoding="utf-8").split(MARK)[0] if out.exists() else "# Finding the right strength\n\n"
    out.write_text(before + "\n\n".join(sections(Results(rows))) + "\n", encoding="utf-8")
