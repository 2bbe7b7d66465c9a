"""Where the hosts keep what texts of images are written and read with."""

from __future__ import annotations

from typing import Any

from modules import sd_samplers, shared

from hires_strategies.webui.host.processing import Processing


def infotext_module() -> Any:
    """`modules.infotext_utils`, called generation_parameters_copypaste before A1111 1.8."""
    try:
        from modules import infotext_utils
    except ImportError:
        from modules import generation_parameters_copypaste as infotext_utils  # type: ignore[no-redef,attr-defined]
    return infotext_utils


def take_sampler(p: Processing, parameters: dict[str, Any]) -> None:
    """Set the sampler, and from A1111 1.9 on the schedule type, that an image's parameters give."""
    if hasattr(sd_samplers, "get_sampler_from_infotext"):
        p.sampler_name = sd_samplers.get_sampler_from_infotext(parameters)
        p.scheduler = sd_samplers.get_scheduler_from_infotext(parameters)
    else:
        p.sampler_name = parameters.get("Sampler", p.sampler_name)


def encoder_notes() -> Any | None:
    """The host's object whose `extra_generation_params` hold what the text encoder wrote; None if it has none."""
    if hasattr(shared.sd_model, "extra_generation_params"):  # Forge and Neo
        return shared.sd_model
    try:
        from modules.sd_hijack import model_hijack
    except ImportError:
        return None
    return model_hijack if hasattr(model_hijack, "extra_generation_params") else None
