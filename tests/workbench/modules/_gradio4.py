"""What a host on Gradio 4, as Forge, changes in it so that scripts written for Gradio 3 run there, too."""

from __future__ import annotations

from functools import wraps
from typing import Any

import gradio as gr


def _with_js(listener: Any) -> Any:
    """An event that takes its JavaScript by Gradio 3's name."""

    @wraps(listener)
    def event(*args, _js=None, **kwargs):
        return listener(*args, **kwargs, **({"js": _js} if _js else {}))

    return event


class _Dependency(gr.events.Dependency):
    then: Any

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.then = _with_js(self.then)


def _without_tooltip(original: Any) -> Any:
    """Gradio 4 refuses arguments that a component does not have."""

    @wraps(original)
    def __init__(self, *args, tooltip=None, **kwargs):
        original(self, *args, **kwargs)
        self.webui_tooltip = tooltip

    return __init__


def _adapt() -> None:
    from gradio import component_meta

    component_meta.create_or_modify_pyi = lambda *args: None  # would write a file beside each class's source
    component_meta.updateable = lambda function: function  # does not know arguments that a subclass adds
    for kind in {getattr(gr, name) for name in (*gr.components.__all__, *gr.layouts.__all__) if hasattr(gr, name)}:
        for event in kind.__dict__.get("EVENTS", []):
            setattr(kind, str(event), _with_js(getattr(kind, str(event))))
    gr.events.Dependency = _Dependency
    gr.Button.__init__ = _without_tooltip(gr.Button.__init__)
