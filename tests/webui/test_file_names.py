"""Every picture that is written gets a name that nothing else has, whatever the host's patterns are."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.live.client import TITLE

STRATEGIES = ["Lanczos x2", "Lanczos x1.5", "Lanczos x1.25 > Nearest x1.5"]
FIELDS: dict[str, Any] = {"prompt": "a house", "seed": 1, "steps": 2, "width": 64, "height": 64, "save_images": True}
EVERYTHING = {"strategies": STRATEGIES, "stages": True, "first_pass": True, "sheet": True}
UNNUMBERED = {"samples_filename_pattern": "[seed]", "save_images_add_number": False, "save_to_dirs": False}


class Folder:
    """Where a generation's files go: `files` under samples and grids, as paths relative to it."""

    def __init__(self, path: Path, api: Callable[..., Any]) -> None:
        self.path, self.api = path, api

    def generate(self, options: dict[str, Any], argument: Any = None, **fields: Any) -> Any:
        from modules.shared import opts

        before = dict(opts.data)
        folders = {"outdir_txt2img_samples": str(self.path / "s"), "outdir_txt2img_grids": str(self.path / "g")}
        opts.data.update({**folders, "grid_save_to_dirs": False, "return_grid": False, **options})
        section = {TITLE: {"args": [argument or {"strategies": STRATEGIES}]}}
        try:
            return self.api(**{**FIELDS, **fields}, alwayson_scripts=section)
        finally:
            opts.data.clear()
            opts.data.update(before)

    @property
    def files(self) -> set[str]:
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    def text(self, name: str) -> str:
        from modules import images

        with Image.open(self.path / name) as image:
            return str(images.read_info_from_image(image)[0])


@pytest.fixture
def folder(api: Callable[..., Any], tmp_path: Path) -> Folder:
    return Folder(tmp_path, api)


