"""The files of a generation, where the WebUI under test runs on this machine: their names, and what is in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.live.client import Answer, WebUI, same
from tests.live.test_interrupt import Running

UNNUMBERED = {"samples_filename_pattern": "[seed]", "save_images_add_number": False}
FIELDS: dict[str, Any] = {"seed": 1, "steps": 4, "sampler_name": "Euler a", "save_images": True}
SWEEP = "Latent x2 @{0.4..0.8..0.1} [30 steps]"


class Files:
    """Generations of a WebUI that saves into `folder`."""

    def __init__(self, webui: WebUI, folder: Path) -> None:
        self.webui, self.folder = webui, folder

    def generate(self, argument: Any, options: dict[str, Any], **fields: Any) -> Answer:
        answer = self.webui.txt2img(argument, override_settings=options, **{**FIELDS, **fields})
        if not self.names:
            pytest.skip("this WebUI saves its images on another machine")
        return answer

    @property
    def names(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}

    def sizes(self) -> dict[str, tuple[int, int]]:
        return {name: self.opened(name).size for name in self.names if name.endswith(".png")}

    def opened(self, name: str) -> Image.Image:
        (path,) = self.folder.rglob(name)
        with Image.open(path) as image:
            image.load()
            return image


@pytest.fixture
def files(webui: WebUI, tmp_path: Path) -> Iterator[Files]:
    wanted = {
        "outdir_txt2img_samples": str(tmp_path / "samples"), "outdir_txt2img_grids": str(tmp_path / "grids"),
        "save_incomplete_images": False,
    }  # fmt: skip
    options = webui.get("/sdapi/v1/options")
    if not wanted.keys() <= options.keys():
        pytest.skip("this WebUI does not tell its folders")
    webui.post("/sdapi/v1/options", wanted)
    yield Files(webui, tmp_path)
    webui.post("/sdapi/v1/options", {key: options[key] for key in wanted})


def test_no_picture_overwrites_another(files: Files) -> None:
    strategies = ["Lanczos x2", "Lanczos x1.5", "Lanczos x1.25"]
    files.generate({"strategies": strategies}, UNNUMBERED)
    assert files.sizes() == {"1.png": (256, 256), "1-hires-2.png": (192, 192), "1-hires-3.png": (160, 160)}
    for _ in range(2):
        files.generate({"strategies": strategies, "sheet": True, "first_pass": True}, UNNUMBERED)
    expected = {f"1-hires-{variant}{again}.png" for variant in (2, 3) for again in ("", "-2", "-3")}
    expected |= {"1.png", "1-first-pass.png", "1-first-pass-2.png"}
    sheets = {name for name in files.names if "sheet" in name}
    assert files.names - sheets == expected and len(sheets) == 2


@pytest.mark.parametrize("numbered", [True, False])
def test_three_runs_leave_three_sheets(files: Files, numbered: bool) -> None:
    for _ in range(3):
        argument = {"strategies": ["Lanczos x2", "Lanczos x1.5"], "sheet": True}
        files.generate(argument, {**UNNUMBERED, "save_images_add_number": numbered, "grid_format": "png"})
    sheets = [name for name in files.names if re.fullmatch(r"grid-000\d-sheet\.png", name)]
    assert len(sheets) == 3


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
@pytest.mark.parametrize("pattern", ["[none]", "same", "[seed]-[prompt_words]", ""])
def test_every_pattern_and_format(files: Files, pattern: str, ending: str) -> None:
    options = {**UNNUMBERED, "samples_filename_pattern": pattern, "samples_format": ending, "save_txt": True}
    argument = {"strategies": ["Lanczos x2", "Lanczos x1.5"], "first_pass": True}
    for _ in range(2):
        files.generate(argument, options, batch_size=2, steps=2)
    ours = {name for name in files.names if re.search(rf"-(hires-2|first-pass)(-\d+)?\.{ending}$", name)}
    assert len(ours) == 8, files.names
    assert {re.sub(rf"{ending}$", "txt", name) for name in ours} <= files.names
    assert not any(name.endswith(".tmp") or name.startswith("-") for name in files.names)


def test_patterns_hold_the_values_of_the_image_they_belong_to(files: Files) -> None:
    pattern = "[generation_number]-[batch_number]-[seed]-[width]-[denoising]"
    argument = {"strategies": ["Lanczos x2", "Lanczos x1.5 @0.5"], "first_pass": True}
    files.generate(argument, {**UNNUMBERED, "samples_filename_pattern": pattern}, batch_size=2, n_iter=2, steps=2)
    expected = set()
    for number in range(1, 5):
        start = f"{number}-{2 - number % 2}-{number}"
        expected |= {f"{start}-192-0.5-hires-2.png", f"{start}-128-first-pass.png"}
    ours = {name for name in files.names if "hires" in name or "first-pass" in name}
    assert ours == expected


def interrupted(files: Files, act: str = "interrupt", **fields: Any) -> Answer:
    """The sweep, interrupted in its third stage."""
    settings = {**UNNUMBERED, "return_grid": False}
    running = Running(files.webui, {"strategies": [SWEEP]}, **{**FIELDS, "override_settings": settings, **fields})
    running.wait_for("Hires stage 3 of 5")
    files.webui.post(f"/sdapi/v1/{act}")
    return running.result()


def check_unfinished(answer: Answer) -> None:
    variants = [record for record in answer.records if record["seed"] == 1]
    assert [record["strategy"] for record in variants] == [f"Latent x2 @{n} [30 steps]" for n in ("0.4", "0.5", "0.6")]
    assert [record["error"] for record in variants[:2]] == [None, None]
    assert "was not finished: the user" in variants[2]["error"] and len(variants[2]["same_as"]) == 2
    assert answer.images[variants[2]["index"]].size == (128, 128)


def test_finished_variants_of_an_interrupted_sweep_are_saved(files: Files) -> None:
    whole = files.webui.txt2img({"strategies": [SWEEP]}, **{**FIELDS, "save_images": False})
    answer = interrupted(files)
    check_unfinished(answer)
    assert files.sizes() == {"1.png": (256, 256), "1-hires-2.png": (256, 256)}
    assert same(files.opened("1.png"), whole.images[0]) and same(files.opened("1-hires-2.png"), whole.images[1])


def test_a_skipped_batch_keeps_what_is_finished(files: Files) -> None:
    answer = interrupted(files, "skip", n_iter=2)
    check_unfinished(answer)
    of_the_next = {"2.png", *(f"2-hires-{variant}.png" for variant in range(2, 6))}
    assert files.names == {"1.png", "1-hires-2.png"} | of_the_next | {n for n in files.names if n.startswith("grid")}


def test_incomplete_images_are_saved_where_the_host_saves_them(files: Files) -> None:
    interrupted(files, override_settings={**UNNUMBERED, "save_incomplete_images": True})
    assert files.sizes() == {"1.png": (256, 256), "1-hires-2.png": (256, 256), "1-hires-3.png": (128, 128)}


@pytest.mark.parametrize("strategy", ["Lanczos x2", "Latent x2 @0.5"])
def test_the_copy_before_hires_fix_is_the_first_pass(files: Files, strategy: str) -> None:
    argument = {"strategies": [strategy], "reuse_first_pass": False}
    plain: Callable[..., Answer] = files.webui.txt2img
    first = plain({**argument, "first_pass": True}, **{**FIELDS, "batch_size": 2, "save_images": False})
    files.generate(argument, {**UNNUMBERED, "save_images_before_highres_fix": True}, batch_size=2)
    copies = {f"{seed}-before-highres-fix.png" for seed in (1, 2)}
    assert {name for name in files.names if "before" in name} == copies
    pictures = [first.images[record["index"]] for record in first.records if record["kind"] == "first_pass"]
    for seed, picture in zip((1, 2), pictures, strict=True):
        saved = files.opened(f"{seed}-before-highres-fix.png")
        assert same(saved, picture)
        assert f"Seed: {seed}," in saved.info["parameters"] and "Hires strategy" not in saved.info["parameters"]
