"""What extensions ask to be called for, outside of generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from modules import errors

_callbacks: dict[str, list[Callable[..., Any]]] = {
    name: []
    for name in (
        "app_started",
        "ui_settings",
        "before_ui",
        "infotext_pasted",
        "after_component",
        "unloaded",
        "before_image_saved",
    )
}


class ImageSaveParams:
    """A file that is about to be written; `filename` and `image` may be changed."""

    def __init__(self, image, p, filename, pnginfo):
        self.image, self.p, self.filename, self.pnginfo = image, p, filename, pnginfo


def _call(name: str, *args: Any, **kwargs: Any) -> None:
    for callback in _callbacks[name]:
        try:
            callback(*args, **kwargs)
        except Exception:
            errors.report(f"Error executing callback {name} for {callback.__module__}", exc_info=True)


def clear_callbacks():
    """Forget all of them, before the scripts are loaded again."""
    for callbacks in _callbacks.values():
        callbacks.clear()


def on_app_started(callback, *, name=None):
    """callback(demo, app): the server runs; `demo` is None without the page."""
    _callbacks["app_started"].append(callback)


def on_ui_settings(callback, *, name=None):
    """callback(): settings are being collected; add yours with shared.opts.add_option."""
    _callbacks["ui_settings"].append(callback)


def on_before_ui(callback, *, name=None):
    """callback(): the page is about to be made."""
    _callbacks["before_ui"].append(callback)


def on_infotext_pasted(callback, *, name=None):
    """callback(infotext, params): params may be changed before the page takes them."""
    _callbacks["infotext_pasted"].append(callback)


def on_after_component(callback, *, name=None):
    """callback(component, **kwargs): after each component of the page is made."""
    _callbacks["after_component"].append(callback)


def on_script_unloaded(callback, *, name=None):
    """callback(): the scripts are about to be loaded again."""
    _callbacks["unloaded"].append(callback)


def on_before_image_saved(callback, *, name=None):
    """callback(ImageSaveParams): a picture is about to be written to a file."""
    _callbacks["before_image_saved"].append(callback)


def app_started_callback(demo, app):
    """Call what on_app_started registered."""
    _call("app_started", demo, app)


def ui_settings_callback():
    """Call what on_ui_settings registered."""
    _call("ui_settings")


def before_ui_callback():
    """Call what on_before_ui registered."""
    _call("before_ui")


def infotext_pasted_callback(infotext, params):
    """Call what on_infotext_pasted registered."""
    _call("infotext_pasted", infotext, params)


def after_component_callback(component, **kwargs):
    """Call what on_after_component registered."""
    _call("after_component", component, **kwargs)


def script_unloaded_callback():
    """Call what on_script_unloaded registered."""
    _call("unloaded")


def before_image_saved_callback(params: ImageSaveParams):
    """Call what on_before_image_saved registered."""
    _call("before_image_saved", params)
