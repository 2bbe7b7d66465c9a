"""The host's X/Y/Z plot over the API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from tests.live.client import Answer, WebUI

SCRIPT = "x/y/z plot"


@dataclass(frozen=True)
class Axis:
    """One axis: its label, and values as a text or, for the drop-down, as a list."""

    label: str = "Nothing"
    values: str | list[str] = ""


def script_arguments(webui: WebUI) -> list[dict[str, Any]]:
    """The plot's arguments in txt2img: three for each axis, then switches, of which some WebUIs have more."""
    try:
        scripts = webui.get("/sdapi/v1/script-info")
    except requests.HTTPError:  # A1111 1.6 answers with status 500: its own lists of choices are no texts
        return _arguments_of_the_page(webui)
    for script in scripts:
        if script["name"] == SCRIPT and not script["is_img2img"]:
            return script["args"]
    raise AssertionError("this WebUI has no X/Y/Z plot")


def _arguments_of_the_page(webui: WebUI) -> list[dict[str, Any]]:
    """The same as A1111's page has it: its axes in the page's description, and the switches in their order."""
    components = [each["props"] for each in webui.get("/config")["components"]]
    axis = next(each for each in components if each.get("elem_id") == "script_txt2img_xyz_plot_x_type")
    labels = [each if isinstance(each, str) else each[0] for each in axis["choices"]]
    switches = {"Draw legend": True, "Include Sub Images": False, "Include Sub Grids": False, "Keep -1": False,
                "Vary x": False, "Vary y": False, "Vary z": False, "Margin": 0,
                "Use text inputs instead of dropdowns": False}  # fmt: skip
    axes = [{"label": "", "value": "", "choices": labels} for _ in range(9)]
    return axes + [{"label": label, "value": value} for label, value in switches.items()]


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
