"""The demo's sheet says what is on its pictures."""

from __future__ import annotations

from io import BytesIO

import demo_sheet
import pytest
from demo_sheet import Shown, found
from figures.draw import render
from figures.scene import make_scene
from modules import paths_internal
from PIL import Image, ImageFilter, ImageFont


@pytest.fixture
def figure():
    return Image.fromarray(render(make_scene(5, (128, 128), "full body"), 2))


@pytest.fixture
def font(tmp_path, monkeypatch):
    loaded = ImageFont.load_default(12)
    assert isinstance(loaded, ImageFont.FreeTypeFont) and isinstance(loaded.path, BytesIO)
    (tmp_path / "font.ttf").write_bytes(loaded.path.getvalue())
    monkeypatch.setattr(paths_internal, "roboto_ttf_file", str(tmp_path / "font.ttf"))


def test_one_figure_several_and_none(figure):
    two = Image.new("RGB", (512, 256))
    two.paste(figure, (0, 0))
    two.paste(figure, (256, 0))
    assert found(figure) == "one figure, its face whole"
    assert found(two) == "several figures"
    assert found(Image.new("RGB", (64, 64), "green")) == "no face that could be found"


def test_a_caption_has_label_strategy_size_and_what_is_seen(figure):
    caption = Shown(figure, "Right", "Latent x2 @0.5").caption
    assert caption == "Right: Latent x2 @0.5. 256\u00d7256, one figure, its face whole"
    assert Shown(figure, "First pass", "").caption.startswith("First pass. 256\u00d7256")


def test_both_pictures_are_drawn_whatever_the_sizes(figure, font):
    blurred = figure.resize((128, 128)).filter(ImageFilter.GaussianBlur(3))
    pictures = [Shown(blurred, "First pass", ""), *[Shown(figure, "Right", "Latent x2 @0.5")] * 4]
    pictures.append(Shown(figure.resize((512, 512)), "Chain", "Latent x2 @0.5 > Lanczos x2"))
    sheets = dict(demo_sheet.draw(pictures, ("a prompt", "seed 5")))
    assert set(sheets) == {"sheet.jpg", "before-after.jpg"}
    assert sheets["sheet.jpg"].width > 3 * 256 and sheets["sheet.jpg"].height > 2 * 256
    assert sheets["before-after.jpg"].width > 4 * 256 and sheets["before-after.jpg"].height > 256
