"""The table of the study of seams, from its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from figures import measures
from figures.study_report import Value, number, percent, table

from seams.cases import CASES, TILE, Case, Row, read
from seams.lines import VISIBLE

MARK = "<!-- What follows is written by `python tests/workbench/seams_study.py --report-only`. -->"
RESAMPLED = 2000
ROUGH, LEVELS, WEBER = 0, 1, 2  # places in what `lines.across` gives

Rows = Sequence[Row]


def interval(values: Sequence[float]) -> Value:
    """A mean with the 95 % interval of 2,000 draws of seeds with replacement (percentiles)."""
    array = np.asarray(values)
    drawn = array[np.random.default_rng(0).integers(0, len(array), (RESAMPLED, len(array)))].mean(1)
    low, high = np.percentile(drawn, (2.5, 97.5))
    return float(array.mean()), float(low), float(high)


def ratio(row: Row, of: str) -> float:
    """Difference across the borders by that across the lines in between."""
    return float(row[of]["at"][ROUGH] / row[of]["between"][ROUGH])


def more(place: int) -> Callable[[Row], float]:
    """By how much the step at the borders is larger than at the same lines of the whole picture."""
    return lambda row: row["tiled"]["at"][place] - row["whole"]["at"][place]


def of(rows: Rows, case: Case) -> list[Row]:
    return [row for row in rows if (row["overlap"], row["flat"]) == (case.overlap, case.flat)]


def ordered() -> list[Case]:
    return sorted(CASES, key=lambda case: (case.overlap, case.flat))


def _line(rows: Rows, case: Case) -> list[str]:
    each = of(rows, case)
    weights = "flat" if case.flat else "Gaussian"
    share = f" (1/{TILE // case.overlap} of a tile)" if case.overlap else ""
    return [
        f"{case.overlap}{share}",
        weights if case.overlap else "–",
        number(interval([ratio(row, "tiled") for row in each])),
        number(interval([ratio(row, "whole") for row in each])),
        number(interval([ratio(row, "tiled") / ratio(row, "whole") for row in each])),
        number(interval([more(LEVELS)(row) for row in each])),
        number(interval([more(WEBER)(row) for row in each])),
    ]


def borders(rows: Rows) -> str:
    head = ("overlap in pixels", "weights", "ratio in tiles", "ratio whole", "in tiles by whole",
            "step more than whole, levels of 255", "step more than whole, % of luminance")  # fmt: skip
    return table(head, [_line(rows, case) for case in ordered()])


def keepers(rows: Rows) -> str:
    head = ("overlap in pixels", "weights", "keepers in tiles", "keepers whole", "layout kept in tiles", "whole")
    lines = []
    for case in ordered():
        each = of(rows, case)
        kept = [percent(measures.share([bool(row[way]["keeper"]) for row in each])) for way in ("tiled", "whole")]
        layout = [number(interval([row[way]["layout"] for row in each])) for way in ("tiled", "whole")]
        weights = "flat" if case.flat else "Gaussian" if case.overlap else "–"
        lines.append([str(case.overlap), weights, *kept, *layout])
    return table(head, lines)


def sections(rows: Rows) -> list[str]:
    told = (
        f"{len({row['seed'] for row in rows})} seeds, four tiles of {TILE} pixels each; intervals are of 95 %, by "
        f"{RESAMPLED:,} draws of seeds. People begin to see a step at about {VISIBLE:g} % of luminance."
    )
    return ["## Across the borders", told, borders(rows), "## What is in the pictures", keepers(rows)]


def write(rows: Path, out: Path) -> None:
    """Replaces the tables of `out` and keeps what people wrote before them."""
    before = out.read_text(encoding="utf-8").split(MARK)[0] if out.exists() else "# Tiles\n\n"
    out.write_text(before + MARK + "\n\n" + "\n\n".join(sections(read(rows))) + "\n", encoding="utf-8")
