"""The gallery's hires button."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hires_strategies.webui.host.processing import Processed, Processing

from .settings import setting

_answer: list[Processed] = []  # what the job that the button started gave, until its function has used it


def is_gallery_upscale(p: Processing) -> bool:
    """Whether the gallery's hires button (from A1111 1.8 on) started this generation."""
    return bool(getattr(p, "txt2img_upscale", False))


def gallery_keeps_original() -> bool:
    """Whether a setting keeps the image that the gallery's button was pressed for in the gallery.

    Forge dfdcbab6 and Neo have it; reForge 3b56b268 spells it otherwise.
    """
    return any(bool(setting(f"hires_button_gallery_{name}")) for name in ("insert", "inset"))


def answered(processed: Processed) -> None:
    """The button's job gave these images: the gallery will show them in the place of the selected one, or behind it."""
    _answer[:] = [processed]


def tell_all_texts() -> None:
    """Let the page know the text of each image that the button's job gave. Called once more, it does nothing.

    Forge dfdcbab6 notes one text, whatever number of images the gallery gets: those behind had their neighbours' texts.
    """
    from modules import txt2img

    host: Any = txt2img
    inner = getattr(host, "txt2img_upscale_function", None)  # A1111 has none
    if inner is not None and not isinstance(inner, _AllTexts):
        host.txt2img_upscale_function = _AllTexts(inner)


class _AllTexts:
    """The button's function, whose generation information has a text for each image of the gallery."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        self.inner = inner

    def __call__(self, task: str, request: Any, gallery: Any, index: int, information: str, *args: Any) -> Any:
        _answer.clear()
        result = self.inner(task, request, gallery, index, information, *args)
        if not _answer:
            return result
        texts = json.loads(information)["infotexts"]
        behind = index + 1
        texts[behind if gallery_keeps_original() else index : behind] = _answer.pop().infotexts
        images, told, *messages = result
        return (images, json.dumps({**json.loads(told), "infotexts": texts}), *messages)
