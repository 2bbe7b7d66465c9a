"""The checkpoint that stages run with, after a first pass that another one finished."""

from __future__ import annotations

from hires_strategies.running.picture import Picture
from hires_strategies.webui.host.forks.checkpoints import load_main
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
    load_main(p)
