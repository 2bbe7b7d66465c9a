"""What the whole WebUI shares: settings, progress, the loaded model, the upscalers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modules import devices, paths_internal, shared_options
from modules.options import OptionInfo, Options, options_section
from modules.shared_cmd_options import cmd_opts
from modules.shared_state import State
from modules.shared_total_tqdm import TotalTQDM
from modules.styles import StyleDatabase

__all__ = ["OptionInfo", "cmd_opts", "options_section"]

config_filename = str(Path(paths_internal.data_path) / "config.json")
device = devices.device
demo: Any = None
sd_model: Any = None  # set by sd_models
sd_upscalers: list[Any] = []
face_restorers: list[Any] = []
parallel_processing_allowed = True

latent_upscale_default_mode = "Latent"
latent_upscale_modes = {
    "Latent": {"mode": "bilinear", "antialias": False},
    "Latent (antialiased)": {"mode": "bilinear", "antialias": True},
    "Latent (bicubic)": {"mode": "bicubic", "antialias": False},
    "Latent (bicubic antialiased)": {"mode": "bicubic", "antialias": True},
    "Latent (nearest)": {"mode": "nearest", "antialias": False},
    "Latent (nearest-exact)": {"mode": "nearest-exact", "antialias": False},
}

opts: Any = Options(shared_options.options_templates, shared_options.restricted_opts)
prompt_styles = StyleDatabase([])
state = State()
total_tqdm = TotalTQDM()
