"""The list of upscalers is short: Forge Neo 2.26 (5692d2d1) has no latent modes, None, and the files of one folder.

Forge Classic (1f95d717) has the latent modes and the plain resizes, and no R-ESRGAN.
"""

from __future__ import annotations

import pytest


def install(monkeypatch: pytest.MonkeyPatch, *models: str) -> None:
    """Makes the workbench such a host; `models`: files that are there, by what the list calls them."""
    from modules import shared, upscaler

    entries = [entry for entry in shared.sd_upscalers if entry.name == "None"]
    for name in models:
        scaler = upscaler.UpscalerNearest()
        entries.append(upscaler.UpscalerData(name, f"/models/ESRGAN/{name}.pth", scaler))
    monkeypatch.setattr(shared, "sd_upscalers", entries)
    monkeypatch.setattr(shared, "latent_upscale_modes", {})
