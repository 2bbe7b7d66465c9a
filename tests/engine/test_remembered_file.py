"""The file of strengths that were found: medians, scale classes, and whatever editors and other processes do to it."""

from __future__ import annotations

import json
import multiprocessing
import statistics
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hires_strategies.errors import StrategyError
from hires_strategies.finding.change import ACCEPTED
from hires_strategies.finding.remembered import REMEMBERED, Key, Remembered
from hires_strategies.limits import MAX_SIGMA
from hires_strategies.planning.sought import Found, Sought

SOUGHT = Sought("figures", "Latent", 2.0, 4.0)
POINTS = ((0.3, 0.0), (1.5, 0.2), (float("inf"), 1.0))
SIGMAS = st.floats(0, MAX_SIGMA, exclude_min=True)
USUAL = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def file(tmp_path: Path) -> Remembered:
    return Remembered(tmp_path / "folder" / "found-strengths.json")


def found(sigma: float) -> Found:
    return Found(0.5, sigma, 7, POINTS)


@USUAL
@given(st.lists(SIGMAS, min_size=1, max_size=9))
def test_the_median_of_the_last_ones_counts(file: Remembered, sigmas: list[float]) -> None:
    file.path.unlink(missing_ok=True)
    for sigma in sigmas:
        file.learn(SOUGHT, found(sigma))
    assert file.sigma(SOUGHT) == statistics.median(sigmas[-REMEMBERED:])
    assert file.points(SOUGHT) == POINTS


@given(st.floats(1.2, 4), st.floats(1.2, 4))
def test_whatever_enlarges_alike_is_one(one: float, other: float) -> None:
    assert Key.of(Sought("a", "Latent", one)) == Key.of(Sought("a", "Latent", other))


@pytest.mark.parametrize(
    "other",
    [
        Sought("other", "Latent", 2.0, 4.0), Sought(None, "Latent", 2.0, 4.0), Sought("figures", "Lanczos", 2.0, 4.0),
        Sought("figures", "Latent", 1.0, 4.0), Sought("figures", "Latent", 8.0, 4.0),
        Sought("figures", "Latent", 2.0, 5.0), Sought("figures", "Latent", 2.0, 4.0, 3.5),
        Sought("figures", "Latent", 2.0, 4.0, control="off"),
    ],
)  # fmt: skip
def test_what_differs_is_remembered_for_itself(file: Remembered, other: Sought) -> None:
    file.learn(SOUGHT, found(1.5))
    assert file.sigma(other) is None and file.points(other) == ()
    file.learn(other, found(3.0))
    assert (file.sigma(SOUGHT), file.sigma(other)) == (1.5, 3.0)


def test_what_the_user_chose_stays(file: Remembered) -> None:
    file.learn(SOUGHT, found(1.5))
    file.choose(Key.of(SOUGHT), 4.0)
    file.learn(SOUGHT, found(2.0))
    file.teach(Sought("other", "None", 1.0), 1.0, 0.5)
    assert file.sigma(SOUGHT) == 4.0 and file.points(SOUGHT) == POINTS
    file.forget(Key.of(SOUGHT))
    assert file.sigma(SOUGHT) is None


def test_another_accepted_change_begins_anew(file: Remembered) -> None:
    file.learn(SOUGHT, found(1.5))
    for change in (0.5, 0.1, 0.2):
        file.teach(Sought("other", "None", 1.0), 1.0, change)
    assert file.accepted() == 0.2 and file.sigma(SOUGHT) is None
    file.learn(SOUGHT, found(2.5))
    assert file.sigma(SOUGHT) == 2.5  # not the median with what was found for another one
    file.forget_accepted()
    assert file.accepted() == ACCEPTED and file.sigma(SOUGHT) is None


