"""Contact sheets: the files that are written, and what they say of pictures that went on to another script."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

FIELDS: dict[str, Any] = {
    "prompt": "a house", "seed": 3, "steps": 2, "width": 64, "height": 64,
    "alwayson_scripts": {"Hires strategies": {"args": [{"strategies": ["Lanczos x2", "Nearest x2"], "sheet": True}]}},
}  # fmt: skip


@pytest.fixture
def grids(api: Callable[..., Any], tmp_path: Path) -> dict[str, Any]:
    return {
        "outdir_txt2img_grids": str(tmp_path),
        "outdir_txt2img_samples": str(tmp_path / "samples"),
        "grid_save_to_dirs": False,
    }


def saved(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def generate(api: Callable[..., Any], **more: Any) -> Any:
    from modules.shared import opts

    before = dict(opts.data)
    opts.data.update(more.pop("options"))  # folders cannot be overridden by a request
    try:
        return api(**{**FIELDS, **more})
    finally:
        opts.data.clear()
        opts.data.update(before)


def test_it_is_saved_as_a_grid(api: Callable[..., Any], grids: dict[str, Any], tmp_path: Path) -> None:
    generate(api, save_images=True, options=grids)
    (file,) = saved(tmp_path)
    assert file.name.startswith("grid-") and file.suffix == ".png"
    with Image.open(file) as image:
        assert 'Hires strategy: "Lanczos x2\\nNearest x2"' in image.info["parameters"]
        assert min(image.size) > 128


SWEEP = "Lanczos x{1.25..2..0.25}"
OBJECTS = [{"stages": [{"upscaler": "Lanczos", "scale": scale}]} for scale in (1.25, 1.5, 1.75, 2)]


@pytest.mark.parametrize(
    ("strategies", "told"),
    [
        (SWEEP, SWEEP),
        ([SWEEP, "Nearest x2"], f"{SWEEP}\nNearest x2"),
        ("Lanczos x1.5\n\nLanczos  x2", "Lanczos x1.5\n\nLanczos  x2"),  # as the user wrote it
        (OBJECTS, SWEEP),
        ('Lanczos x{1.25,1.5} > None x1 @0.5 [prompt "a boat"]', None),  # with its styles, see below
    ],
)
def test_its_text_gives_the_sweep_back(api: Callable[..., Any], strategies: Any, told: str | None) -> None:
    from modules import infotext_utils

    from hires_strategies.notation.text import format_strategy, parse
    from hires_strategies.webui.page.pasted import pasted_strategy

    argument = {"strategies": strategies, "sheet": True}
    styles = ["sunset"] if told is None else []
    answer = api(**{**FIELDS, "styles": styles, "alwayson_scripts": {"Hires strategies": {"args": [argument]}}})
    info = json.loads(answer.info)
    parameters = infotext_utils.parse_generation_parameters(info["infotexts"][-1])
    pasted = pasted_strategy(parameters)
    if told is not None:
        assert pasted == told
        return
    variants = [record["strategy"] for record in info["hires_strategies"] if record["kind"] == "variant"]
    assert pasted is not None and "\n" not in pasted and "warm light" in pasted
    assert [format_strategy(each) for each in parse(pasted)] == variants
    asked = [record["asked"] for record in info["hires_strategies"] if record["kind"] == "variant"]
    assert asked == [f'Lanczos x{scale} > None x1 @0.5 [prompt "a boat"]' for scale in (1.25, 1.5)]


@pytest.mark.parametrize("option", [{"grid_save": False}, {"samples_save": True}])
def test_it_is_not_saved_where_grids_are_not(
    api: Callable[..., Any], grids: dict[str, Any], tmp_path: Path, option: dict[str, Any]
) -> None:
    answer = generate(api, save_images="grid_save" in option, options={**grids, **option})
    assert saved(tmp_path) == [] and len(answer.images) == 3


def test_the_hosts_colours(api: Callable[..., Any], grids: dict[str, Any], tmp_path: Path) -> None:
    generate(api, save_images=True, options={**grids, "grid_background_color": "#102030"})
    with Image.open(saved(tmp_path)[0]) as image:
        assert image.getpixel((1, 1))[:3] == (16, 32, 48)


def test_it_says_when_the_generated_image_went_on(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """As after face restoration: the sheet shows all variants before it, and says so."""
    from modules import scripts

    from hires_strategies.sheet.sheet import make_sheet
    from hires_strategies.webui.output import contact_sheets

    headings = []

    def recording(tiles: Any, look: Any, heading: Any, *rest: Any) -> Any:
        headings.append(heading)
        return make_sheet(tiles, look, heading, *rest)

    monkeypatch.setattr(contact_sheets, "make_sheet", recording)
    api(**FIELDS)

    def postprocess_image(self: Any, p: Any, arguments: Any) -> None:
        arguments.image = Image.fromarray(255 - np.asarray(arguments.image))

    monkeypatch.setattr(scripts.ScriptRunner, "postprocess_image", postprocess_image)
    api(**FIELDS)
    assert not any("before face restoration" in line for line in headings[0])
    assert any("before face restoration" in line for line in headings[1])


def test_the_head_says_what_the_strategies_went_on_from(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With Hires. fix on, its result is no first pass; nor is a picture of one's own."""
    from hires_strategies.sheet.sheet import make_sheet
    from hires_strategies.webui.output import contact_sheets

    told = []

    def recording(tiles: Any, look: Any, heading: Any, *rest: Any) -> Any:
        told.append((look.start, heading[1].split(", ", 1)[1].rsplit(", ", 2)[0]))
        return make_sheet(tiles, look, heading, *rest)

    monkeypatch.setattr(contact_sheets, "make_sheet", recording)
    api(**FIELDS)
    api(**FIELDS, enable_hr=True, hr_scale=2, hr_upscaler="Latent", denoising_strength=0.5)
    asked = {"strategies": ["Lanczos x2", "Nearest x2"], "sheet": True, "first_pass_image": encoded((72, 40))}
    api(**{**FIELDS, "alwayson_scripts": {"Hires strategies": {"args": [asked]}}})
    first = f"first pass {FIELDS['width']}x{FIELDS['height']}"
    hires = f"by Hires. fix to {2 * FIELDS['width']}x{2 * FIELDS['height']}"
    assert told == [
        ("First pass", first), ("Hires. fix", f"{first}, {hires}"), ("The picture", "on a picture of 72x40"),
    ]  # fmt: skip


