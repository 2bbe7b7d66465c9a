"""Which checkpoint is loaded: each kind of host has a way of its own to load another one."""

from __future__ import annotations

import inspect
from typing import Any

from modules import sd_models, sd_samplers_common, shared

from hires_strategies.webui.host.processing import CheckpointInfo, Processing


def load_main(p: Processing) -> None:
    """Load the checkpoint that the stages go on with, where a refiner has left its own: that of Hires. fix if it ran.

    What is chosen in the settings stays as it is.
    """
    own = p.hr_checkpoint_info if p.enable_hr else None
    if hasattr(sd_models, "forge_model_reload"):
        _undo_exchanged_weights(p)
        _load_as_forge(own)
    else:  # A1111, reForge and Classic
        with sd_models.SkipWritingToConfig():
            sd_models.reload_model_weights(info=own)


def _load_as_forge(own: CheckpointInfo | None) -> None:
    """Forge and Neo load what is chosen in the settings, when they are asked to; so does this, as their Hires. fix.

    Forge dfdcbab: `reload_model_weights` does nothing. Neo 6e1e0d5a: it is gone, as is `SkipWritingToConfig`, and
    `checkpoint_change` would save the choice as that of a preset.
    """
    from modules_forge import main_entry

    nowhere: dict[str, Any] = {"save": False, "refresh": False}
    if "preset" in inspect.signature(main_entry.checkpoint_change).parameters:
        nowhere["preset"] = None
    chosen = shared.opts.sd_model_checkpoint
    changed = own is not None and main_entry.checkpoint_change(own.short_title, **nowhere)
    try:
        if changed:
            main_entry.refresh_model_loading_parameters()
        sd_models.forge_model_reload()  # type: ignore[attr-defined]
    finally:
        if changed:
            main_entry.checkpoint_change(chosen, **nowhere)
            main_entry.refresh_model_loading_parameters()


def _undo_exchanged_weights(p: Processing) -> None:
    """With 'Reload "state_dict" only', Neo's refiner puts its weights into the loaded model until the job ends.

    Neo 5692d2d1: the host's own script of the refiner puts them back; called earlier, it finds nothing to do later.
    """
    if getattr(sd_samplers_common, "ORIGINAL_CHECKPOINT", None) is None or p.scripts is None:
        return
    for script in p.scripts.alwayson_scripts:
        if type(script).__name__ == "ScriptRefiner":
            script.postprocess()
