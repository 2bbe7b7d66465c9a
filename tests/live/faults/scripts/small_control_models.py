"""Lets the ControlNet extension build control models for a UNet smaller than SD 1's; see tests/live/control_model.py.

The extension builds every control model for SD 1 in that UNet's full width. Here the widths are the loaded model's.
"""

from __future__ import annotations

import sys

from modules import script_callbacks


def fit(model) -> None:
    guess = sys.modules.get("scripts.controlnet_model_guess")  # of the ControlNet extension, if it is installed
    config, unet = getattr(guess, "controlnet_default_config", None), getattr(model.model, "diffusion_model", None)
    if config is None or not hasattr(unet, "channel_mult"):
        return
    config.update(model_channels=unet.model_channels, channel_mult=list(unet.channel_mult), num_heads=unet.num_heads)


script_callbacks.on_model_loaded(fit)
