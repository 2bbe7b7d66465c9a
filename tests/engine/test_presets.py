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


@pytest.mark.parametrize("content", ["", "{", "[]", "1", '{"a": ["None x2"]', '{"a": 1}, 2', "[" * 10**5])
def test_a_broken_file_is_named_and_kept(presets, content):
    presets.path.parent.mkdir()
    presets.path.write_text(content, encoding="utf-8")
    for attempt in (presets.all, lambda: presets.save("b", ["None x2"]), lambda: presets.delete("a")):
        with pytest.raises(StrategyError):
            attempt()
    assert presets.path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\x7f"])
def test_a_prompt_may_hold_signs_that_end_a_line_elsewhere(presets, sign):
    line = f'Latent x2 @0.7 [prompt "a{sign}house"]'
    presets.save("odd", [line])
    presets.save("next", ["None x2"])
    assert presets.all() == {"odd": (line,), "next": ("None x2",)}
    presets.delete("next")
    assert presets.all() == {"odd": (line,)}


BAD_ENTRIES = [
    '"bad": ["None x2"]',
    '"bad": {"strategies": ["None"]}',
    '"bad": {"strategies": ["None x2"], "note": 1.50e400}',
    '"bad": {"strategies": []}',
    '"bad": null',
    '"bad": {"strategies": ["a \\ud800 x2"]}',
    '"bad\\ud800": {"strategies": ["None x2"]}',
    '"": {"strategies": ["None x2"]}',
    '"bad/name": {"strategies": ["None x2"]}',
    f'"{"b" * 61}": {{"strategies": ["None x2"]}}',
    '"bad": {"strategies": ["Latent x2 @0.7 [cfg 1e999]"]}',
]


@pytest.mark.parametrize("bad", BAD_ENTRIES)
def test_a_bad_entry_is_named_skipped_and_kept_as_it_is(presets, bad):
    presets.path.parent.mkdir()
    presets.path.write_text(f'{{"before": {{"strategies": ["None x2"]}},\n\t{bad} ,"c": {{"strategies":["None x3"]}}}}')
    name = json.loads(f"{{{bad}}}").popitem()[0]
    for _ in range(2):
        assert list(presets.all()) == ["before", "c"]
        (skipped,) = presets.bad_entries()
        assert skipped.name == name
        assert skipped.error.endswith(".") and "presets.json" in skipped.error
        presets.save("d", ["None x2"])
        presets.delete("d")
        assert bad in presets.path.read_text(encoding="utf-8")
    presets.delete("before")
    assert list(presets.all()) == ["c"]
    presets.delete(name)
    assert presets.bad_entries() == () and list(presets.all()) == ["c"]
    json.loads(presets.path.read_text(encoding="utf-8"))


def test_a_name_that_stands_twice_loses_neither(presets):
    presets.path.parent.mkdir()
    twice = '{"a": {"strategies": ["None x2"]}, "a": {"strategies": ["None x3"]}}'
    presets.path.write_text(twice, encoding="utf-8")
    presets.save("b", ["None x4"])
    assert presets.all() == {"a": ("None x3",), "b": ("None x4",)}
    assert [each.name for each in presets.bad_entries()] == ["a"]
    assert "None x2" in presets.path.read_text(encoding="utf-8")


def test_a_bad_entry_of_a_builtins_name_can_be_deleted(presets):
    presets.path.parent.mkdir()
    presets.path.write_text('{"Latent 2x": 1}', encoding="utf-8")
    presets.delete("Latent 2x")
    assert presets.path.read_text(encoding="utf-8") == "{}\n"


def test_saving_under_a_bad_entrys_name_mends_it(presets):
    presets.path.parent.mkdir()
    presets.path.write_text('{"a": 1, "b": {"strategies": ["None x2"]}}', encoding="utf-8")
    presets.save("a", ["None x3"])
    assert list(presets.all().items()) == [("a", ("None x3",)), ("b", ("None x2",))]
    assert presets.bad_entries() == ()


def test_a_file_from_an_editor_that_writes_a_byte_order_mark(presets):
    presets.path.parent.mkdir()
    presets.path.write_text('{"a": {"strategies": ["None x2"]}}', encoding="utf-8-sig")
    presets.save("b", ["None x3"])
    assert list(presets.all()) == ["a", "b"]


def test_half_a_character_is_refused_before_anything_is_written(presets):
    with pytest.raises(StrategyError, match="UTF-8"):
        presets.save("a", ['Latent x2 @0.7 [prompt "\ud800"]'])
    assert not presets.path.exists()


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