def encoded(size: tuple[int, int]) -> str:
    with io.BytesIO() as file:
        Image.new("RGB", size, "gray").save(file, "PNG")
        return base64.b64encode(file.getvalue()).decode()


def test_costs_are_in_first_passes_of_this_image_with_hires_fix_too(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from hires_strategies.sheet.sheet import make_sheet
    from hires_strategies.webui.output import contact_sheets

    costs = []

    def recording(tiles: Any, look: Any, heading: Any, *rest: Any) -> Any:
        costs.append([tile.cost for tile in tiles])
        return make_sheet(tiles, look, heading, *rest)

    monkeypatch.setattr(contact_sheets, "make_sheet", recording)
    asked = {"strategies": ["Latent x1 @0.5", "Latent x1.5 @0.5"], "sheet": True}
    fields = {**FIELDS, "alwayson_scripts": {"Hires strategies": {"args": [asked]}}}
    api(**fields)
    api(**fields, enable_hr=True, hr_scale=2, hr_upscaler="Latent", denoising_strength=0.5)
    assert costs == [[1, 2.25], [4, 9]]


def test_a_sheet_that_cannot_be_made_costs_no_picture(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from modules import paths_internal

    from hires_strategies.sheet import fonts

    monkeypatch.setattr(paths_internal, "roboto_ttf_file", "absent.ttf")
    monkeypatch.setattr(fonts, "_others", list)

    for cached in (fonts._file_with, fonts._any_file):
        cached.cache_clear()
    answer = api(**FIELDS)
    for cached in (fonts._file_with, fonts._any_file):
        cached.cache_clear()
    assert len(answer.images) == 2
    assert "no font that can be read" in capsys.readouterr().err
    told = [record["error"] for record in json.loads(answer.info)["hires_strategies"]]
    assert told[0].startswith("The contact sheet could not be made: This machine has no font") and told[1] is None
