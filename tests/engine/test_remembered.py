"""Strengths that were found, as the page lists and changes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.finding.remembered import Key, Remembered
from hires_strategies.planning.sought import Found, Sought

LATENT = Sought("figures", "Latent", 2.0, 4.0)
PIXEL = Sought("figures", "Lanczos", 2.0, 4.0)


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    return Remembered(tmp_path / "folder" / "found-strengths.json")


def test_one_look_into_the_file_answers_many_questions(remembered: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    remembered.learn(LATENT, Found(0.3, 1.0, 7))
    remembered.choose(Key.of(PIXEL), 2.0)
    looks: list[Path] = []
    read = Path.read_text

    def looked(path: Path, **how: str) -> str:
        looks.append(path)
        return read(path, **how)

    monkeypatch.setattr(Path, "read_text", looked)
    lookup = remembered.lookup()
    assert looks == []
    assert [lookup(LATENT, False), lookup(PIXEL, False), lookup(LATENT, True)] == [1.0, 2.0, None]
    assert lookup(Sought("other", "Latent", 2.0, 4.0), False) is None
    assert len(looks) == 1


def test_forgetting_all_leaves_what_the_user_taught(remembered: Remembered) -> None:
    remembered.teach(LATENT, 1.5, 0.4)
    remembered.learn(PIXEL, Found(0.4, 1.2, 7))
    assert (remembered.taught(), remembered.accepted(), len(remembered.entries())) == (1, 0.4, 2)
    remembered.forget_all()
    assert (remembered.taught(), remembered.accepted(), remembered.entries()) == (1, 0.4, [])
    remembered.forget_accepted()
    assert remembered.taught() == 0 and remembered.accepted() < 0.4


def test_what_was_found_for_another_change_is_looked_for_again(remembered: Remembered) -> None:
    remembered.learn(LATENT, Found(0.3, 1.0, 7))
    remembered.teach(PIXEL, 1.5, 0.4)
    assert [entry.counts(remembered.accepted()) for entry in remembered.entries()] == [False, True]
    assert remembered.sigma(LATENT) is None and remembered.sigma(PIXEL) == 1.5


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf"), True, "1", None])
def test_a_sigma_that_is_none_is_refused(remembered: Remembered, value: Any) -> None:
    with pytest.raises(StrategyError, match="start sigma"):
        remembered.choose(Key.of(LATENT), value)
    assert remembered.entries() == []


@pytest.mark.parametrize(
    "wrong",
    [{"checkpoint": ["a"]}, {"checkpoint": 3}, {"cfg": "high"}, {"distilled_cfg": True}, {"control": {}}, {"scale": 2}],
)
def test_an_entry_that_makes_no_sense_is_left_out(remembered: Remembered, wrong: dict[str, Any]) -> None:
    remembered.learn(PIXEL, Found(0.4, 1.2, 7))
    remembered.learn(LATENT, Found(0.3, 1.0, 7))
    body = json.loads(remembered.path.read_text("utf-8"))
    body["found"][0]["key"] |= wrong
    remembered.path.write_text(json.dumps(body), "utf-8")
    assert remembered.sigma(LATENT) == 1.0 and len(remembered.entries()) == 1
