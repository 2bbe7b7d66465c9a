"""The study of seams: its tables are what its rows give, and its measure sees a step and no shade."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from seams import cases, course, lines, report

STUDY = Path(__file__).resolve().parents[2] / "docs"
ROWS = STUDY / "study" / "rows" / "seams.jsonl"


def test_the_tables_are_what_the_committed_rows_give(tmp_path):
    out = tmp_path / "tiles.md"
    committed = (STUDY / "tiles.md").read_text(encoding="utf-8")
    out.write_text(committed.split(report.MARK)[0] + report.MARK + "nothing", encoding="utf-8")
    report.write(ROWS, out)
    assert out.read_text(encoding="utf-8") == committed
    assert ROWS.stat().st_size < 100_000


def test_tiles_of_the_cases_overlap_by_exactly_what_they_say():
    for case in cases.CASES:
        (_, second), width = case.tiles.lefts, case.tiles.width
        assert (width * 8, (width - second) * 8) == (cases.TILE, case.overlap)
        ends = sorted({case.side - cases.TILE, cases.TILE})
        assert lines.borders(case.tiles, 8) == ends
        others = lines.between(case.side, ends, 8)
        assert len(others) == case.side // 8 - 1 - len(ends) and not {*others} & {*ends}


def test_a_step_is_measured_and_a_shade_is_none():
    shade = np.repeat(np.arange(128, dtype=np.uint8)[:, None] + 60, 128, 1)
    picture = np.repeat(shade[..., None], 3, 2)
    assert lines.across(picture, [64])[:2] == [0.5, 0]  # by one from row to row, by none from column to column
    stepped = picture.copy()
    stepped[64:] += 4
    rough, levels, weber = lines.across(stepped, [64])
    assert (rough, levels) == (2.5, 2) and 2.5 < weber < 4.5
    even = np.full((128, 128, 3), 200, np.uint8)
    even[64:] = 201  # 2.2 to 2.4 times half a percent, in one of the two directions
    assert lines.across(even, [64])[2] == pytest.approx(1.13 / 2, abs=0.05)


def test_flat_weights_count_everywhere_the_same_and_only_for_their_case():
    flat, usual = cases.Case(32, flat=True), cases.Case(32)
    made = {}
    for case in (flat, usual):
        with course.weighted(case):
            made[case.flat] = course.TileMean(case.tiles, 1, lambda: None)
    parts = torch.stack([torch.full((1, 1, 16, 16), float(number)) for number in range(4)])
    across = {
        kind: mean.of(torch.zeros(1, 1, 28, 28), lambda some: torch.cat([parts[each.number] for each in some]), 4)
        for kind, mean in made.items()
    }
    assert across[True][0, 0, 0].tolist() == [0.0] * 12 + [0.5] * 4 + [1.0] * 12
    edge = across[False][0, 0, 0, 12:16]
    assert 0 < edge[0] < 0.25 < edge[1] < 0.5 < edge[2] < 0.75 < edge[3] < 1
