"""What the WebUIs of the family do differently, from A1111 1.6 to 1.10 and on Forge and its kin."""

from __future__ import annotations

from typing import Any

from modules import shared


def infotext_module() -> Any:
    """`modules.infotext_utils`, called generation_parameters_copypaste before A1111 1.8."""
    try:
        from modules import infotext_utils
    except ImportError:
        from modules import generation_parameters_copypaste as infotext_utils  # type: ignore[no-redef,attr-defined]
    return infotext_utils


def schedulers() -> list[Any]:
    """The host's schedulers; none before A1111 1.9, where a sampler's name holds its schedule."""
    try:
        from modules import sd_schedulers
    except ImportError:
        return []
    return sd_schedulers.schedulers


def reset_patches() -> None:
    """Forge collects what extensions patch into the model for one sampling: start each one from the LoRA state."""
    model = shared.sd_model
    if hasattr(model, "forge_objects"):
        model.forge_objects = model.forge_objects_after_applying_lora.shallow_copy()


def before_sampling(p: Any, arguments: dict[str, Any]) -> Any:
    """Call other scripts' process_before_every_sampling (since A1111 1.10); returns the noise to use."""
    if p.scripts is not None and hasattr(p.scripts, "process_before_every_sampling"):
        p.scripts.process_before_every_sampling(p, **arguments)
    noise = arguments["noise"]
    if getattr(p, "modified_noise", None) is not None:  # Forge lets an extension replace it
        noise, p.modified_noise = p.modified_noise, None
    return noise


def forget_reference_latent() -> None:
    """Forge Neo's edit models keep each encoded picture as a reference; the host clears it after encoding, too."""
    if hasattr(shared.sd_model, "ini_latent"):
        shared.sd_model.ini_latent = None
