"""ControlNet in the stages: which of its kinds runs here, if any.

Its units are prepared once per generation, for the first pass and the one size of Hires. fix. So each stage has them
prepared anew by the extension's own `process`, on a copy of `p` that says Hires. fix at the stage's size.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from PIL.Image import Image

from hires_strategies.planning.plan import Node, Plan
from hires_strategies.running.tile_mean import Tile
from hires_strategies.webui.host.control import Control
from hires_strategies.webui.host.processing import Processing, Script

from .controlnet_hooked import HookedControl
from .controlnet_patched import PatchedControl
from .controlnet_stages import StagesWithControl, UnknownControl
from .controlnet_units import FIRST_PASS, described, hires_option, is_on, is_unit


def control_of(p: Processing, plan: Plan) -> Control:
    """The guidance for the stages of the batch that `p` is running."""
    script = _script(p)
    asked = any(node.sampling is not None and node.sampling.control for node in plan.stages)
    if script is None:
        return NoControl()
    if not asked and not _is_used(p, script):
        return NoControl()
    return _kind(script)(p, script, plan)


def with_control(p: Processing, compute: Callable[[], Any]) -> Callable[[], Any]:
    """`compute`, a first pass before stages, in which a unit for the second pass alone ("High res only") is off.

    The extension heeds that option only with Hires. fix on, and then by itself.
    """
    script = _script(p)
    if script is None or p.enable_hr or not _is_used(p, script):
        return compute
    return lambda: _kind(script).first_pass(p, script, compute)


def units_in_stages(p: Processing) -> str | None:
    """The units that guide a stage without options of its own, in words; None if none does.

    Another extension may put units on that are none of the script's arguments.
    """
    script: Any = _script(p)
    if script is None:
        return None
    arguments = [unit for unit in p.script_args[script.args_from : script.args_to] if is_unit(unit) and is_on(unit)]
    found = arguments or [unit for unit in getattr(script, "enabled_units", None) or [] if is_unit(unit)]
    return "; ".join(described(unit) for unit in found if hires_option(unit) != FIRST_PASS) or None


class NoControl:
    """There is no ControlNet here, or no unit of it is on; a stage that asks for something is told so."""

    def __init__(self) -> None:
        self.notes: dict[int, tuple[str, ...]] = {}

    def before_stage(self, q: Processing, node: Node, pictures: Callable[[], list[Image]] | None) -> None:
        if node.sampling is not None and node.sampling.control:
            self.notes[node.id] = (f"There is no ControlNet here: 'control {node.sampling.control}' changes nothing.",)

    def marked(self, c: Any, uc: Any) -> tuple[Any, Any]:
        return c, uc

    def in_tile(self, tile: Tile) -> AbstractContextManager[None]:
        return nullcontext()

    def several_tiles(self) -> bool:
        return True

    def rewind(self) -> bool:
        return False

    def close(self) -> None: ...


def _script(p: Processing) -> Script | None:
    scripts = p.scripts.alwayson_scripts if p.scripts is not None else []
    return next((script for script in scripts if script.title().lower() == "controlnet"), None)


def _is_used(p: Processing, script: Any) -> bool:
    """Whether a unit is on, by the page, a request, or (its `enabled_units`) by another extension."""
    arguments = p.script_args[script.args_from : script.args_to]
    return any(is_on(unit) for unit in arguments if is_unit(unit)) or bool(getattr(script, "enabled_units", None))


def _kind(script: Any) -> type[StagesWithControl]:
    """By what a script has, not by its version, which not all have."""
    if hasattr(script, "latest_network"):
        return HookedControl
    return PatchedControl if hasattr(script, "current_params") else UnknownControl
