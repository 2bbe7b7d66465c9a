"""The checkpoint that stages run with, after a first pass that another one finished."""

from __future__ import annotations

from modules import sd_models

from hires_strategies.running.run import Picture
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.stages import WebuiHost


def use_main_model(p: Processing, picture: Picture | None, host: WebuiHost, by_pixels: bool) -> None:
    """A refiner leaves its own checkpoint loaded: go back to the main one, as the host's Hires. fix does.

    Like the host, decode the first pass before that if its pixels are needed (`by_pixels`).
    """
    if p.refiner_checkpoint_info is None:
        return
    if picture is not None and by_pixels:
        picture.as_images(host)
    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights(info=p.hr_checkpoint_info if p.enable_hr else None)
