"""How the hosts change the loaded model, and what they know of it."""

from __future__ import annotations

import inspect
from collections.abc import Hashable
from contextlib import nullcontext
from typing import Any, Protocol

from modules import processing, sd_models, sd_samplers_common, shared

from hires_strategies.webui.host.processing import Processing

from .settings import setting


class CheckpointInfo(Protocol):
    """`name` is the file's within its folder, `name_for_extra` without the extension; the titles may hold a hash."""

    name: str
    name_for_extra: str
    filename: str
    title: str
    short_title: str


def without_choosing() -> Any:
    """Within this, loading a checkpoint does not choose it in the settings; Forge Neo has no such thing."""
    return getattr(sd_models, "SkipWritingToConfig", nullcontext)()


def load(info: CheckpointInfo) -> None:
    """Load a checkpoint as Hires. fix loads its own, without choosing it; nothing if it is loaded already."""
    with without_choosing():
        if hasattr(sd_models, "forge_model_reload"):
            _load_in_forge(info)
        else:  # A1111, reForge, Classic
            sd_models.reload_model_weights(info=info)


def load_anew(info: CheckpointInfo) -> None:
    """Load a checkpoint after loading another one failed, whatever that left behind.

    A1111 v1.10.1 leaves the model taken apart if a file cannot be read, and takes it for loaded; Forge leaves none.
    """
    with without_choosing():
        if hasattr(sd_models, "forge_model_reload"):
            sd_models.model_data.forge_hash = ""  # type: ignore[attr-defined]
            _load_in_forge(info)
        else:
            forced = "forced_reload" in inspect.signature(sd_models.reload_model_weights).parameters  # since A1111 1.7
            sd_models.reload_model_weights(info=info, **({"forced_reload": True} if forced else {}))


def _load_in_forge(info: CheckpointInfo) -> None:
    """Forge and Neo load what is chosen in the settings, when they are asked to; so does this, as their Hires. fix.

    Forge dfdcbab: `reload_model_weights` does nothing. Neo 6e1e0d5a: it is gone, as is `SkipWritingToConfig`, and
    `checkpoint_change` would save the choice as that of a preset.
    """
    from modules_forge import main_entry

    nowhere: dict[str, Any] = {"save": False, "refresh": False}
    if "preset" in inspect.signature(main_entry.checkpoint_change).parameters:
        nowhere["preset"] = None
    chosen = shared.opts.sd_model_checkpoint
    changed = main_entry.checkpoint_change(info.title, **nowhere)
    try:
        if changed:
            main_entry.refresh_model_loading_parameters()
        sd_models.forge_model_reload()  # type: ignore[attr-defined]
    finally:
        if changed:
            main_entry.checkpoint_change(chosen, **nowhere)
            main_entry.refresh_model_loading_parameters()


def undo_exchanged_weights(p: Processing) -> None:
    """With 'Reload "state_dict" only', Neo's refiner puts its weights into the loaded model until the job ends.

    Neo 5692d2d1: the host's own script of the refiner puts them back; called earlier, it finds nothing to do later.
    """
    if getattr(sd_samplers_common, "ORIGINAL_CHECKPOINT", None) is None or p.scripts is None:
        return
    for script in p.scripts.alwayson_scripts:
        if type(script).__name__ == "ScriptRefiner":
            script.postprocess()


def loaded() -> CheckpointInfo | None:
    """The checkpoint that the loaded model was made from; None for none."""
    info: CheckpointInfo | None = getattr(sd_models.model_data.sd_model, "sd_checkpoint_info", None)
    return info


def configuration() -> Hashable:
    """What A1111 creates a model from: it puts another checkpoint of the same one into the same model. None elsewhere,
    where every change of the checkpoint creates a model."""
    used: Hashable = getattr(shared.sd_model, "used_config", None)
    return used


def latent_space() -> Hashable:
    """Equal for models whose latents mean the same: in Stable Diffusion 1 and SDXL both have 4 channels, which differ.

    By the name and scale of the model's latent format (Forge, Neo, reForge, SD 3) or its scale alone (A1111).
    """
    model = shared.sd_model
    network = getattr(getattr(getattr(model, "forge_objects", None), "unet", None), "model", None)
    for owner in (getattr(model, "model_config", None), network, model, getattr(model, "model", None)):
        form = getattr(owner, "latent_format", None)
        if form is not None:
            name = getattr(form, "__name__", type(form).__name__)
            return name, getattr(form, "latent_channels", None), _number(getattr(form, "scale_factor", None))
    shape = getattr(model, "latent_channels", 4), bool(getattr(model, "is_wan", False)), getattr(processing, "opt_f", 8)
    return *shape, _number(getattr(model, "scale_factor", None))


def _number(value: Any) -> float | None:
    return None if value is None else round(float(value), 6)


def refiner_pass() -> str | None:
    """Which pass the setting gives the refiner: "first pass", "second pass" or "both passes". None where Hires. fix has
    no refiner (Neo)."""
    found: str | None = setting("hires_fix_refiner_pass")
    return found
