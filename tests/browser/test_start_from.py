"""Pictures of one's own on the page: an image that was dropped or chosen, and a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tests.browser.section import PREFIX, SETTLED, Section

TEXT = "a red house\nNegative prompt: blurry\nSteps: 3, Sampler: Euler, CFG scale: 5, Seed: 4242, Size: 64x64"


def picture(path: Path, text: str | None, size: tuple[int, int] = (96, 64)) -> Path:
    info = PngInfo()
    if text:
        info.add_text("parameters", text)
    Image.effect_mandelbrot(size, (-2, -1.5, 1, 1.5), 50).convert("RGB").save(path, pnginfo=info)
    return path


@pytest.fixture
def small(section: Section) -> Section:
    section.small_first_pass()
    section.set_host("txt2img_prompt", "a page")
    section.write("Nearest x2")
    return section


def start_from(section: Section, what: str) -> None:
    """Open the fold, if it is closed, and choose."""
    choice = section.page.locator(f"{PREFIX}start label").get_by_text(what, exact=True)
    if not choice.is_visible():
        section.part("start_from").locator(".label-wrap, button").first.click()
    choice.click()
    section.page.wait_for_function(
        "([id, text]) => document.querySelector(id).textContent.includes(text)",
        arg=[PREFIX + "start_from", f"Start from: {what}"],
        timeout=SETTLED,
    )


def wait_for_note(section: Section, text: str) -> None:
    section.page.wait_for_function(
        "([id, text]) => document.querySelector(id).textContent.includes(text)",
        arg=[PREFIX + "start_note", text],
        timeout=SETTLED,
    )


def test_an_image_with_its_own_text(small: Section, tmp_path: Path) -> None:
    start_from(small, "an image")
    file = picture(tmp_path / "house.png", TEXT)
    small.page.locator(f"{PREFIX}image input[type=file]").first.set_input_files(str(file))
    wait_for_note(small, "96 × 64, made with: a red house")
    small.page.wait_for_function(
        "(id) => document.querySelector(id).textContent.includes('96×64 → 192×128')", arg=PREFIX + "preview"
    )
    small.generate()
    info = small.info
    assert "Seed: 4242, Size: 96x64" in info["infotexts"][0] and info["infotexts"][0].startswith("a red house\n")
    assert (info["hires_strategies"][0]["width"], info["hires_strategies"][0]["height"]) == (192, 128)
    with Image.open(file) as image:
        enlarged = image.resize((192, 128), Image.Resampling.NEAREST)
        assert small.pixels(0) == bytes(str(enlarged.size), "ascii") + enlarged.tobytes()

    small.part("picture_texts").locator("input").uncheck()
    small.generate()
    assert "Seed: 5, Size: 96x64" in small.info["infotexts"][0]
    start_from(small, "first pass")
    small.generate()
    assert "Size: 128x192" in small.info["infotexts"][0] and "First pass image" not in small.info["infotexts"][0]


def test_an_image_without_text_and_none_at_all(small: Section, tmp_path: Path) -> None:
    start_from(small, "an image")
    small.generate()
    assert "There is no image to start from" in small.message
    file = picture(tmp_path / "plain.png", None)
    small.page.locator(f"{PREFIX}image input[type=file]").first.set_input_files(str(file))
    wait_for_note(small, "without generation parameters")
    small.generate()
    assert "Seed: 5, Size: 96x64" in small.info["infotexts"][0]


def test_a_folder(small: Section, tmp_path: Path) -> None:
    for number in (1, 2, 10):
        picture(tmp_path / f"{number}.png", TEXT.replace("4242", str(number)))
    (tmp_path / "3.png").write_bytes(b"broken")
    start_from(small, "a folder")
    small.change("folder", f'"{tmp_path}"')  # as Windows copies a path
    wait_for_note(small, "4 pictures to start from")
    small.page.wait_for_function(
        "(id) => document.querySelector(id).textContent.includes('has its own size')", arg=PREFIX + "preview"
    )
    small.part("results").get_by_text("beside the originals").click()
    small.generate()
    assert len(small.images) == 3
    message = small.message
    assert "3 done, 1 failed" in message and "'3.png' failed: '3.png' holds no image of a known format" in message
    made = {f"{number}-hires.png" for number in (1, 2, 10)}
    assert {path.name for path in tmp_path.iterdir()} == made | {"1.png", "2.png", "3.png", "10.png"}
    seeds = [text.split("Seed: ")[1].split(",")[0] for text in small.info["infotexts"]]
    assert seeds == ["1", "2", "10"]
    assert small.info["hires_strategies"][2]["seed"] == 10

    picture(tmp_path / "11.png", TEXT)
    small.generate()
    assert "1 done, 3 done before, 1 failed" in small.message and len(small.images) == 1


def test_a_folder_that_is_none(small: Section) -> None:
    start_from(small, "a folder")
    small.generate()
    assert "There is no folder to start from" in small.message
    small.change("folder", "/nowhere/at/all")
    wait_for_note(small, "There is no folder '/nowhere/at/all'")
    small.generate()
    assert "There is no folder '/nowhere/at/all' on the machine that runs the WebUI." in small.message


def test_the_gallery_s_button_takes_the_selected_image_all_the_same(small: Section, tmp_path: Path) -> None:
    small.tick(False)  # what went through a strategy is asked about
    small.generate()
    small.tick()
    start_from(small, "a folder")
    small.change("folder", str(tmp_path))
    small.select_image(0)
    small.generate("txt2img_hires_strategies_run")
    assert len(small.images) == 2 and not list(tmp_path.iterdir())


def shown(section: Section) -> dict[str, Any]:
    return {name: section.part(name).is_visible() for name in ("image", "folder", "results", "again", "picture_texts")}


def test_only_what_belongs_to_the_choice_is_shown(section: Section) -> None:
    assert not any(shown(section).values())
    start_from(section, "an image")
    section.part("image").wait_for(state="visible")
    assert shown(section) == {"image": True, "folder": False, "results": False, "again": False, "picture_texts": True}
    start_from(section, "a folder")
    section.part("folder").wait_for(state="visible")
    assert shown(section) == {"image": False, "folder": True, "results": True, "again": True, "picture_texts": True}
