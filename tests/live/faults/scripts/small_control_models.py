"""Lets the ControlNet extension build control models for a UNet smaller than SD 1's; see tests/live/control_model.py.

The extension builds every control model for SD 1 in that UNet's full width. Here the widths are the loaded model's.
"""

from __future__ import annotations

import sys

from modules import scripts, shared


class SmallControlModels(scripts.Script):
    def title(self):
        return "Test small control models"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def before_process(self, p, *args):
        guess = sys.modules.get("scripts.controlnet_model_guess")  # of the ControlNet extension, if it is installed
        config = getattr(guess, "controlnet_default_config", None)
        unet = getattr(getattr(shared.sd_model, "model", None), "diffusion_model", None)  # Forge has no `model`
        if config is not None and unet is not None and hasattr(unet, "channel_mult"):
            own = {"model_channels": unet.model_channels, "channel_mult": list(unet.channel_mult)}
            config.update(own, num_heads=unet.num_heads)
