"""What extensions ask to be called for, outside of generation and around each run of the model."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from modules import errors


@dataclass
class ScriptCallback:
    """A registered function, and the file that registered it."""

    script: str
    callback: Callable[..., Any]


callback_map: dict[str, list[ScriptCallback]] = {
    f"callbacks_{name}": []
    for name in (
        "app_started",
        "ui_settings",
        "before_ui",
        "infotext_pasted",
        "after_component",
        "script_unloaded",
        "before_image_saved",
        "cfg_denoiser",
        "cfg_denoised",
        "cfg_after_cfg",
    )
}


class ImageSaveParams:
    """A file that is about to be written; `filename` and `image` may be changed."""

    def __init__(self, image, p, filename, pnginfo):
        self.image, self.p, self.filename, self.pnginfo = image, p, filename, pnginfo


class CFGDenoiserParams:
    """What a CFGDenoiser is about to run the model on: both conditionings' rows. All but the last may be changed."""

    def __init__(
        self, x, image_cond, sigma, sampling_step, total_sampling_steps, text_cond, text_uncond, denoiser=None
    ):
        self.x, self.image_cond, self.sigma = x, image_cond, sigma
        self.sampling_step, self.total_sampling_steps = sampling_step, total_sampling_steps
        self.text_cond, self.text_uncond, self.denoiser = text_cond, text_uncond, denoiser


class CFGDenoisedParams:
    """What the model made of it, before the CFG."""

    def __init__(self, x, sampling_step, total_sampling_steps, inner_model):
        self.x, self.inner_model = x, inner_model
        self.sampling_step, self.total_sampling_steps = sampling_step, total_sampling_steps


class AfterCFGCallbackParams:
    """What the CFG made of it, which the sampler gets; `x` may be exchanged."""

    def __init__(self, x, sampling_step, total_sampling_steps):
        self.x, self.sampling_step, self.total_sampling_steps = x, sampling_step, total_sampling_steps


def add_callback(callbacks, fun, *, name=None, category="unknown", filename=None):
    """Register a function, with the file that the call comes from."""
    frames = [frame.filename for frame in inspect.stack(0) if frame.filename != __file__]
    callbacks.append(ScriptCallback(filename or frames[0], fun))


def _add(category: str, function: Callable[..., Any]) -> None:
    add_callback(callback_map[f"callbacks_{category}"], function, category=category)


def _call(name: str, *args: Any, **kwargs: Any) -> None:
    for each in callback_map[f"callbacks_{name}"]:
        try:
            each.callback(*args, **kwargs)
        except Exception:
            errors.report(f"Error executing callback {name}_callback for {each.script}", exc_info=True)


def remove_callbacks_for_function(callback_func):
    """Forget a function, whatever it was registered for."""
    for callbacks in callback_map.values():
        callbacks[:] = [each for each in callbacks if each.callback != callback_func]


def clear_callbacks():
    """Forget all of them, before the scripts are loaded again."""
    for callbacks in callback_map.values():
        callbacks.clear()


def on_app_started(callback, *, name=None):
    """callback(demo, app): the server runs; `demo` is None without the page."""
    _add("app_started", callback)


def on_ui_settings(callback, *, name=None):
    """callback(): settings are being collected; add yours with shared.opts.add_option."""
    _add("ui_settings", callback)


def on_before_ui(callback, *, name=None):
    """callback(): the page is about to be made."""
    _add("before_ui", callback)


def on_infotext_pasted(callback, *, name=None):
    """callback(infotext, params): params may be changed before the page takes them."""
    _add("infotext_pasted", callback)


def on_after_component(callback, *, name=None):
    """callback(component, **kwargs): after each component of the page is made."""
    _add("after_component", callback)


def on_script_unloaded(callback, *, name=None):
    """callback(): the scripts are about to be loaded again."""
    _add("script_unloaded", callback)


def on_before_image_saved(callback, *, name=None):
    """callback(ImageSaveParams): a picture is about to be written to a file."""
    _add("before_image_saved", callback)


def on_cfg_denoiser(callback, *, name=None):
    """callback(CFGDenoiserParams): the model is about to run, in any sampling."""
    _add("cfg_denoiser", callback)


def on_cfg_denoised(callback, *, name=None):
    """callback(CFGDenoisedParams): the model has run."""
    _add("cfg_denoised", callback)


def on_cfg_after_cfg(callback, *, name=None):
    """callback(AfterCFGCallbackParams): both conditionings' results are combined."""
    _add("cfg_after_cfg", callback)


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
    _call("script_unloaded")


def before_image_saved_callback(params: ImageSaveParams):
    """Call what on_before_image_saved registered."""
    _call("before_image_saved", params)


def cfg_denoiser_callback(params: CFGDenoiserParams):
    """Call what on_cfg_denoiser registered."""
    _call("cfg_denoiser", params)


def cfg_denoised_callback(params: CFGDenoisedParams):
    """Call what on_cfg_denoised registered."""
    _call("cfg_denoised", params)


def cfg_after_cfg_callback(params: AfterCFGCallbackParams):
    """Call what on_cfg_after_cfg registered."""
    _call("cfg_after_cfg", params)
