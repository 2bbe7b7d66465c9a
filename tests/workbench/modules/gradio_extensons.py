"""What the host adds to Gradio itself: a tooltip for every component, and the scripts told of each one that is made."""

from __future__ import annotations

from typing import Any

import gradio as gr

from modules import script_callbacks, scripts


def _telling(original: Any) -> Any:
    def __init__(self, *args, **kwargs):
        self.webui_tooltip = kwargs.pop("tooltip", None)
        if scripts.scripts_current is not None:
            scripts.scripts_current.before_component(self, **kwargs)
        original(self, *args, **kwargs)
        self.elem_classes = [f"gradio-{self.get_block_name()}", *(self.elem_classes or [])]
        script_callbacks.after_component_callback(self, **kwargs)
        if scripts.scripts_current is not None:
            scripts.scripts_current.after_component(self, **kwargs)

    return __init__


def _with_tooltip(original: Any) -> Any:
    def get_config(self):
        config = original(self)
        if tooltip := getattr(self, "webui_tooltip", None):
            config["webui_tooltip"] = tooltip
        return config

    return get_config


def _saved_file(original: Any, picture: int, **always: Any) -> Any:
    """A picture that the job saved already, the argument of this number, is shown from its file, as the host does."""

    def to_file(*args, **kwargs):
        return getattr(args[picture], "already_saved_as", None) or original(*args, **{**kwargs, **always})

    return to_file


if hasattr(gr.components, "IOComponent"):  # Gradio 3
    _component = gr.components.IOComponent
    _component.pil_to_temp_file = _saved_file(_component.pil_to_temp_file, 1)
else:
    from modules import _gradio4

    _component = gr.components.Component
    _gradio4._adapt()
    _to_cache = gr.processing_utils.save_pil_to_cache
    gr.processing_utils.save_pil_to_cache = _saved_file(_to_cache, 0, format="png")  # which keeps its texts
_component.__init__ = _telling(_component.__init__)
gr.blocks.BlockContext.__init__ = _telling(gr.blocks.BlockContext.__init__)
gr.blocks.Block.get_config = _with_tooltip(gr.blocks.Block.get_config)
