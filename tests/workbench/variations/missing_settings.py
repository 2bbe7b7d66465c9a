"""Settings that some host of the family lacks, all missing at once.

Read in the sources of A1111 1.6 (5ef669de), 1.7 (cf2772fa), 1.8 (bef51aed), 1.9 (adadb4e3), 1.10.1 (82a973c0), Forge
(dfdcbab6), reForge (3b56b268), Classic (1f95d717), Neo (6e1e0d5a, 5692d2d1).
"""

from __future__ import annotations

from typing import Any

import pytest

MISSING = {
    "batch_cond_uncond": "Classic, Neo",
    "font": "Neo",
    "hires_button_gallery_insert": "A1111, reForge, Classic",
    "hires_button_gallery_inset": "A1111, Forge, Classic, Neo",
    "hires_fix_refiner_pass": "Neo",
    "infotext_skip_pasting": "A1111 1.6",
    "interrupt_after_current": "A1111 1.6, 1.7",
    "no_dpmpp_sde_batch_determinism": "Neo 5692d2d1",
    "overlay_inpaint": "A1111 1.6, 1.7",
    "refiner_switch_by_sample_steps": "A1111 1.6 to 1.8, Classic, Neo",
    "sd_noise_schedule": "A1111 1.6, 1.7",
    "use_old_karras_scheduler_sigmas": "Neo 5692d2d1",
    "use_old_scheduling": "Neo 5692d2d1",
}


class _Settings:
    """`shared.opts` as an extension sees it; the workbench's own code goes on with all settings."""

    def __init__(self, inner: Any) -> None:
        vars(self).update(_inner=inner, data_labels=_without(inner.data_labels))

    @property
    def data(self) -> dict[str, Any]:
        return _without(self._inner.data)

    def __getattr__(self, name: str) -> Any:
        if name in MISSING:
            raise AttributeError(f"'Options' object has no attribute '{name}'")
        return getattr(self._inner, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._inner, name, value)


def _without(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in MISSING}


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes them away from whoever reads the settings as `shared.opts`."""
    from modules import shared

    monkeypatch.setattr(shared, "opts", _Settings(shared.opts))
