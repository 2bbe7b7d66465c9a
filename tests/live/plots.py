"""The host's X/Y/Z plot over the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.live.client import Answer, WebUI

SCRIPT = "x/y/z plot"


@dataclass(frozen=True)
class Axis:
    """One axis: its label, and values as a text or, for the drop-down, as a list."""

    label: str = "Nothing"
    values: str | list[str] = ""


def script_arguments(webui: WebUI) -> list[dict[str, Any]]:
    """The plot's arguments in txt2img, which are more on some WebUIs than on others."""
    for script in webui.get("/sdapi/v1/script-info"):
        if script["name"] == SCRIPT and not script["is_img2img"]:
            return script["args"]
    raise AssertionError("this WebUI has no X/Y/Z plot")


def axis_labels(webui: WebUI) -> list[str]:
    """The labels that the plot offers in txt2img, in the order of their numbers."""
    return script_arguments(webui)[0]["choices"]


def plot(webui: WebUI, argument: Any, *axes: Axis, **fields: Any) -> Answer:
    """A plot with all its cells: the grid first, then the cells in the order x, then y, then z."""
    offered = script_arguments(webui)
    arguments: list[Any] = []
    for axis in (*axes, Axis(), Axis(), Axis())[:3]:
        text = axis.values if isinstance(axis.values, str) else ""
        chosen = axis.values if isinstance(axis.values, list) else []
        arguments += [offered[0]["choices"].index(axis.label), text, chosen]
    csv = all(isinstance(axis.values, str) for axis in axes)
    asked = {"Draw legend": False, "Include Sub Images": True, "Use text inputs instead of dropdowns": csv}
    arguments += [asked.get(each["label"], each["value"]) for each in offered[len(arguments) :]]
    return webui.txt2img(argument, script_name=SCRIPT, script_args=arguments, **fields)