DAMAGED = ["", "{", "[]", "null", "3", '{"found": 3}', '{"found": [3, null, "a", [], {}]}', "\0", "[" * 100_000,
           '{"found": [{"key": {"checkpoint": "\\ud800", "upscaler": "a"}, "sigmas": [1]}]}',
           '{"accepted": ["a", 2, -1, NaN, Infinity, true, null]}', '{"accepted": {"a": 1}}']  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_file_is_an_empty_one(file: Remembered, text: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(text, "utf-8")
    assert file.entries() == [] and file.sigma(SOUGHT) is None and file.accepted() == ACCEPTED
    file.learn(SOUGHT, found(1.5))
    assert file.sigma(SOUGHT) == 1.5


@pytest.mark.parametrize("name", ["upscaler", "checkpoint", "control"])
def test_half_a_letter_in_a_name(file: Remembered, name: str) -> None:
    """It cannot be written as UTF-8."""
    file.learn(SOUGHT, found(1.5))
    body = json.loads(file.path.read_text("utf-8"))
    body["found"][0]["key"][name] = "\ud800"
    file.path.write_text(json.dumps(body), "utf-8")
    file.learn(SOUGHT, found(2.5))
    assert file.sigma(SOUGHT) == 2.5


def test_bytes_that_are_no_text(file: Remembered) -> None:
    file.path.parent.mkdir()
    file.path.write_bytes(b"\xff\xfe\x00found")
    assert file.entries() == []


def test_the_mark_that_some_editors_write_does_no_harm(file: Remembered) -> None:
    file.learn(SOUGHT, found(1.5))
    file.path.write_text(file.path.read_text("utf-8"), "utf-8-sig")
    assert file.sigma(SOUGHT) == 1.5


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers(-(10**400), 10**400) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=6,
)
PLACES = [("found",), ("found", 0), *(("found", 0, name) for name in ("key", "sigmas", "accepted", "points")),
          ("found", 0, "sigmas", 0), ("found", 0, "points", 1), ("found", 0, "points", 1, 0),
          *(("found", 0, "key", name) for name in ("checkpoint", "upscaler", "scale", "cfg", "control", "more")),
          ("accepted",), ("accepted", 0)]  # fmt: skip


@USUAL
@given(st.sampled_from(PLACES), json_values)
def test_anything_may_stand_anywhere(file: Remembered, place: tuple[Any, ...], value: Any) -> None:
    """What makes no sense is left out, what is read does, and the file can be written again."""
    file.path.unlink(missing_ok=True)
    file.teach(SOUGHT, 1.5, 0.4)
    file.learn(SOUGHT, found(1.5))
    body = json.loads(file.path.read_text("utf-8"))
    inside = body
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    file.path.write_text(json.dumps(body), "utf-8")
    for entry in file.entries():
        assert 0 < entry.sigma <= MAX_SIGMA and all(0 <= change <= 1 for _, change in entry.points)
        assert [sigma for sigma, _ in entry.points] == sorted({sigma for sigma, _ in entry.points})
    assert 0 <= file.accepted() <= 1
    other = Sought("other", "None", 1.0)
    file.learn(other, found(2.5))
    assert file.sigma(other) == 2.5


def test_a_place_that_cannot_be_written_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StrategyError):
        Remembered(tmp_path / "file" / "found-strengths.json").learn(SOUGHT, found(1.5))


def test_a_long_file_forgets_the_oldest(file: Remembered) -> None:
    for number in range(3):
        file.learn(Sought(f"model {number}", "Latent", 2.0), found(1.5))
    body = json.loads(file.path.read_text("utf-8"))
    body["found"] *= 100
    file.path.write_text(json.dumps(body), "utf-8")
    file.learn(SOUGHT, found(2.5))
    assert len(file.entries()) == 200 and file.sigma(SOUGHT) == 2.5


def _learn_much(path: Path, name: str) -> None:
    file = Remembered(path)
    for number in range(20):
        file.learn(Sought(name, "Latent", 2.0, 1.0 + number), found(1.5))


def test_several_processes_leave_a_file_that_can_be_read(file: Remembered) -> None:
    """What one writes while the other does may be lost, and is found again; nothing else may happen."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("This system cannot fork.")
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_learn_much, args=(file.path, name)) for name in ("a", "b")]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        if file.path.exists():
            json.loads(file.path.read_text("utf-8"))
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert {entry.key.checkpoint for entry in file.entries()} <= {"a", "b"} and len(file.entries()) >= 20


def test_what_is_found_is_remembered_for_the_change_that_was_accepted_when_it_was_looked_for(file: Remembered) -> None:
    accepted = file.accepted()
    file.teach(Sought("other", "None", 1.0), 1.0, 0.5)  # while a generation ran
    file.learn(SOUGHT, found(1.5), accepted)
    assert file.sigma(SOUGHT) is None
    file.forget_accepted()
    assert file.sigma(SOUGHT) == 1.5


def test_a_file_that_cannot_be_read_now_is_not_written_over(file: Remembered, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another program holds it, for a moment."""
    file.choose(Key.of(SOUGHT), 4.0)

    def held(*_: object, **__: object) -> str:
        raise PermissionError("used by another process")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_text", held)
        assert file.sigma(SOUGHT) is None
        for change in (file.forget_all, file.forget_accepted, lambda: file.learn(SOUGHT, found(1.5))):
            with pytest.raises(StrategyError, match="used by another process"):
                change()
    assert file.sigma(SOUGHT) == 4.0
