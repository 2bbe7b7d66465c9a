"""What the page starts from, as its last arguments say, and which paths name a folder."""

from __future__ import annotations

import ntpath
import os
import posixpath
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.vocabulary import Vocabulary
from hires_strategies.webui.generation import folder_path, selected_image, start_from
from hires_strategies.webui.generation.folder_listing import list_pictures, natural
from hires_strategies.webui.generation.request import KEYS, Request, read_arguments

HOST = Vocabulary(("Latent", "Nearest"), ("Euler",), ("Automatic",), Limits())
PAGE: tuple[Any, ...] = (True, "Nearest x2", False, False, False, "differences", True, False)


def read(*start: Any) -> Request:
    request = read_arguments([*PAGE, *start], HOST)
    assert request is not None
    return request


def test_they_stand_after_all_others() -> None:
    assert len(PAGE) == start_from.FIRST == selected_image._FIELD + 1 == len(KEYS) + 2


def test_a_first_pass_needs_none_of_them() -> None:
    plain = read_arguments(PAGE, HOST)
    assert read("first pass", None, True, "/pictures", "output folder", True) == read() == read(None) == plain


def test_an_image() -> None:
    request = read("an image", Image.new("RGBA", (64, 32)), True, "/pictures", "output folder", False)
    assert request.first_pass_image is not None and request.folder is None and request.picture_texts is True
    assert (request.first_pass_image.mode, request.first_pass_image.size) == ("RGB", (64, 32))
    assert request.first_pass_image.getpixel((0, 0)) == (255, 255, 255)  # on white, as over the API
    for image in (Image.new("RGB", (4, 64)), Image.new("RGB", (9000, 8)), "no image", {"a": 1}):
        with pytest.raises(StrategyError):
            read("an image", image)
    with pytest.raises(StrategyError, match="There is no image to start from"):
        read("an image", None, True)


def test_a_folder() -> None:
    request = read("a folder", None, False, "/pictures", "beside the originals", True)
    found = (request.folder, request.results, request.again, request.picture_texts, request.first_pass_image)
    assert found == ("/pictures", "beside the originals", True, False, None)
    assert read("a folder", None, None, "/pictures").picture_texts is True
    for folder in ("", "  ", None, 3):
        with pytest.raises(StrategyError, match="There is no folder to start from"):
            read("a folder", None, True, folder)
    with pytest.raises(StrategyError, match="'results'"):
        read("a folder", None, True, "/pictures", "elsewhere")
    with pytest.raises(StrategyError, match="'first pass', 'an image', 'a folder', found 'a film'"):
        read("a film")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ([*PAGE, "a folder"], True),
        ((*PAGE, "a folder", None), True),
        ([*PAGE, "an image"], False),
        ([False, *PAGE[1:], "a folder"], False),
        (PAGE, False),
        ([], False),
        ([{"strategies": "Nearest x2", "folder": "x"}], True),
        (['{"strategies": "Nearest x2", "folder": "x"}'], True),
        (["{Nearest x2 @0.5,folder"], False),
        (['Nearest x2 @0.5 [prompt "folder"]'], False),
    ],
)
def test_who_asks_for_a_folder(arguments: Any, asked: bool) -> None:
    assert start_from.asks_for_folder(arguments) is asked


@pytest.mark.parametrize(
    ("flavour", "folder", "path", "inside"),
    [
        (posixpath, "/data", "/data", True),
        (posixpath, "/data", "/data/a/b", True),
        (posixpath, "/data", "/data2", False),
        (posixpath, "/data", "/", False),
        (posixpath, "/Data", "/data", False),
        (ntpath, "C:\\data", "c:/DATA/a", True),
        (ntpath, "C:\\data", "D:\\data", False),
        (ntpath, "C:\\data", "C:\\data2", False),
        (ntpath, "C:\\data", "\\\\server\\data", False),
        (ntpath, "C:\\data", "\\\\?\\C:\\other", False),
        (ntpath, "\\\\server\\share", "\\\\server\\share\\a", True),
        (ntpath, "\\\\server\\share", "\\\\server\\other\\a", False),
    ],
)
def test_what_lies_inside(monkeypatch: Any, flavour: Any, folder: str, path: str, inside: bool) -> None:
    monkeypatch.setattr(os, "path", flavour)
    assert folder_path._contains(folder, path) is inside


@pytest.mark.parametrize("text", ['"{}"', "'{}'", " {} ", "{}/", "{}/../{name}", "{}/."])
def test_paths_as_people_write_them(tmp_path: Path, text: str) -> None:
    named = text.format(tmp_path, name=tmp_path.name)
    assert folder_path.allowed_folder(named, is_api=False) == Path(os.path.realpath(tmp_path))


def test_paths_that_name_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"x")
    for text in (str(file), str(tmp_path / "absent"), "C:\\pictures", "a\0b", "x" * 5000, '""', "~nobody/x"):
        with pytest.raises(StrategyError, match="folder"):
            folder_path.allowed_folder(text, is_api=False)


def test_the_order_is_that_of_people() -> None:
    names = ["10.png", "2.png", "1.png", "a10b2.png", "A9.png", "a10b1.png", "\u0663.png", "01.png"]
    ordered = sorted(names, key=natural)
    assert [name for name in ordered if name[0] != "\u0663"] == [
        "01.png", "1.png", "2.png", "10.png", "A9.png", "a10b1.png", "a10b2.png"
    ]  # fmt: skip


def test_results_are_known_by_name_or_by_what_was_noted(tmp_path: Path) -> None:
    ours = ["house-hires.png", "house-hires-2.png", "house-2-hires.png", "house-stage-1.jpg", "house-sheet.png",
            "house-first-pass.png", "house-hires-before-face-restoration.png", "house-grid.png"]  # fmt: skip
    others = ["house.jpg", "hires.png", "tree-hires.png", "-hires.png", "house-highres.png", "house-hiresfix.png"]
    for name in (*ours, *others, "noted.png"):
        (tmp_path / name).write_bytes(b"")
    found = list_pictures(tmp_path, {"noted.png"})
    assert sorted(path.name for path in found.pictures) == sorted(others)
    assert found.results == len(ours) + 1
