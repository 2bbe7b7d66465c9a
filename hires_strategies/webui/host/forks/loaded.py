"""What the host has loaded and where it lies, as the WebUIs of the family keep it; none of it is everywhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

import torch
from modules import paths, script_callbacks, shared

from .settings import setting


def vae_file() -> str | None:
    """The path of a separately loaded autoencoder (A1111; Forge Neo has no modules.sd_vae)."""
    return getattr(sys.modules.get("modules.sd_vae"), "loaded_vae_file", None)


def unet() -> Any | None:
    """The optimised UNet in place of the model's own (A1111 from 1.6 on, for TensorRT and the like)."""
    return getattr(sys.modules.get("modules.sd_unet"), "current_unet", None)


def diffusion_model(model: Any) -> torch.nn.Module | None:
    """The network of a loaded model (A1111: model.model.diffusion_model); None where it is not found."""
    network = getattr(getattr(model, "model", None), "diffusion_model", model)
    return network if isinstance(network, torch.nn.Module) else None


def lora_networks() -> Sequence[Any] | None:
    """The loaded LoRA networks, which the built-in extension keeps in its module `networks`; None without it."""
    networks = sys.modules.get("networks")
    return None if networks is None else getattr(networks, "loaded_networks", ())


def hypernetworks() -> Sequence[Any]:
    """The loaded hypernetworks (A1111; the forks have dropped them)."""
    return getattr(shared, "loaded_hypernetworks", ())


def callbacks(kind: str) -> Sequence[Any]:
    """The registered callbacks of a kind."""
    registered: dict[str, Sequence[Any]] = getattr(script_callbacks, "callback_map", {})
    return registered.get(kind, [])


def fonts() -> tuple[str, ...]:
    """Files of the fonts for image grids: the user's, then the host's own. Forge Neo has neither."""
    from modules import paths_internal

    named = setting("font"), getattr(paths_internal, "roboto_ttf_file", None)
    return tuple(font for font in named if font)


def axis_option(plot: Any) -> Any:
    """The class of an axis that is for txt2img alone; of any axis on hosts whose X/Y/Z plot has none of that kind."""
    return getattr(plot, "AxisOptionTxt2Img", plot.AxisOption)


def models_folder() -> str:
    """The folder of the models' folders; `--models-dir` moves it (A1111 1.10, Forge, reForge), `--model-ref` (Neo)."""
    return getattr(paths, "models_path", os.path.join(paths.data_path, "models"))


def model_kind(model: Any) -> str:
    """The kind of a loaded model: A1111 knows SD 3 from 1.10 on, Forge and Neo say nothing of further kinds."""
    return "SDXL" if getattr(model, "is_sdxl", False) else "SD3" if getattr(model, "is_sd3", False) else "SD"
