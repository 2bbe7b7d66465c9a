"""The study's arithmetic, on rows whose answer is known."""

import math

import pytest
from figures.study_report import Results, alignment, costs
from figures.study_runs import Row, Runs, line_of


def row(seed, strategy, strength=None, sigma=None, **other):
    values = {"seconds": 1.0, "cost": 5.0, "heads": 1, "keeper": True, "layout": 1.0, "sharpness": 1.0, **other}
    return Row(seed, strategy, strength, sigma, **values)


def test_repaired_counts_broken_first_passes_and_broken_the_whole_ones():
    rows = [row(seed, "", keeper=seed < 4) for seed in range(10)]
    rows += [row(seed, "Latent x2 @0.5", 0.5, 1.6, keeper=seed in (0, 1, 2, 4, 5)) for seed in range(10)]
    results = Results(rows)
    assert results.first_keepers()[0] == pytest.approx(0.4)
    assert results.repaired("Latent x2 @0.5")[0] == pytest.approx(2 / 6)
    assert results.broken("Latent x2 @0.5")[0] == pytest.approx(1 / 4)
    text = costs(results, ["Latent x2 @0.5"])
    assert "| 2.5 (1.5 to 5.9) | – | – |" in text  # a keeper of first passes alone: one in 0.4 (0.17 to 0.69)
    assert "| 10.0 (6.5 to 21.1) | above 10% |" in text  # five first passes for every second picture


def test_curves_that_follow_sigma_lie_apart_over_strength_only():
    rows = [row(seed, "") for seed in (0, 1)]
    for scheduler, factor in (("", 1.0), (" [scheduler Karras]", 0.5)):
        for tenth in range(2, 9):
            sigma = factor * tenth / 10
            text, layout = f"Lanczos x2 @0.{tenth}{scheduler}", 1 - math.log(1 + sigma)
            rows += [row(seed, text, tenth / 10, sigma, layout=layout + seed / 100) for seed in (0, 1)]
    results = Results(rows)
    sweeps = results.sweep("Lanczos"), results.sweep("Lanczos", "[scheduler Karras]")
    assert [len(each) for each in sweeps] == [7, 7]
    over_strength, over_sigma, points = alignment(results, *sweeps)
    assert points == 5  # sigmas 0.1 and 0.15 lie below the other curve
    assert over_sigma[0] < 0.01 < 0.1 < over_strength[0]
    for middle, low, high in (over_sigma, over_strength):
        assert low <= middle + 1e-9 and middle <= high + 1e-9


def test_rows_are_read_back(tmp_path):
    file = tmp_path / "rows.jsonl"
    rows = [row(3, "", seconds=0.5, cost=1.0, keeper=False), row(3, "Latent x2 @0.5", 0.5, 1.6)]
    file.write_text("".join(map(line_of, rows)), encoding="utf-8")
    assert file.read_text(encoding="utf-8").splitlines()[0] == '[3,"",null,null,0.5,1.0,1,false,1.0,1.0,null]'
    assert Runs("", 10, file).rows == rows


def test_the_tables_are_those_of_the_committed_rows():
    import study

    rows = Runs("", 10, study.ROOT / "docs" / "study" / "rows" / "strategies.jsonl").rows
    assert len(rows) > 1500
    written = (study.ROOT / "docs" / "study" / "README.md").read_text(encoding="utf-8")
    assert study.text_of(Results(rows), 10) == written
