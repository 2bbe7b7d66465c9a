"""Which images are written to files and returned: finished ones, what an interrupt left, the first pass before."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.live.client import TITLE, Answer, decode

SWEEP = "Nearest x2 @{0.4,0.5,0.6,0.7,0.8}"
BEFORE = "-before-highres-fix"


class Run:
    """A generation whose user does something when a stage begins, and the texts of its files by name."""

    def __init__(self, api: Callable[..., Any], folder: Path, patched: pytest.MonkeyPatch) -> None:
        self.api, self.folder, self.patched = api, folder, patched
        self.stages = 0

    def when_stage(self, number: int, act: Callable[[Any], None]) -> None:
        """`act` on shared.state within the stage of that number, counted over all batches from 1."""
        from modules import shared

        from hires_strategies.webui.host.stages import WebuiHost

        own = WebuiHost.sample

        def sample(host: Any, *args: Any) -> Any:
            self.stages += 1
            if self.stages == number:
                act(shared.state)
            return own(host, *args)

        self.patched.setattr(WebuiHost, "sample", sample)

    def __call__(self, argument: Any, options: dict[str, Any] | None = None, **fields: Any) -> Answer:
        from modules.shared import opts

        folders = {"outdir_txt2img_samples": str(self.folder), "outdir_txt2img_grids": str(self.folder / "grids")}
        settings = {"samples_filename_pattern": "[seed]", "save_to_dirs": False, "return_grid": False}
        for key, value in {**folders, **settings, **(options or {})}.items():
            self.patched.setitem(opts.data, key, value)
        fields = {"prompt": "a house", "seed": 30, "steps": 2, "width": 64, "height": 64, "save_images": True, **fields}
        answer = self.api(**fields, alwayson_scripts={TITLE: {"args": [argument]}})
        return Answer([decode(image) for image in answer.images], json.loads(answer.info))

    @property
    def texts(self) -> dict[str, str]:
        found = {}
        for file in self.folder.glob("*.png"):
            with Image.open(file) as image:
                found[file.stem.partition("-")[2]] = image.info["parameters"]
        return found


@pytest.fixture
def run(api: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(api, tmp_path, monkeypatch)


def interrupt(state: Any) -> None:
    state.interrupted = True


def skip(state: Any) -> None:
    state.skipped = True


def test_finished_variants_of_an_interrupted_sweep_are_saved(run: Run) -> None:
    run.when_stage(3, interrupt)
    answer = run({"strategies": [SWEEP], "first_pass": True})
    assert set(run.texts) == {"30", "30-hires-2", "30-first-pass"}
    for name, strength in (("30", 0.4), ("30-hires-2", 0.5)):
        assert f"Hires strategy: Nearest x2 @{strength}," in run.texts[name]
    kinds = [(record["kind"], record["strategy"], bool(record["error"])) for record in answer.records]
    assert kinds == [
        ("variant", "Nearest x2 @0.4", False), ("variant", "Nearest x2 @0.5", False),
        ("variant", "Nearest x2 @0.6", True), ("first_pass", None, False),
    ]  # fmt: skip
    unfinished = answer.records[2]
    assert unfinished["same_as"] == ["Nearest x2 @0.7", "Nearest x2 @0.8"] and unfinished["stage"] is None
    assert unfinished["error"].startswith("'Nearest x2 @0.6' was not finished: the user interrupted it.")
    assert "'Nearest x2 @0.7' did not run" in unfinished["error"]
    assert answer.images[2].size == answer.images[3].size == (64, 64)
    assert "Hires strategy" not in answer.info["infotexts"][2]


def test_incomplete_images_are_saved_where_the_host_saves_them(run: Run) -> None:
    run.when_stage(2, interrupt)
    run({"strategies": [SWEEP]}, {"save_incomplete_images": True})
    assert set(run.texts) == {"30", "30-hires-2"}
    assert "Hires strategy" not in run.texts["30-hires-2"]


@pytest.mark.parametrize("incomplete", [True, False])
def test_an_unfinished_generated_image_is_an_incomplete_one(run: Run, incomplete: bool) -> None:
    run.when_stage(1, interrupt)
    answer = run({"strategies": [SWEEP]}, {"save_incomplete_images": incomplete})
    assert len(answer.images) == 1 and len(answer.records[0]["same_as"]) == 4
    assert set(run.texts) == ({"30"} if incomplete else set())


def test_each_last_finished_stage_is_given_once(run: Run) -> None:
    run.when_stage(2, interrupt)
    texts = ["Nearest x2 @0.4", "Nearest x2 @0.4 > Nearest x1.5 @0.{5,6}", "Nearest x1.5 @0.{5,6}"]
    answer = run({"strategies": texts})
    shown = [(record["strategy"], record["stage"], record["same_as"]) for record in answer.records]
    assert shown == [
        ("Nearest x2 @0.4", "Nearest x2 @0.4", []),
        ("Nearest x2 @0.4 > Nearest x1.5 @0.5", "Nearest x2 @0.4", ["Nearest x2 @0.4 > Nearest x1.5 @0.6"]),
        ("Nearest x1.5 @0.5", None, ["Nearest x1.5 @0.6"]),
    ]


def test_a_skipped_batch_keeps_what_is_finished(run: Run) -> None:
    """The host has forgotten the skip when the images beside the generated ones are saved, after all batches."""
    run.when_stage(2, skip)
    answer = run({"strategies": ["Nearest x2 @0.4", "Nearest x2 @0.6"], "first_pass": True}, n_iter=2)
    assert set(run.texts) == {"30", "30-first-pass", "31", "31-hires-2", "31-first-pass"}
    assert [bool(record["error"]) for record in answer.records if record["kind"] == "variant"] == [0, 0, 1, 0]


def test_nothing_is_saved_that_nobody_asked_to_save(run: Run) -> None:
    run.when_stage(2, interrupt)
    argument = {"strategies": [SWEEP], "first_pass": True}
    run(argument, {"save_images_before_highres_fix": True}, save_images=False)
    run(argument, {"samples_save": False, "save_images_before_highres_fix": True, "save_incomplete_images": True})
    assert run.texts == {}


@pytest.mark.parametrize("strategy", ["Nearest x2 @0.4", "Latent x2 @0.5", "Lanczos x2"])
def test_the_first_pass_is_the_copy_before_hires_fix(run: Run, strategy: str) -> None:
    fields: dict[str, Any] = {"batch_size": 2, "n_iter": 2}
    argument = {"strategies": [strategy], "reuse_first_pass": False}
    plain = run({"strategies": [strategy], "first_pass": True, "reuse_first_pass": False}, save_images=False, **fields)
    run(argument, {"save_images_before_highres_fix": True}, **fields)
    seeds = range(30, 34)
    assert set(run.texts) == {f"{seed}{suffix}" for seed in seeds for suffix in ("", BEFORE)}
    for seed, image in zip(seeds, plain.images[4:]):
        text = run.texts[f"{seed}{BEFORE}"]
        assert f", Seed: {seed}, " in text and "Hires strategy" not in text
        (file,) = run.folder.glob(f"*-{seed}{BEFORE}.png")
        with Image.open(file) as saved:
            assert saved.size == (64, 64) and saved.tobytes() == image.tobytes()


def test_the_copy_before_hires_fix_is_the_first_pass_asked_for(run: Run) -> None:
    """One file, not two of the same picture. With the host's own Hires. fix, the host makes the copy."""
    options = {"save_images_before_highres_fix": True}
    run({"strategies": ["Nearest x2"], "first_pass": True}, options)
    assert set(run.texts) == {"30", f"30{BEFORE}"}
    hires = {"enable_hr": True, "hr_upscaler": "Nearest", "hr_scale": 2, "denoising_strength": 0.5, "seed": 40}
    run({"strategies": ["Nearest x1.5"]}, options, **hires)
    assert {name for name in run.texts if name.startswith("40")} == {"40", f"40{BEFORE}"}


def test_a_picture_in_place_of_a_first_pass_is_not_copied(run: Run) -> None:
    first = run("Nearest x1", save_images=False).images[0]
    buffer = io.BytesIO()
    first.save(buffer, "PNG")
    argument = {"strategies": ["Nearest x2"], "first_pass_image": base64.b64encode(buffer.getvalue()).decode()}
    run(argument, {"save_images_before_highres_fix": True})
    assert set(run.texts) == {"30"}
