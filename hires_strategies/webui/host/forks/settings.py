"""Settings that not every host has: read them here. All others that this extension reads are on every host."""

from __future__ import annotations

from typing import Any

from modules import shared

# What holds where a host lacks a setting, and on which it was seen to be missing.
_MISSING: dict[str, Any] = {
    "font": "",  # Neo 6e1e0d5a and 5692d2d1
    "hires_fix_refiner_pass": None,  # Neo 6e1e0d5a and 5692d2d1, whose Hires. fix has no refiner
    "hires_button_gallery_insert": False,  # all but Forge and Neo
    "hires_button_gallery_inset": False,  # all but reForge 3b56b268
    "overlay_inpaint": True,  # A1111 1.6 and 1.7, where it is always so
    "sd_noise_schedule": "Default",  # A1111 1.6 and 1.7
    "use_old_karras_scheduler_sigmas": False,  # Neo 5692d2d1
}


def setting(name: str) -> Any:
    """The value of one of these settings, or what holds without it."""
    return getattr(shared.opts, name, _MISSING[name])
