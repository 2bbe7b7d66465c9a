"""The tables of the study of where to repair, from its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from figures import measures
from figures.study_report import Value, number, percent, table

from where import maps, runs
from where.course import SHARES, Row, read

MARK = "<!-- What follows is written by `python tests/workbench/where_study.py --report-only`. -->"
RESAMPLED = 2000
OUT, RANK, HELD = 0, 1, 2  # places in a row's values
CHOSE = 1060  # seeds below this chose the best candidate; those from here on did not
COVERED = 0.5  # of a face's area, from which it counts as covered

Rows = Sequence[Row]


def auc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """How likely one of `positive` is above one of `negative`; equal ones count half."""
    one, other = np.asarray(positive)[:, None], np.asarray(negative)[None]
    return float((one > other).mean() + (one == other).mean() / 2)


def interval(rows: Rows, measure: Callable[[Rows], float]) -> Value:
    """A measure with the 95 % interval of 2,000 draws of pictures with replacement (percentiles)."""
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(RESAMPLED):
        some = [rows[index] for index in generator.integers(0, len(rows), len(rows))]
        if 0 < len(broken(some)) < len(some):
            drawn.append(measure(some))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return measure(rows), float(low), float(high)


def placed(rows: Rows) -> list[Row]:
    """Pictures with one face whose place is known."""
    return [row for row in rows if "maps" in row]


def broken(rows: Rows) -> list[Row]:
    return [row for row in placed(rows) if not row["whole"]]


def told_apart(name: str, place: int) -> Callable[[Rows], float]:
    """How likely the map rates a broken face above a whole one."""

    def measure(rows: Rows) -> float:
        whole = [row["maps"][name][place] for row in placed(rows) if row["whole"]]
        return auc([row["maps"][name][place] for row in broken(rows)], whole)

    return measure


def placed_right(name: str) -> Callable[[Rows], float]:
    """How likely, in a picture with a broken face, the face has a higher score than another place."""
    return lambda rows: float(np.mean([row["maps"][name][RANK] for row in broken(rows)]))


def covered(rows: Rows, name: str, index: int) -> Value:
    return measures.share([row["maps"][name][HELD + index] >= COVERED for row in broken(rows)])


def names(controls: bool = True) -> list[str]:
    return [*maps.CANDIDATES, *(maps.CONTROLS if controls else ())]


def areas(rows: Rows) -> str:
    """Told apart and found, for every map."""
    head = ("map", "broken above whole, by how far it stands out", "broken above whole, by rank",
            "broken face above the rest of its picture")  # fmt: skip
    measured = ((told_apart(name, OUT), told_apart(name, RANK), placed_right(name)) for name in names())
    shown = ([number(interval(rows, measure)) for measure in each] for each in measured)
    return table(head, [[_title(name), *values] for name, values in zip(names(), shown)])


def coverage(rows: Rows) -> str:
    head = ("map", *(f"{share:.0%} of the area" for share in SHARES))
    return table(
        head,
        [[_title(name), *(percent(covered(rows, name, i)) for i in range(len(SHARES)))] for name in names()],
    )


def best(rows: Rows, measure: Callable[[str], Callable[[Rows], float]]) -> str:
    """The candidate with the highest value."""
    return max(names(controls=False), key=lambda name: measure(name)(rows))


def chosen(rows: Rows) -> str:
    """The best candidates by the first half of the seeds, on the other half."""
    chose = [row for row in rows if row["seed"] < CHOSE]
    rest = [row for row in rows if row["seed"] >= CHOSE]
    questions: dict[str, Callable[[str], Callable[[Rows], float]]] = {
        "broken above whole, by how far it stands out": lambda name: told_apart(name, OUT),
        "broken above whole, by rank": lambda name: told_apart(name, RANK),
        "broken face above the rest of its picture": placed_right,
    }
    lines = []
    for question, measure in questions.items():
        name = best(chose, measure)
        lines.append(
            [question, f"`{name}`", number(interval(chose, measure(name))), number(interval(rest, measure(name)))]
        )
    return table(("question", "best of the candidates", "seeds that chose it", "seeds that did not"), lines)


def _title(name: str) -> str:
    return f"`{name}`" + (" (control)" if name in maps.CONTROLS else "")


def counts(rows: Rows) -> str:
    faces, unseen = placed(rows), [row for row in placed(rows) if not row["heads"]]
    return (
        f"{len(rows)} seeds; {len(faces)} pictures with one face in a known place, of which {len(broken(rows))} are "
        f"broken ({len(unseen)} of them without a head in the first pass: the second pass says where). The second "
        f"pass repairs {percent(measures.share([row['repaired'] for row in broken(rows)]))} of them and breaks "
        f"{percent(measures.share([not row['repaired'] for row in faces if row['whole']]))} of the whole ones."
    )


def sections(rows: Rows) -> list[str]:
    half = [row for row in rows if row["seed"] < CHOSE]
    parts = [MARK, counts(rows), "## Areas under the curve", "Chance is 0.5.", areas(rows)]
    parts += ["## Broken faces covered", f"Chance is the share of the area; at least {COVERED:.0%} of the face.",
              coverage(rows)]  # fmt: skip
    if broken(half) and len(half) < len(rows):
        parts += ["## The best of the candidates", chosen(rows)]
    return parts


def write(rows: Path, out: Path, run: Path) -> None:
    """Replaces the tables of `out` and keeps what people wrote before them."""
    before = out.read_text(encoding="utf-8").split(MARK)[0] if out.exists() else "# Where to repair\n\n"
    out.write_text(
        before + "\n\n".join([*sections(read(rows)), *(runs.section(read(run)) if run.exists() else [])]) + "\n",
        encoding="utf-8",
    )
