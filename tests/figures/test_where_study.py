"""The study of where to repair: its report is what its rows give, and its arithmetic."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from where import course, maps, report

STUDY = Path(__file__).resolve().parents[2] / "docs" / "study"
ROWS = STUDY / "rows" / "where.jsonl"


def test_the_report_is_what_the_committed_rows_give(tmp_path):
    out = tmp_path / "where.md"
    committed = (STUDY / "where.md").read_text(encoding="utf-8")
    out.write_text(committed.split(report.MARK)[0] + report.MARK + "nothing", encoding="utf-8")
    report.write(ROWS, out, ROWS.with_name("where_runs.jsonl"))
    assert out.read_text(encoding="utf-8") == committed
    assert ROWS.stat().st_size < 100_000


def test_areas_ranks_and_coverage():
    assert report.auc([1, 2], [0, 0]) == 1 and report.auc([0, 1], [0, 1]) == 0.5
    scores = np.arange(16.0).reshape(4, 4)
    corner = course.overlap(scores.shape, (3, 2.5, 4, 4))
    assert corner.sum() == 1.5 and (corner[2:, 3] == [0.5, 1]).all()
    assert course.rank(scores, corner) == pytest.approx((0.5 * 11 / 14 + 1) / 1.5)
    assert course.rank(np.zeros((4, 4)), corner) == 0.5
    assert course.held(scores, corner, 1 / 16) == pytest.approx(1 / 1.5)
    assert course.held(scores, corner, 0.5) == 1


def test_blur_and_soft_edges_stand_out_of_a_drawing_and_detail_does_not():
    """A checkered picture with one blurred place, and one even place that no map of blur should take for it."""
    from scipy import ndimage

    sharp = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((8, 8))) * 200.0
    sharp[:, 96:] = 100
    blurred = sharp.copy()
    blurred[32:64, 32:64] = ndimage.gaussian_filter(sharp, 2)[32:64, 32:64]
    first = np.repeat(blurred[..., None], 3, 2).astype(np.uint8)
    later = np.kron(np.repeat(sharp[..., None], 3, 2), np.ones((2, 2, 1))).astype(np.uint8)
    seen = maps.Seen(first, later, np.zeros((32, 32)), later)
    place = course.overlap((16, 16), (4, 4, 8, 8))
    beside = np.indices((16, 16))[1] < 12  # without the even part
    for name in ("blur", "soft edges", "fused", "autoencoder"):
        scores = maps.CANDIDATES[name](seen)
        assert course.rank(scores[:, :12], place[:, :12]) > 0.9, name
    assert course.rank(np.where(beside, maps.detail(seen), 0), place) < 0.3


def test_a_head_that_only_the_second_pass_has_is_where_that_says(monkeypatch):
    from figures.detector import Head

    first, second = np.zeros((128, 128, 3), np.uint8), np.zeros((256, 256, 3), np.uint8)
    heads = {128: [], 256: [Head((32, 48, 64, 80), True, None, None)]}
    monkeypatch.setattr(course, "find_heads", lambda picture: heads[len(picture)])
    row = course.row_of(maps.Seen(first, second, np.zeros((32, 32)), second))
    assert not row["whole"] and row["repaired"] and row["maps"]["middle"][2:] != [0, 0, 0]
    heads[128] = [Head((0, 0, 8, 8), True, None, None)] * 2
    assert "maps" not in course.row_of(maps.Seen(first, second, np.zeros((32, 32)), second))


def test_rows_are_made_once(tmp_path):
    from finder.lab import Lab

    file = tmp_path / "rows.jsonl"
    study = course.Course(Lab.of(), file, tmp_path, lambda line: None)
    study.run([1000])
    before = file.read_text(encoding="utf-8")
    study.run([1000])
    assert file.read_text(encoding="utf-8") == before and [row["seed"] for row in course.read(file)] == [1000]
    committed = {row["seed"]: row for row in map(json.loads, ROWS.read_text(encoding="utf-8").splitlines())}
    again = json.loads(before)
    assert again["whole"] == committed[1000]["whole"]
    for name, values in committed[1000]["maps"].items():
        assert again["maps"][name] == pytest.approx(values, abs=0.1), name
