"""The gallery's buttons: run the strategy on the selected image (see generation/selected_image), use the strategy of
the selected image from now on, and compare two images."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from modules.ui_components import ToolButton

from hires_strategies.webui.first_pass import handed_out
from hires_strategies.webui.host.forks.gradio_page import add_page_route
from hires_strategies.webui.output import selected_records

from .taught import teach

RUN = "txt2img_hires_strategies_run"
USE = "txt2img_hires_strategies_use"
COMPARE = "txt2img_hires_strategies_compare"
_QUIET: dict[str, Any] = {"show_progress": False, "queue": False}


def build_buttons(section: Any, notify: Callable[[Any, str], str]) -> None:
    """Put our buttons next to the host's. Called while the host builds that row of buttons.

    `notify(section, event)` gives the JavaScript that notifies our script of an event.
    """
    run = ToolButton(
        "\u21c8",
        elem_id=RUN,
        tooltip="Run the hires strategy on the selected image; it stays. A result can be gone on from.",
    )
    ToolButton("\u2713", elem_id=USE, tooltip="Use this one: the selected image's strategy alone, for the next seed.")
    ToolButton("\u25eb", elem_id=COMPARE, tooltip="Compare two images, or before and after: wipe between them at 1:1.")
    done, use = (ToolButton("", elem_id=name, visible=False) for name in (f"{RUN}_done", f"{USE}_now"))
    asked = section.from_gallery
    run.click(None, None, [asked], _js="() => hiresStrategies.runOnSelected()", **_QUIET)
    done.click(None, None, [asked], _js="() => ''", **_QUIET)
    use.click(
        lambda text: (text, True), [section.text], [section.text, section.enabled],
        _js="() => [hiresStrategies.strategy]", **_QUIET,
    ).then(None, None, None, _js=notify(section, "ended"))  # fmt: skip
    for function in (first_pass, selected_image, teach):
        add_page_route(function, [section.shown], [section.shown], f"hires_strategies_{function.__name__}")


def first_pass(identity: Any) -> str:
    """A remembered first pass as an image's address, or null and why there is none, as JSON."""
    image, trouble = handed_out.as_data_url(str(identity))
    return json.dumps([image, trouble])


def selected_image(token: Any) -> str:
    """The records of the images that our button's run gave, in order, as JSON; none if there was no such run."""
    return json.dumps(selected_records.of_run(str(token)))
