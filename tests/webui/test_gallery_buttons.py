"""What the gallery shows after a strategy was run on one of its images."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image


@pytest.mark.parametrize("host_keeps_it", [False, True])
def test_the_original_is_there_once(host_keeps_it: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forge has a setting that leaves it in the gallery; else our image of it takes its place."""
    from modules import shared

    from hires_strategies.webui.host import attachments
    from hires_strategies.webui.page import gallery_buttons

    monkeypatch.setitem(shared.opts.data, "hires_button_gallery_insert", host_keeps_it)
    original, made = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    p: Any = SimpleNamespace()
    attachments.hang(p, attachments.ORIGINAL, (original, "of the original"))
    text = "of the new one"
    processed: Any = SimpleNamespace(images=[made], infotexts=[text], index_of_first_image=0, info=text)
    gallery_buttons.return_original(p, processed)
    shown = [original, *processed.images] if host_keeps_it else processed.images
    assert shown == [original, made]
    assert processed.info == (text if host_keeps_it else "of the original")