def test_without_numbers_nothing_is_overwritten(folder: Folder) -> None:
    first = {"s/1.png", "s/1-hires-2.png", "s/1-hires-3.png", "s/1-stage-3.png", "s/1-first-pass.png"}
    first |= {"g/grid-0000-sheet.png"}
    folder.generate(UNNUMBERED, EVERYTHING)
    assert folder.files == first
    for name in first:
        assert "Seed: 1" in folder.text(name)
    assert "Hires strategy: Lanczos x1.5," in folder.text("s/1-hires-2.png")
    before = {name: (folder.path / name).read_bytes() for name in first - {"s/1.png"}}
    for _ in range(2):
        folder.generate(UNNUMBERED, EVERYTHING)
    again = {name.replace(".png", f"-{number}.png") for name in before for number in (2, 3) if name[0] == "s"}
    assert folder.files == first | again | {"g/grid-0001-sheet.png", "g/grid-0002-sheet.png"}
    assert {name: (folder.path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("numbered", [True, False])
def test_sheets_are_named_as_the_hosts_grids(folder: Folder, numbered: bool, extended: bool) -> None:
    options = {**UNNUMBERED, "save_images_add_number": numbered, "grid_extended_filename": extended}
    for _ in range(3):
        folder.generate(options, {"strategies": STRATEGIES, "sheet": True}, batch_size=2)
    grids = {name for name in folder.files if name[0] == "g"}
    assert len(grids) == len({(folder.path / name).stat().st_ino for name in grids})
    sheets = {name for name in grids if "-sheet" in name}
    assert len(sheets) == 6
    number = "grid-000[0-9]" if numbered or not extended else ""
    seed = "-?[12]" if extended else ""
    assert all(re.fullmatch(rf"g/{number}{seed}-sheet(-[23])?\.png", name) for name in sheets), sheets


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
@pytest.mark.parametrize("pattern", ["[none]", "", "[seed]-[width]x[height]", "same"])
def test_every_pattern_and_format(folder: Folder, pattern: str, ending: str) -> None:
    options = {
        **UNNUMBERED, "samples_filename_pattern": pattern, "samples_format": ending, "grid_format": ending,
        "save_txt": True,
    }  # fmt: skip
    for _ in range(2):
        folder.generate(options, EVERYTHING, batch_size=2)
    pictures = {name for name in folder.files if name.endswith(ending)}
    ours = {name for name in pictures if re.search("-(hires-[23]|stage-3|first-pass|sheet)", name)}
    assert len(ours) == 2 * 2 * 5
    assert not any(Path(name).name.startswith("-") for name in ours)
    for name in ours:
        beside = folder.path / re.sub(rf"{ending}$", "txt", name)
        assert beside.read_text("utf-8").strip() == folder.text(name)
    assert not any(name.endswith(".tmp") for name in folder.files)


def test_a_text_of_another_picture_is_not_overwritten(folder: Folder) -> None:
    (folder.path / "s").mkdir()
    (folder.path / "s" / "1-hires-2.txt").write_text("mine")
    folder.generate({**UNNUMBERED, "save_txt": True})
    assert (folder.path / "s" / "1-hires-2.txt").read_text() == "mine"
    assert "s/1-hires-2-2.png" in folder.files and "s/1-hires-2-2.txt" in folder.files


def test_patterns_hold_the_values_of_the_image_they_belong_to(folder: Folder) -> None:
    options = {
        **UNNUMBERED, "save_to_dirs": True, "directories_filename_pattern": "[batch_number]",
        "samples_filename_pattern": "[generation_number]-[seed]-[width]-[denoising]",
    }  # fmt: skip
    strategies = ["Nearest x2", "Nearest x2 @0.5", "Nearest x2 @0.4 > Nearest x1.5"]
    argument = {"strategies": strategies, "first_pass": True, "stages": True}
    folder.generate(options, argument, batch_size=2, n_iter=2, seed=21)
    expected = set()
    for number in range(4):
        start = f"s/{number % 2 + 1}/{number + 1}-{21 + number}"
        expected |= {f"{start}-128-0.75.png", f"{start}-128-0.5-hires-2.png", f"{start}-192-0.4-hires-3.png"}
        expected |= {f"{start}-128-0.4-stage-3.png", f"{start}-64-first-pass.png"}
    assert {name for name in folder.files if name[0] == "s"} == expected


def test_a_long_name_keeps_what_tells_the_pictures_apart(folder: Folder) -> None:
    deep = folder.path / ("d" * 60) / ("e" * 60)
    folder.path = deep
    options = {**UNNUMBERED, "samples_filename_pattern": "[prompt_spaces]"}
    for prompt in ("x" * 300, "ä" * 300, "長" * 300):
        try:
            answer = folder.generate(options, prompt=prompt)
        except OSError:  # the host's own name is too long for the disk
            continue
        assert len(answer.images) == 3
    names = {Path(name).name for name in folder.files}
    assert {"-hires-2.png", "-hires-3.png"} <= {name[-12:] for name in names}
    assert len([name for name in names if "-hires-" in name]) >= 4


def test_two_writers_never_take_one_name(tmp_path: Path, api: Callable[..., Any]) -> None:
    """Two processes, or two threads, that look for a free name at the same moment."""
    from modules.shared import opts

    from hires_strategies.webui.output import file_names

    assert opts.samples_save
    taken: list[str] = []
    barrier = threading.Barrier(8)

    def write() -> None:
        for _ in range(20):
            barrier.wait()
            name, reserved = file_names._free(str(tmp_path / "1.png"), "-hires-2")
            assert reserved is not None and reserved.exists()
            reserved.replace(name)
            taken.append(name)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(taken)) == len(taken) == 160
    assert len(list(tmp_path.iterdir())) == 160


def test_what_cannot_be_written_is_told_and_returned(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules import script_callbacks

    def full(params: Any) -> None:
        if "-hires-" in params.filename:
            params.filename = str(folder.path / "absent" / "name.png")

    kind = "callbacks_before_image_saved"
    saving = [*script_callbacks.callback_map[kind], script_callbacks.ScriptCallback(__file__, full)]
    monkeypatch.setitem(script_callbacks.callback_map, kind, saving)
    answer = folder.generate(UNNUMBERED)
    records = json.loads(answer.info)["hires_strategies"]
    assert [bool(record["error"]) for record in records] == [False, True, True] and len(answer.images) == 3
    assert "could not be saved" in records[1]["error"] and "No such file" in records[1]["error"]
    assert folder.files == {"s/1.png"}
