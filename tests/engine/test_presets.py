"""The user's presets live in one file that may be shared, edited and broken."""

from __future__ import annotations

import json
import threading

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import parse
from hires_strategies.presets import PresetFile, builtin


@pytest.fixture
def presets(tmp_path):
    return PresetFile(tmp_path / "data" / "presets.json")


def test_builtin_presets_are_strategies():
    assert "Latent 2x" in builtin()
    for name, lines in builtin().items():
        assert parse("\n".join(lines)), name


def test_save_overwrite_delete(presets):
    assert presets.all() == {}
    assert presets.save(" mine ", ["Latent x2 @0.7\n\n None x2 "]) == "mine"
    presets.save("größer, schöner: 2", ["None x2"])
    presets.save("mine", ["None x3"])
    assert presets.all() == {"mine": ("None x3",), "größer, schöner: 2": ("None x2",)}
    assert json.loads(presets.path.read_text(encoding="utf-8"))["mine"] == {"strategies": ["None x3"]}
    presets.delete("mine")
    assert list(presets.all()) == ["größer, schöner: 2"]
    assert [path.name for path in presets.path.parent.iterdir()] == ["presets.json"]


@pytest.mark.parametrize("name", ["", "  ", "a/b", "..\\x", "a\nb", "x" * 61, "Latent 2x", None, 3])
def test_names_that_are_refused(presets, name):
    with pytest.raises(StrategyError):
        presets.save(name, ["None x2"])
    assert not presets.path.exists()


@pytest.mark.parametrize("strategies", ["None x2", [], ["Latent x2"], [1], None, ["None x2"] * 5000])
def test_bodies_that_are_refused(presets, strategies):
    with pytest.raises(StrategyError):
        presets.save("mine", strategies)


@pytest.mark.parametrize("content", ["{", "[]", '{"a": ["None x2"]}', '{"a": {"strategies": ["None"]}}'])
def test_a_broken_file_is_named_and_kept(presets, content):
    presets.path.parent.mkdir()
    presets.path.write_text(content, encoding="utf-8")
    for attempt in (presets.all, lambda: presets.save("b", ["None x2"]), lambda: presets.delete("a")):
        with pytest.raises(StrategyError):
            attempt()
    assert presets.path.read_text(encoding="utf-8") == content


def test_deleting_what_is_not_there(presets):
    with pytest.raises(StrategyError, match="no preset 'nothing'"):
        presets.delete("nothing")


def test_several_threads_lose_nothing(presets):
    threads = [threading.Thread(target=presets.save, args=(f"p{n}", ["None x2"])) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(presets.all()) == 12
