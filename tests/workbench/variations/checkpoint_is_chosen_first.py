"""A checkpoint is chosen in the settings, and loaded by whoever asks next whether what is loaded is still right.

Forge (dfdcbab6): `reload_model_weights` does nothing. Forge Neo (6e1e0d5a, 5692d2d1): it is gone, and so is
`SkipWritingToConfig`; `checkpoint_change` wants to know a preset.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from types import ModuleType
from typing import Any

import pytest


class _InsideOfTheHost:
    """`sd_models` as the host's own code uses it; loads a refiner or the checkpoint of Hires. fix in the host's way."""

    SkipWritingToConfig = nullcontext

    def __init__(self, sd_models: Any, entry: Any) -> None:
        self._sd_models, self._entry = sd_models, entry

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sd_models, name)

    def reload_model_weights(self, info: Any = None) -> None:
        from modules import shared

        chosen = shared.opts.sd_model_checkpoint
        if info is not None:
            shared.opts.set("sd_model_checkpoint", info.title)
            self._entry.refresh_model_loading_parameters()
        self._sd_models.forge_model_reload()
        shared.opts.data["sd_model_checkpoint"] = chosen
        self._entry.refresh_model_loading_parameters()


def install(monkeypatch: pytest.MonkeyPatch, *, neo: bool) -> list[str]:
    """Makes the workbench such a host. Returns the titles of what is loaded from here on, in order."""
    from modules import _processing_hires, processing, sd_models, sd_samplers_common, shared

    wanted, loads = [sd_models.select_checkpoint()], []

    def refresh_model_loading_parameters() -> None:
        wanted[0] = sd_models.select_checkpoint()

    def checkpoint_change(ckpt_name: str, save: bool = True, refresh: bool = True) -> bool:
        new = sd_models.get_closet_checkpoint_match(ckpt_name)
        if new is sd_models.select_checkpoint():
            return False
        shared.opts.data["sd_model_checkpoint"] = ckpt_name
        if refresh:
            refresh_model_loading_parameters()
        return True

    def checkpoint_change_of_neo(ckpt_name: str, preset: str, save: bool = True, refresh: bool = True) -> bool:
        assert preset is None, "would be saved as that preset's checkpoint"
        return checkpoint_change(ckpt_name, save, refresh)

    def forge_model_reload() -> tuple[Any, bool]:
        if shared.sd_model.sd_checkpoint_info is wanted[0]:
            return shared.sd_model, False
        title = wanted[0].title
        if title not in sd_models._loaded:
            sd_models._loaded[title] = sd_models._load(wanted[0], sd_models._read(wanted[0]))
        shared.sd_model = sd_models._loaded[title]
        shared.sd_model.taken_apart = False
        loads.append(title)
        return shared.sd_model, True

    package, entry = ModuleType("modules_forge"), ModuleType("modules_forge.main_entry")
    vars(entry).update(
        checkpoint_change=checkpoint_change_of_neo if neo else checkpoint_change,
        refresh_model_loading_parameters=refresh_model_loading_parameters,
    )
    vars(package)["main_entry"] = entry
    for name, module in (("modules_forge", package), ("modules_forge.main_entry", entry)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(sd_models, "forge_model_reload", forge_model_reload, raising=False)
    for inside in (processing, _processing_hires, sd_samplers_common):
        monkeypatch.setattr(inside, "sd_models", _InsideOfTheHost(sd_models, entry))
    if neo:
        monkeypatch.delattr(sd_models, "SkipWritingToConfig")
        monkeypatch.delattr(sd_models, "reload_model_weights")
    else:
        monkeypatch.setattr(sd_models, "SkipWritingToConfig", nullcontext)
        monkeypatch.setattr(sd_models, "reload_model_weights", lambda *_args, **_kwargs: None)
    return loads
