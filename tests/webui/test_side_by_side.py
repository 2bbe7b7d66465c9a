"""Files of one generation are written at the same time, with names in order, unless another extension takes part."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import TITLE

STRATEGIES = ["Nearest x1 @0.5", "Nearest x1.25", "Nearest x1.5", "Nearest x2"]
SECONDS = 60  # what is waited for never comes where it is not expected


@pytest.fixture
def generate(api: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    from modules.shared import opts

    for folder in ("samples", "grids"):
        monkeypatch.setitem(opts.data, f"outdir_txt2img_{folder}", str(tmp_path / folder))
    for key, value in {"samples_filename_pattern": "[seed]", "save_to_dirs": False, "grid_save": True}.items():
        monkeypatch.setitem(opts.data, key, value)
    fields = {"prompt": "a house", "seed": 30, "steps": 1, "width": 64, "height": 64, "save_images": True}
    argument = {"strategies": STRATEGIES, "sheet": True}
    return lambda: api(**fields, alwayson_scripts={TITLE: {"args": [argument]}})


class Writes:
    """Calls of the host's save_image: their threads, and whether several wait for each other within it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, together: int) -> None:
        from PIL import Image

        self.threads: list[threading.Thread] = []
        self.met = 0
        meeting = threading.Barrier(together)
        save = Image.Image.save

        def saved(image: Any, target: Any, *args: Any, **kwargs: Any) -> None:
            if str(target).endswith(".tmp"):  # what the host writes first
                self.threads.append(threading.current_thread())
                if "-hires-" in str(target) and threading.current_thread() is not threading.main_thread():
                    meeting.wait(SECONDS)
                    self.met += 1
            save(image, target, *args, **kwargs)

        monkeypatch.setattr(Image.Image, "save", saved)


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.rglob("*.png"))


FILES = ["00000-30.png", "00001-30-hires-2.png", "00002-30-hires-3.png", "00003-30-hires-4.png", "grid-0000-sheet.png"]


def test_further_pictures_are_written_at_once(generate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    writes = Writes(monkeypatch, together=3)
    answer = generate()
    assert writes.met == 3 and len(answer.images) == 5
    assert names(tmp_path) == FILES


def test_one_after_the_other_beside_another_extension(
    generate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import script_callbacks

    seen: list[str] = []
    other = script_callbacks.ScriptCallback(
        str(tmp_path / "other.py"), lambda params: seen.append(Path(params.filename).name)
    )
    monkeypatch.setitem(
        script_callbacks.callback_map,
        "callbacks_before_image_saved",
        [*script_callbacks.callback_map["callbacks_before_image_saved"], other],
    )
    writes = Writes(monkeypatch, together=2)
    generate()
    assert set(writes.threads) == {threading.main_thread()} and len(writes.threads) == 5
    assert seen[:4] == FILES[:4] and names(tmp_path) == FILES


def test_what_cannot_be_written_is_told_with_its_picture(
    generate: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PIL import Image

    save = Image.Image.save

    def saved(image: Any, target: Any, *args: Any, **kwargs: Any) -> None:
        if "hires-3" in str(target):
            raise OSError("the disk is full")
        save(image, target, *args, **kwargs)

    monkeypatch.setattr(Image.Image, "save", saved)
    records = json.loads(generate().info)["hires_strategies"]
    failed = [record for record in records if record["error"]]
    assert [record["strategy"] for record in failed] == ["Nearest x1.5"]
    assert "could not be saved: the disk is full" in failed[0]["error"]
    assert [name.partition("-")[2] for name in names(tmp_path)] == [
        "30.png",
        "30-hires-2.png",
        "30-hires-4.png",
        "0000-sheet.png",
    ]
    assert not list(tmp_path.rglob("*.tmp"))
