"""ControlNet as a part of Forge (extensions-builtin/sd_forge_controlnet; read at dfdcbab6, not run there).

Its `process` prepares `current_params`, by the place of each unit among those that are on, with one hint for the first
pass and one for Hires. fix. Its `process_before_every_sampling`, which the host calls in each stage, patches the model
with them, by the units that are then in the arguments and by `is_hr_pass`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hires_strategies.control_units import Units
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.webui.host.processing import Processing

from . import controlnet_units as units
from .controlnet_stages import StagesWithControl, misfit


class PatchedControl(StagesWithControl):
    """See StagesWithControl. Nothing of it is in the model but while a stage samples."""

    def __init__(self, p: Processing, script: Any, plan: Plan) -> None:
        super().__init__(p, script, plan)
        self._first = script.current_params
        self._script_args: Any = None

    @classmethod
    def first_pass(cls, p: Processing, script: Any, compute: Callable[[], Any]) -> Any:
        """See StagesWithControl. Without Hires. fix the extension would ignore the option."""
        whole, prepared = p.script_args, script.current_params
        arguments = units.copies(whole[script.args_from : script.args_to])
        on = [unit for unit in arguments if units.is_unit(unit) and units.is_on(unit)]
        stay = {
            place: params
            for place, params in prepared.items()
            if place < len(on) and units.hires_option(on[place]) != units.SECOND_PASS
        }
        if len(stay) == len(prepared):
            return compute()
        for unit in on:
            if units.hires_option(unit) == units.SECOND_PASS:
                units.disable(unit)
        try:
            p.script_args = [*whole[: script.args_from], *arguments, *whole[script.args_to :]]
            script.current_params = dict(enumerate(stay.values()))
            return compute()
        finally:
            p.script_args, script.current_params = whole, prepared

    def adapted(self, arguments: list[Any], asked: Units, is_hr_pass: bool) -> list[Any]:
        """See StagesWithControl."""
        for number, unit in enumerate(filter(units.is_unit, arguments)):
            if is_hr_pass and asked.of(number) is None and units.hires_option(unit) == units.FIRST_PASS:
                units.disable(unit)
            units.always(unit)
        return arguments

    def prepare(self, job: Any, arguments: Any) -> None:
        """See StagesWithControl."""
        super().prepare(job, arguments)
        self._script_args = job.script_args

    def trouble(self, node: Node, is_hr_pass: bool) -> str | None:
        """See StagesWithControl."""
        name = "control_cond_for_hr_fix" if is_hr_pass else "control_cond"
        prepared = list(self.script.current_params.values())
        if not all(hasattr(params, name) for params in prepared):
            return "this version of it is not known."
        return next(filter(None, (misfit(getattr(params, name), node) for params in prepared)), None)

    def leave_out(self, job: Any) -> None:
        """See StagesWithControl."""
        self.prepare(job, units.all_off(self.arguments))
        if self.script.current_params:
            raise RuntimeError("ControlNet cannot be left out of this stage.")

    def use(self, q: Processing) -> None:
        """See StagesWithControl."""
        q.script_args = self._script_args

    def restore(self) -> None:
        """See StagesWithControl."""
        self.script.current_params = self._first
