"""The checkpoints: the workbench's model, and others whose files only say how they differ from it.

As in A1111, loading another one puts its weights into the same model if it has the same configuration; else a model is
created, which draws from torch's generator. Before a file is read, the loaded model is taken apart.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path
from typing import Any

import torch
from parts.diffusion import WEIGHTS, DiffusionModel, fingerprint
from parts.flow import FlowModel
from parts.variants import BY_NAME, VARIANTS, Variant

from modules import paths_internal, shared

checkpoints_list: dict[str, CheckpointInfo] = {}
checkpoint_aliases: dict[str, CheckpointInfo] = {}


class SdModelData:
    """The loaded model, for those who ask whether there is one: reading it loads nothing."""

    @property
    def sd_model(self):
        """The loaded model or None."""
        return shared.sd_model


model_data = SdModelData()
_loaded: dict[str, DiffusionModel] = {}


class CheckpointInfo:
    """A checkpoint and its names."""

    def __init__(self, filename):
        self.filename = filename
        self.name_for_extra = self.model_name = Path(filename).stem
        self.name = f"{self.model_name}.safetensors"
        self.sha256 = hashlib.sha256(fingerprint() + self.name.encode()).hexdigest()
        self.shorthash = self.hash = self.sha256[:10]
        self.title = f"{self.name} [{self.shorthash}]"
        self.short_title = f"{self.name_for_extra} [{self.shorthash}]"
        self.ids = [self.shorthash, self.title, self.short_title, self.name, self.name_for_extra]

    def register(self):
        """Put it into the lists."""
        checkpoints_list[self.title] = self
        checkpoint_aliases.update(dict.fromkeys(self.ids, self))


class SkipWritingToConfig:
    """Within this context a reload changes the loaded model, not the chosen checkpoint."""

    skip = False
    previous: bool | None = None

    def __enter__(self):
        self.previous = SkipWritingToConfig.skip
        SkipWritingToConfig.skip = True
        return self

    def __exit__(self, exc_type, exc_value, exc_traceback):
        SkipWritingToConfig.skip = bool(self.previous)


def checkpoint_tiles(use_short=False):
    """The checkpoints' titles."""
    return [info.short_title if use_short else info.title for info in checkpoints_list.values()]


def list_models():
    """Fill the lists, after writing the files of the other checkpoints."""
    folder = Path(paths_internal.data_path) / "models" / "Stable-diffusion"
    folder.mkdir(parents=True, exist_ok=True)
    for variant in VARIANTS:
        own = variant.name == "figures"
        file = (WEIGHTS if own else folder) / f"{variant.name}.safetensors"
        if not own and not file.exists():
            file.write_text(json.dumps({"variant": variant.name}), encoding="utf-8")
        CheckpointInfo(str(file)).register()


def get_closet_checkpoint_match(search_string):
    """The checkpoint of a name, title or hash, or of a part of its title; None if there is none."""
    if not search_string:
        return None
    if found := checkpoint_aliases.get(search_string):
        return found
    return next((info for info in checkpoints_list.values() if search_string in info.title), None)


def select_checkpoint():
    """The chosen checkpoint, by default the first."""
    chosen = checkpoint_aliases.get(shared.opts.sd_model_checkpoint)
    if not checkpoints_list:
        raise FileNotFoundError("No checkpoints found.")
    return chosen or next(iter(checkpoints_list.values()))


def reload_model_weights(sd_model=None, info=None, forced_reload=False):
    """Load `info`, or the chosen checkpoint, unless it is what is loaded."""
    info, current = info or select_checkpoint(), shared.sd_model
    if current is not None and current.sd_checkpoint_info is info and not forced_reload:
        return current
    if current is not None:
        current.taken_apart = True
    variant = _read(info)
    if current is None or current.used_config != variant.configuration:
        torch.rand(1000)
    if info.title not in _loaded:
        _loaded[info.title] = _load(info, variant)
    shared.sd_model = _loaded[info.title]
    shared.sd_model.taken_apart = False
    processing: Any = importlib.import_module("modules.processing")  # which imports this module
    processing.opt_f = shared.sd_model.shape.factor
    if not SkipWritingToConfig.skip:
        shared.opts.data["sd_model_checkpoint"] = info.title
    return shared.sd_model


def apply_alpha_schedule_override(sd_model, p=None):
    """Zero terminal SNR and the like, for checkpoints that want it; none here does."""


def apply_token_merging(sd_model, token_merging_ratio):
    """Self-attention looks at (1 - ratio) as many places, each the mean of neighbours: faster and coarser."""
    if sd_model.applied_token_merged_ratio == token_merging_ratio:
        return
    for hook in sd_model.token_merging_hooks:
        hook.remove()
    sd_model.token_merging_hooks.clear()
    if token_merging_ratio > 0:
        sd_model.token_merging_hooks += [
            module.register_forward_pre_hook(_merge_tokens(token_merging_ratio), with_kwargs=True)
            for name, module in sd_model.unet.named_modules()
            if name.endswith(".attn1")
        ]
    sd_model.applied_token_merged_ratio = token_merging_ratio


def _merge_tokens(ratio: float) -> Any:
    def hook(module: Any, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
        tokens = args[0]
        kept = max(1, int(tokens.shape[1] * (1 - ratio)))
        merged = torch.nn.functional.adaptive_avg_pool1d(tokens.transpose(1, 2), kept).transpose(1, 2)
        return args, {**kwargs, "encoder_hidden_states": merged}

    return hook


def _read(info: CheckpointInfo) -> Variant:
    name = info.model_name
    return BY_NAME[name if name == "figures" else json.loads(Path(info.filename).read_text("utf-8"))["variant"]]


def _load(info: CheckpointInfo, variant: Variant) -> DiffusionModel:
    arguments = variant.perturbed, lambda: shared.opts.CLIP_stop_at_last_layers, variant.shape
    flow = variant.flow_shift
    with torch.random.fork_rng():
        model = DiffusionModel(*arguments) if flow is None else FlowModel(*arguments, flow)
    model.to(shared.device)
    model.sd_checkpoint_info, model.sd_model_hash = info, info.shorthash
    model.used_config, model.scale_factor = variant.configuration, variant.scale_factor
    return model
