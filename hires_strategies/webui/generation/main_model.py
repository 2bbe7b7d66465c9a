"""Back to the checkpoint that the stages start with, after the refiner of a first pass."""

from __future__ import annotations

from typing import Any

from hires_strategies.running.host import Host
from hires_strategies.running.picture import Picture
from hires_strategies.webui.host.stages import WebuiHost


def use_main_model(decoded: Picture | None, host: WebuiHost, verbs: Host, refiner: Any, reused: bool) -> None:
    """Load the checkpoint that the stages start with, as the host's Hires. fix does: a refiner leaves its own loaded.

    Like the host, decode the first pass before that if its pixels are needed: `decoded`, else None. From memory
    (`reused`), the refiner that finished it is not loaded. `verbs`: those of the host, which decode with less memory.
    """
    if refiner is not None and decoded is not None and decoded.latents is not None:
        if reused:
            host.checkpoints.use_refiner(refiner)
        decoded.as_images(verbs)
    host.checkpoints.begin(refined=refiner is not None, decoded=decoded is not None)
