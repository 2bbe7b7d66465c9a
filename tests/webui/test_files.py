"""The user's files lie in the host's data folder; those of the extension's folder move there once."""

from __future__ import annotations

import pytest
from modules import paths_internal

from hires_strategies.webui.files import data_file, preset_file, timing_file


@pytest.fixture(autouse=True)
def data_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(paths_internal, "data_path", str(tmp_path / "data"))
    return tmp_path / "data"


def test_presets_and_times_lie_in_the_data_folder(data_folder):
    preset_file().save("mine", ["Latent x2 @0.7"])
    assert (data_folder / "hires-strategies" / "presets.json").is_file()
    assert timing_file().path.parent == preset_file().path.parent


def test_a_file_of_the_extension_s_folder_moves_there(tmp_path, data_folder):
    old = tmp_path / "extension" / "presets.json"
    old.parent.mkdir()
    old.write_text("{}", encoding="utf-8")
    path = data_file("presets.json", old.parent)
    assert path == data_folder / "hires-strategies" / "presets.json"
    assert path.read_text(encoding="utf-8") == "{}" and not old.exists()


def test_a_newer_file_is_not_overwritten(tmp_path, data_folder):
    path = data_file("presets.json", tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text("new", encoding="utf-8")
    (tmp_path / "presets.json").write_text("old", encoding="utf-8")
    assert data_file("presets.json", tmp_path).read_text(encoding="utf-8") == "new"


def test_a_file_that_cannot_move_is_used_where_it_is(tmp_path, data_folder):
    data_folder.write_text("a file where the folder should be", encoding="utf-8")
    old = tmp_path / "presets.json"
    old.write_text("{}", encoding="utf-8")
    assert data_file("presets.json", tmp_path) == old
