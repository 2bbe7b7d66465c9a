"""Letters of any script, each from a font that has it."""

from __future__ import annotations

import os
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from hires_strategies.sheet import fonts
from hires_strategies.sheet.fonts import Lettering


@pytest.fixture(scope="module")
def latin(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("latin") / "latin.ttf"
    font = ImageFont.load_default(12)
    assert isinstance(font, ImageFont.FreeTypeFont) and isinstance(font.path, BytesIO)
    file.write_bytes(font.path.getvalue())
    return str(file)


@pytest.fixture(scope="module")
def kanji(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A font with one letter, a full square: U+E123, which is in no other font."""
    pen = TTGlyphPen(None)
    for corner, move in (
        ((0, 0), pen.moveTo),
        ((0, 900), pen.lineTo),
        ((900, 900), pen.lineTo),
        ((900, 0), pen.lineTo),
    ):
        move(corner)
    pen.closePath()
    square, empty = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({0xE123: "square"})
    builder.setupGlyf({".notdef": empty, "square": square})
    builder.setupHorizontalMetrics({".notdef": (500, 0), "square": (1000, 0)})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": "Square", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    file = tmp_path_factory.mktemp("kanji") / "square.ttf"
    builder.save(file)
    return str(file)


def ink(lettering: Lettering, text: str) -> int:
    canvas = Image.new("L", (400, 40))
    lettering.draw(ImageDraw.Draw(canvas), (0, 0), text, "white")
    return int(np.count_nonzero(np.asarray(canvas) > 128))


def test_a_letter_that_the_first_font_lacks_comes_from_the_next(latin: str, kanji: str) -> None:
    lettering = Lettering((latin, kanji), 20)
    assert ink(lettering, "\ue123") >= 17 * 17  # the square, in full
    assert not lettering.missing
    assert lettering.width("a\ue123b") == pytest.approx(lettering.width("a") + 20 + lettering.width("b"), abs=1)


def test_a_letter_that_no_font_has_is_told(latin: str) -> None:
    lettering = Lettering((latin,), 20)
    ink(lettering, "ab\ue124")
    assert lettering.missing == {"\ue124"}


def test_accents_and_spaces_are_not_missing(latin: str) -> None:
    lettering = Lettering((latin,), 20)
    lettering.width("déjà vu, naïve\u00a0– ok\tx")
    assert not lettering.missing


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="where Linux keeps a user's own fonts")
def test_a_users_own_fonts_are_found(tmp_path: Path, kanji: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / ".local" / "share" / "fonts" / "mine"
    folder.mkdir(parents=True)
    (folder / "square.ttf").write_bytes(Path(kanji).read_bytes())
    monkeypatch.setitem(os.environ, "HOME", str(tmp_path))
    assert str(folder / "square.ttf") in fonts._others.__wrapped__()


@given(st.text(max_size=80), st.integers(20, 300))
def test_wrapped_lines_fit_and_lose_nothing(latin: str, text: str, width: int) -> None:
    lettering = Lettering((latin,), 14)
    lines = lettering.wrap(text, width, 1000)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(lettering.width(line) <= width or len(line) == 1 for line in lines)


def test_more_lines_than_allowed_end_in_an_ellipsis(latin: str) -> None:
    lettering = Lettering((latin,), 14)
    lines = lettering.wrap("a word and another " * 20, 100, 2)
    assert len(lines) == 2 and lines[1].endswith("…") and lettering.width(lines[1]) <= 100
