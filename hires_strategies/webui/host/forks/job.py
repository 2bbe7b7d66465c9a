"""The course of a generation: its hooks and how it ends."""

from __future__ import annotations

from modules import scripts, shared


def stops_after_this_image() -> bool:
    """Whether the user asked to stop once the current image is done, the first click of Interrupt since A1111 1.8."""
    return bool(getattr(shared.state, "stopping_generation", False))


def finishing_hook() -> str:
    """The last hook that an image goes through; before A1111 1.8 there is one fewer."""
    last = "postprocess_image_after_composite"
    return last if hasattr(scripts.Script, last) else "postprocess_image"
