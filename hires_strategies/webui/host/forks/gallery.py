"""The gallery's hires button."""

from __future__ import annotations

from modules import shared

from hires_strategies.webui.host.processing import Processing


def is_gallery_upscale(p: Processing) -> bool:
    """Whether the gallery's hires button (from A1111 1.8 on) started this generation."""
    return bool(getattr(p, "txt2img_upscale", False))


def gallery_keeps_original() -> bool:
    """Whether a setting makes Forge keep the image that the gallery's button was pressed for in the gallery."""
    return bool(getattr(shared.opts, "hires_button_gallery_insert", False))
