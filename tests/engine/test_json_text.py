"""Objects in texts that anybody may have written."""

from __future__ import annotations

from pathlib import Path

import pytest

from hires_strategies.json_file import read_object
from hires_strategies.json_text import object_in


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", "3", "null", "{", '{"a": 1', "[" * 100_000, '{"a": ' * 100_000])
def test_any_other_text_holds_none(text: str, tmp_path: Path) -> None:
    assert object_in(text) is None
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    assert read_object(file) == {}


def test_an_object_is_read(tmp_path: Path) -> None:
    assert object_in(' {"a": [1, null]} ') == {"a": [1, None]} and object_in("{}") == {}
    assert read_object(tmp_path / "absent.json") == {}
