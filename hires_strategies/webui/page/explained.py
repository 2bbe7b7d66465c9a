"""What a part of the page says when the pointer rests on it."""

from __future__ import annotations

from typing import Any


def explained(component: Any, words: str) -> Any:
    """The component with a tooltip.

    The host's page shows this attribute of any component that has an id; its argument `tooltip` is not known to every
    component on Gradio 4.
    """
    component.webui_tooltip = words
    return component
