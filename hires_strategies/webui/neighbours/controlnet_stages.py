"""What ControlNet's kinds have in common: units of a stage, a copy of `p` to prepare them on, and doing without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from typing import Any

from modules import errors
from PIL.Image import Image

from hires_strategies.control_units import Units, read_units
from hires_strategies.planning.plan import Node, Plan
from hires_strategies.running.tile_mean import Tile
from hires_strategies.webui.host.processing import Processing
from hires_strategies.wording import describe

from . import controlnet_units as units
from .undisturbed import undisturbed_generators

Pictures = Callable[[], list[Image]] | None


class StagesWithControl:
    """ControlNet for the stages of one batch; what differs between its kinds is in subclasses.

    Stages in a row that ask for the same share what was prepared for the first of them.
    """

    def __init__(self, p: Processing, script: Any, plan: Plan) -> None:
        self.p = p
        self.script = script
        self.arguments = list(p.script_args[script.args_from : script.args_to])
        self.shown = plan.variants[0].node
        self.notes: dict[int, tuple[str, ...]] = {}
        self.touched = False
        self._ready_for: tuple[object, ...] | None = None
        self._told: tuple[str, ...] = ()

    @classmethod
    def first_pass(cls, p: Processing, script: Any, compute: Callable[[], Any]) -> Any:
        """A first pass without units for the second pass alone."""
        return compute()

    def before_stage(self, q: Processing, node: Node, pictures: Pictures) -> None:
        """See host.control.Control."""
        assert node.sampling is not None
        asked = read_units(node.sampling.control) if node.sampling.control else Units()
        key = (node.width, node.height, q.is_hr_pass, asked)
        if key != self._ready_for or any(unit.picture for unit in asked.named) or not self.is_reusable():
            self.touched, self._ready_for = True, None
            self._told = tuple(self._made_ready(q, node, asked, pictures))
            self._ready_for = key
        self.use(q)
        if self._told:
            self.notes[node.id] = self._told

    def marked(self, c: Any, uc: Any) -> tuple[Any, Any]:
        """See host.control.Control."""
        return c, uc

    def in_tile(self, tile: Tile) -> AbstractContextManager[None]:
        """See host.control.Control. What hangs on the model is cut where the tiles are (host.forks.control_list)."""
        return nullcontext()

    def several_tiles(self) -> bool:
        """See host.control.Control."""
        return True

    def rewind(self) -> bool:
        """See host.control.Control."""
        return False

    def close(self) -> None:
        """Prepare the units for the first pass again, as they were: the next batch begins with it."""
        if not self.touched:
            return
        self.touched, self._ready_for = False, None
        try:
            self.restore()
        except Exception as error:
            errors.report("Hires strategies: ControlNet could not be put back", exc_info=True)
            self.p.comment(f"Hires strategies: ControlNet is off from here on: {describe(error)}")
            self.prepare(self.copy_for(self.p), units.all_off(self.arguments))

    def _made_ready(self, q: Processing, node: Node, asked: Units, pictures: Pictures) -> list[str]:
        """Prepare the units for a stage, or none of them; what there is to say of it."""
        told: list[str] = []
        job = self.copy_for(q, node)
        arguments = units.for_stage(self.arguments, asked, lambda: _picture(self.p, pictures), told.append)
        try:
            self.prepare(job, self.adapted(arguments, asked, q.is_hr_pass))
            trouble = self.trouble(node, q.is_hr_pass)
        except Exception as error:
            errors.report(f"Hires strategies: ControlNet failed for '{node.text}'", exc_info=True)
            trouble = describe(error)
        if trouble:
            told.append(f"ControlNet was left out of '{node.text}': {trouble}")
            self.leave_out(self.copy_for(q, node))
        return told

    def copy_for(self, q: Processing, node: Node | None = None) -> Any:
        """A copy of a stage's `q` for the extension's `process`, which reads sizes from it and writes into it."""
        job: Any = copy(q)
        job.extra_generation_params = dict(q.extra_generation_params)
        job.extra_result_images = []  # Forge: the hints, to be shown with the images
        job.refiner_checkpoint = None  # with a refiner the extension would wait for the next batch
        if node is not None:
            job.enable_hr = q.is_hr_pass
            job.hr_resize_x, job.hr_resize_y = node.width, node.height
        return job

    def prepare(self, job: Any, arguments: Sequence[Any]) -> None:
        """Run the extension's `process` with these arguments."""
        script = self.script
        whole = list(job.script_args)
        whole[script.args_from : script.args_to] = arguments
        job.script_args = whole
        with undisturbed_generators():
            script.process(job, *arguments)

    def adapted(self, arguments: list[Any], asked: Units, is_hr_pass: bool) -> list[Any]:
        """A stage's units with their hires option applied, where the extension itself would not."""
        return arguments

    def trouble(self, node: Node, is_hr_pass: bool) -> str | None:
        """Why what was prepared does not fit the stage."""
        raise NotImplementedError

    def leave_out(self, job: Any) -> None:
        """Prepare no unit at all. Raises RuntimeError if the extension stays active."""
        raise NotImplementedError

    def is_reusable(self) -> bool:
        """Whether a second stage gets from what was prepared what the first one got."""
        return True

    def use(self, q: Processing) -> None:
        """Let a stage have what was prepared last."""

    def restore(self) -> None:
        """Prepare the first pass's units again."""
        self.prepare(self.copy_for(self.p), units.copies(self.arguments))


class UnknownControl(StagesWithControl):
    """A ControlNet of which nothing is known but its units: stages do without it."""

    def trouble(self, node: Node, is_hr_pass: bool) -> str | None:
        return "this version of it is not known."

    def leave_out(self, job: Any) -> None:
        self.prepare(job, units.all_off(self.arguments))
        self._without = job.script_args

    def use(self, q: Processing) -> None:
        q.script_args = self._without


def misfit(hint: Any, node: Node) -> str | None:
    """Why a prepared hint does not fit a stage: None for one that fits, and for one that is no picture."""
    if getattr(hint, "ndim", 0) != 4:
        return None
    height, width = hint.shape[-2:]
    if (width, height) == (node.width, node.height):  # of a stage that is sampled: whole latents
        return None
    return f"its hint is {width}x{height} pixels, not {node.width}x{node.height}."


def _picture(p: Processing, pictures: Pictures) -> Image | str:
    """The picture so far, or why it cannot be a unit's image."""
    if pictures is None:
        return "a stage that starts from noise has no picture so far."
    if len(p.seeds) > 1:
        return "the picture so far can be its image in batches of one image only (batch size 1)."
    return pictures()[0]
