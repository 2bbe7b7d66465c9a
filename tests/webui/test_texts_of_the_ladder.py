"""What texts, records, sheets, files and plots say of stages that memory turned into tiles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.live.client import decode

TITLE = "Hires strategies"
FIELDS: dict[str, Any] = {
    "prompt": "a house", "seed": 3, "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler",
    "override_settings": {"return_grid": False},
}  # fmt: skip
TOO_MUCH, FITS = "Latent x2 @0.6", "Latent x1 @0.6"
IN_TILES = "Latent x2 @0.6 [tile 64]"


@pytest.fixture(autouse=True)
def room_for_a_tile(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The model runs out of memory at more than 64x64 pixels of an image, which is what it was trained on."""
    import torch
    from modules import shared

    from hires_strategies.webui.files import memory_file
    from hires_strategies.webui.generation import starting_picture

    model = type(shared.sd_model)
    apply_model = model.apply_model

    def little(self: Any, x: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        if x.shape[-1] * x.shape[-2] > 64:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return apply_model(self, x, *args, **kwargs)

    monkeypatch.setattr(model, "apply_model", little)
    monkeypatch.setattr(starting_picture, "trained_side", lambda: 64)
    memory_file(str).path.unlink(missing_ok=True)
    yield
    memory_file(str).path.unlink(missing_ok=True)


def answer(api: Callable[..., Any], argument: dict[str, Any], **fields: Any) -> tuple[Any, dict[str, Any]]:
    given = api(**{**FIELDS, **fields}, alwayson_scripts={TITLE: {"args": [argument]}})
    return given.images, json.loads(given.info)


def strategy_in(text: str) -> str:
    """What generation parameters say of the strategy."""
    from modules import infotext_utils

    return str(infotext_utils.parse_generation_parameters(text).get("Hires strategy"))


def texts_of_files(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.rglob("*.png")):
        with Image.open(path) as image:
            found[path.name] = strategy_in(image.info["parameters"])
    return found


def test_each_image_its_file_and_the_sheet_say_what_was_sampled_in_tiles(
    api: Callable[..., Any], tmp_path: Path
) -> None:
    from modules.shared import opts

    before = dict(opts.data)
    names = {"samples_filename_pattern": "[seed]", "save_images_add_number": False}
    folders = {"outdir_txt2img_samples": str(tmp_path), "outdir_txt2img_grids": str(tmp_path)}
    opts.data.update({**names, **folders, "save_to_dirs": False, "grid_save_to_dirs": False})
    argument = {"strategies": [f"{TOO_MUCH} > Lanczos x1", FITS, TOO_MUCH], "stages": True, "sheet": True}
    try:
        _, info = answer(api, argument, n_iter=2, save_images=True)
    finally:
        opts.data.clear()
        opts.data.update(before)
    records = info["hires_strategies"]
    told = {(record["kind"], record["seed"], record["strategy"]) for record in records if record["kind"] != "sheet"}
    variants = {f"{IN_TILES} > Lanczos x1", FITS, IN_TILES}
    assert told == {("variant", seed, strategy) for seed in (3, 4) for strategy in variants}
    assert [record["error"] for record in records] == [None] * len(records)
    for record in records:
        text = strategy_in(info["infotexts"][record["index"]])
        if record["kind"] == "sheet":
            assert text == f"{IN_TILES} > Lanczos x1\n{FITS}\n{IN_TILES}"
            assert [tile["strategy"] for tile in record["tiles"]] == text.split("\n")
        else:
            assert text == record["strategy"]
        notes = [note for note in record["notes"] if "did not fit" in note]
        assert bool(notes) is ("tile" in str(record["strategy"]) and record["kind"] != "sheet")
    files = texts_of_files(tmp_path)
    sheets = {name: text for name, text in files.items() if name.endswith("-sheet.png")}
    assert len(sheets) == 2 and set(sheets.values()) == {f"{IN_TILES} > Lanczos x1\n{FITS}\n{IN_TILES}"}
    assert {name: text for name, text in files.items() if not name.startswith("grid")} == {
        f"{seed}{end}.png": text
        for seed in (3, 4)
        for end, text in (("", f"{IN_TILES} > Lanczos x1"), ("-hires-2", FITS), ("-hires-3", IN_TILES))
    }


def test_the_caption_of_a_picture_in_tiles_says_so(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    from hires_strategies.sheet import captions, sheet

    seen: list[Any] = []

    def watched(*given: Any) -> Any:
        seen.append(captions.make_captions(*given))
        return seen[-1]

    monkeypatch.setattr(sheet, "make_captions", watched)
    answer(api, {"strategies": [FITS, TOO_MUCH], "sheet": True})
    (made,) = seen
    assert "64" in str(made) and "tile" in str(made).lower(), made


def test_a_folder_s_results_say_so_and_are_done(api: Callable[..., Any], tmp_path: Path) -> None:
    from modules import shared

    shared.cmd_opts.gradio_allowed_path.append(str(tmp_path))
    try:
        for name, size in (("small.png", (32, 32)), ("large.png", (64, 64))):
            Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)).save(tmp_path / name)
        argument = {"strategies": TOO_MUCH, "folder": str(tmp_path), "results": "beside the originals"}
        states = []
        for _ in range(2):
            _, info = answer(api, argument)
            pictures = info["hires_strategies_folder"]["pictures"]
            states.append({each["picture"]: each["state"] for each in pictures})
    finally:
        shared.cmd_opts.gradio_allowed_path.remove(str(tmp_path))
    assert states == [dict.fromkeys(("large.png", "small.png"), state) for state in ("done", "done before")]
    with Image.open(tmp_path / "large-hires.png") as image:
        assert strategy_in(image.info["parameters"]) == IN_TILES
    with Image.open(tmp_path / "small-hires.png") as image:
        assert strategy_in(image.info["parameters"]) == TOO_MUCH


def test_each_cell_of_a_plot_says_what_it_is(api: Callable[..., Any]) -> None:
    from modules import scripts

    from hires_strategies.webui.xyz_axes import LABELS

    plot: Any = next(each for each in scripts.scripts_txt2img.selectable_scripts if each.title() == "X/Y/Z plot")
    axis = [option.label for option in plot.current_axis_options].index(LABELS["scale"])
    arguments = [axis, "1,2,1", [], 0, "", [], 0, "", [], False, True, False, False, False, False, False, 0, True]
    _, info = answer(api, {"strategies": [FITS]}, script_name="x/y/z plot", script_args=arguments)
    cells = [strategy_in(text) for text in info["infotexts"]][-3:]
    assert cells == [FITS, IN_TILES, FITS]


def test_its_text_makes_the_picture_again(api: Callable[..., Any]) -> None:
    images, info = answer(api, {"strategies": TOO_MUCH})
    again, told = answer(api, {"strategies": info["hires_strategies"][0]["strategy"]})
    assert np.array_equal(np.asarray(decode(images[0])), np.asarray(decode(again[0])))
    assert not any("did not fit" in note for note in told["hires_strategies"][0]["notes"])
