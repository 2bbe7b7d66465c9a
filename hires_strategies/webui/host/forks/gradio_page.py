"""Gradio 3 (A1111, reForge, Classic) and Gradio 4 (Forge, Neo)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def add_page_route(function: Callable[..., Any], inputs: list[Any], outputs: list[Any], name: str) -> None:
    """A Gradio address, `run/NAME`, at which a script of the page can call a function; no event of the page does.

    Gradio's own "load" events are made the same way, as events of no component. In Gradio 4.40 (Forge, Neo) events are
    in a config of the page and name their targets; in Gradio 3 (A1111, reForge, Classic) neither is so.
    """
    import gradio as gr

    events: Any = gr.context.Context.root_block
    event: Any = "called"
    if hasattr(events, "default_config"):
        events, event = events.default_config, [gr.events.EventListenerMethod(None, event)]
    more: dict[str, Any] = {"api_name": name, "queue": False, "show_progress": "hidden"}
    events.set_event_trigger(event, function, inputs, outputs, no_target=True, **more)


def image_field() -> dict[str, Any]:
    """What makes an image field of the page take pictures as they are, of any depth, from files and the clipboard.

    In Gradio 4.40 (Forge, Neo) it has several sources, a camera among them; in Gradio 3 files are its only one, and
    the page of A1111 pastes into it.
    """
    import gradio as gr

    own = inspect.signature(gr.Image.__init__).parameters
    sources: dict[str, Any] = {"sources": ["upload", "clipboard"]} if "sources" in own else {"source": "upload"}
    return {"image_mode": None, **sources}
