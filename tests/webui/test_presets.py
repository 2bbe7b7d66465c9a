"""A preset file with a slip in it: told in the page and over the API, while everything else goes on working."""

from __future__ import annotations

import json

import pytest
from modules import paths_internal

from hires_strategies.webui.api import routes
from hires_strategies.webui.files import preset_file
from hires_strategies.webui.page import preset_list

GOOD = {"strategies": ["None x2"]}


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(paths_internal, "data_path", str(tmp_path))
    path = preset_file().path
    path.parent.mkdir()
    written = {"good": GOOD, "<slip>": ["None x2"], "half \ud800": GOOD, "Latent 2x": 3}
    path.write_text(json.dumps(written), encoding="utf-8")
    return path


def test_the_page_names_what_it_skips() -> None:
    chosen, message, table = preset_list.list_presets()
    assert chosen["choices"][-1] == "good"
    for shown in (message, table):
        assert "&lt;slip&gt;" in shown and "half \\ud800" in shown and "is skipped" in shown
        shown.encode()
    assert preset_list.load_preset("good", "before") == ("None x2", "")
    assert preset_list.load_preset("<slip>", "before") == ("before", "")


def test_saving_and_deleting_go_on(file) -> None:
    line = 'Latent x2 @0.7 [prompt "a\u2028house"]'
    assert "Saved" in preset_list.save_preset("odd", f"{line}\nNone x2")[1]
    assert preset_file().all()["odd"] == (line, "None x2")
    assert "Deleted" in preset_list.delete_preset("good")[1]
    assert "Deleted" in preset_list.delete_preset("<slip>")[1]
    assert set(json.loads(file.read_text(encoding="utf-8"))) == {"odd", "half \ud800", "Latent 2x"}


def test_the_api_tells_it_beside_the_presets_that_work() -> None:
    presets = json.loads(bytes(routes.list_presets().body))
    assert presets["good"] == {**GOOD, "builtin": False}
    for name in ("<slip>", "half \\ud800"):
        assert presets[name].pop("error").startswith("The preset ")
        assert presets[name] == {"strategies": [], "builtin": False}
    assert presets["Latent 2x"].pop("error")
    assert presets["Latent 2x"] == {"strategies": ["Latent x2 @0.7"], "builtin": True}
    assert json.loads(bytes(routes.delete_preset("<slip>").body)) == {"deleted": "<slip>"}
    assert "<slip>" not in json.loads(bytes(routes.list_presets().body))


def test_a_file_that_is_no_json_stays_as_it_is(file) -> None:
    file.write_text("{", encoding="utf-8")
    for answer in (preset_list.list_presets(), preset_list.save_preset("a", "None x2"), preset_list.delete_preset("a")):
        assert "cannot be read" in answer[1]
    assert "cannot be read" in preset_list.load_preset("Latent 2x", "")[1]
    assert preset_list.shown_name("Latent x2 @0.7", "") == "Latent 2x"
    assert file.read_text(encoding="utf-8") == "{"


def test_the_box_names_the_preset_that_the_text_is(api, file) -> None:  # the host lists its upscalers
    preset_list.save_preset("mine", "Latent x2 @0.7")
    assert preset_list.shown_name("Latent x2 @0.7\n\n", "mine") == "mine"
    assert preset_list.shown_name(" Latent x2 @0.7", "") == "Latent 2x"
    assert preset_list.shown_name("Latent x2 @0.6", "mine") == ""
    assert preset_list.shown_name("Latent x2 @0.6", "a new name") == "a new name", "it is being typed"
    assert preset_list.shown_name("R-ESRGAN 4x+ x2 @0.35", "mine") == "Pixel 2x"


@pytest.mark.parametrize("name", ["", "  ", None])
def test_without_a_name_nothing_is_saved_or_deleted(file, name) -> None:
    before = file.read_text(encoding="utf-8")
    assert "Type a name" in preset_list.save_preset(name, "None x2")[1]
    assert "Choose" in preset_list.delete_preset(name)[1]
    assert file.read_text(encoding="utf-8") == before
