"""The size of the pictures that the loaded model was trained on.

A1111, reForge and Classic set a mark for each family that they know, Forge and Neo for the older ones: what has their
`forge_objects` and no mark is of a later one (Flux, Chroma, Qwen-Image, Z-Image, ...). Before the first generation
Forge and Neo have no model.
"""

from __future__ import annotations

from typing import Any

from modules import shared

SD1 = 512  # Stable Diffusion 1 (Rombach et al. 2022), and what nothing is known of
SD2_V = 768  # Stable Diffusion 2 that predicts velocity; the one that predicts noise was trained on 512
SDXL = 1024  # SDXL (Podell et al. 2023, section 2.3) and all later families
_SIDES = {"is_sdxl": SDXL, "is_sd3": SDXL, "is_sd1": SD1}


def trained_side() -> int:
    """In pixels, of a square."""
    model: Any = shared.sd_model
    if getattr(model, "is_sd2", False):
        return SD2_V if _predicts_velocity(model) else SD1
    known = next((side for mark, side in _SIDES.items() if getattr(model, mark, False)), None)
    return known or (SDXL if hasattr(model, "forge_objects") else SD1)


def _predicts_velocity(model: Any) -> bool:
    """A1111, reForge and Classic: `parameterization`; Forge: the predictor's kind."""
    network = getattr(getattr(getattr(model, "forge_objects", None), "unet", None), "model", None)
    kind = getattr(getattr(network, "predictor", None), "prediction_type", None)
    return getattr(model, "parameterization", None) == "v" or kind == "v_prediction"
