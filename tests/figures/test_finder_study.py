"""The study of the search for the right strength: its report is what its rows give, and its arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from finder import lab as bench
from finder import report
from finder.conditions import ALL, MAIN
from finder.course import Course, Rows

STUDY = Path(__file__).resolve().parents[2] / "docs" / "study"
ROWS = STUDY / "rows" / "finder.jsonl"


def test_the_report_is_what_the_committed_rows_give(tmp_path):
    out = tmp_path / "finder.md"
    committed = (STUDY / "finder.md").read_text(encoding="utf-8")
    out.write_text(committed.split(report.MARK)[0] + report.MARK + "nothing", encoding="utf-8")
    report.write(ROWS, out)
    assert out.read_text(encoding="utf-8") == committed
    assert ROWS.stat().st_size < 300_000


def test_every_found_strength_comes_of_seven_evaluations_and_seeds_that_chose_nothing():
    looks = [row for row in Rows(ROWS).by_key.values() if row["at"] == "look"]
    assert len(looks) >= 2 * len(MAIN.seeds)
    assert {row["n"] for row in looks} == {7}
    assert min(row["seed"] for row in looks) >= 1000
    assert {row["of"] for row in Rows(ROWS).by_key.values()} <= {condition.name for condition in ALL}


def rows(folder: Path, *values: tuple[int, str, dict]) -> report.Results:
    file = folder / "rows.jsonl"
    kept = Rows(file)
    for seed, at, value in values:
        kept.add((MAIN.name, "latent", seed, at), value)
    assert Rows(file).by_key == kept.by_key
    assert kept.missing(MAIN.name, "latent", [1, 2, 3, 99], "look") == [99]
    return report.Results(file)


def test_bands_medians_and_paired_differences(tmp_path):
    sigmas = (0.6, 0.8, 2.5)
    looks = [(seed, "look", {"sigma": sigma, "floor": 0.5, "n": 7}) for seed, sigma in enumerate(sigmas, 1)]
    drawn = [
        (seed, at, {"keeper": keeper, "heads": 1, "layout": 0.9, "sharp": 1.5})
        for at, keepers in (("found", (1, 1, 1)), ("0.3", (1, 0, 1)))
        for seed, keeper in enumerate(keepers, 1)
    ]
    results = rows(tmp_path, *looks, *drawn)
    strengths = results.strengths(MAIN, "latent")
    assert report.inside(strengths, (0.2, 0.4)) == [True, True, False]
    assert report.medians_of_three(sigmas, "Automatic") == [strengths[1]]
    assert results.difference(MAIN, "latent", "0.3")[0] == pytest.approx(1 / 3)


@pytest.mark.parametrize("name", ["Automatic", "Karras", "Exponential", "SGM Uniform", "Beta"])
def test_a_schedule_falls_to_nothing_and_its_strengths_to_sigmas_and_back(name):
    sigmas = bench.schedule(name, 20)
    assert len(sigmas) == 21 and sigmas[-1] == 0 and (sigmas.diff() < 0).all()
    assert float(sigmas[0]) == pytest.approx(bench.LARGEST, rel=1e-3)
    for total in (12, 25, 50):
        sigma = float(bench.tail(total, name)[0])
        assert bench.total_of(sigma, name) == total and bench.strength_of(sigma, name) == bench.STEPS / total


def test_a_condition_is_searched_and_drawn_and_goes_on_where_it_was_cut_off(tmp_path):
    from dataclasses import replace

    condition = replace(MAIN, name="try", seeds=range(1), scale=1.0, strengths={"latent": (0.3,)})
    said: list[str] = []
    course = Course(condition, Rows(tmp_path / "rows.jsonl"), tmp_path, Path(), said.append)
    for step in (course.look, lambda: course.draw(True), lambda: course.draw(False)):
        step()
    before = (tmp_path / "rows.jsonl").read_text(encoding="utf-8")
    again = Course(condition, Rows(tmp_path / "rows.jsonl"), tmp_path, Path(), said.append)
    again.look()
    again.draw(True)
    again.draw(False)
    assert (tmp_path / "rows.jsonl").read_text(encoding="utf-8") == before
    assert [key[3] for key in again.rows.by_key] == ["look", "first", "found", "0.3"]
    assert again.rows.by_key["try", "latent", 0, "first"]["layout"] == 1
    assert 0.3 <= again.rows.by_key["try", "latent", 0, "look"]["sigma"] <= 9


def test_the_lab_predicts_what_it_draws_in_one_step():
    """One evaluation at a noise is Euler's method with one step from there."""
    lab = bench.Lab.of()
    start = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    sigmas = torch.tensor([0.9, 2.0])
    seen = start + bench.noise([1, 2], start) * sigmas.view(-1, 1, 1, 1)
    drawn = lab.euler([1, 2], start, [torch.tensor([float(sigma), 0.0]) for sigma in sigmas])
    assert torch.allclose(drawn, lab.denoise([1, 2], seen, sigmas), atol=1e-5)
