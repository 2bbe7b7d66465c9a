"""ControlNet as an extension of A1111 (Mikubill/sd-webui-controlnet, read and run at 1.1.455).

Its `process` takes the place of the UNet's forward until the next `process`, or the generation's `postprocess`. In it
hang one hint for the first pass and one for Hires. fix, of which the nearer in height is used. It knows conditioning by
marks that it puts into it in the `sample` that it gives to the `p` it was called with.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import deepcopy
from typing import Any

from hires_strategies.planning.plan import Node, Plan
from hires_strategies.running.tile_mean import Tile
from hires_strategies.webui.host import generator
from hires_strategies.webui.host.forks.second_pass import second_pass_is_conditioned_early
from hires_strategies.webui.host.processing import Processing

from . import controlnet_units as units
from .controlnet_in_tiles import HintsInTiles
from .controlnet_stages import StagesWithControl, misfit

_CACHE = "controlnet_vae_cache"  # encoded hints of a generation, which Hires. fix uses again in its next batch


class HookedControl(StagesWithControl):
    """See StagesWithControl."""

    def __init__(self, p: Processing, script: Any, plan: Plan) -> None:
        super().__init__(p, script, plan)
        # What else hangs on the script, and belongs to the first pass.
        self._kept = {name: getattr(script, name, None) for name in ("detected_map", "post_processors")}
        self._noise = getattr(script, "noise_modifier", None)
        self._job: Any = None
        self._in_tiles = HintsInTiles()
        # Encoding a hint draws random numbers, and what was encoded is kept. So that a stage depends on its path alone,
        # each finds only what was kept before the batch's stages; the next batch, as with Hires. fix, finds it all.
        self._cached = deepcopy(getattr(p, _CACHE, None))
        self._encoded: list[Any] = []
        self._after_first_pass = generator.states() if self._has_encoded() else None

    @classmethod
    def first_pass(cls, p: Processing, script: Any, compute: Callable[[], Any]) -> Any:
        """See StagesWithControl. The option of what is hooked already is set; the extension ignored it."""
        prepared = getattr(script.latest_network, "control_params", None) or []
        changed = []
        for param, unit in zip(prepared, getattr(script, "enabled_units", []), strict=False):
            if units.hires_option(unit) == units.SECOND_PASS and hasattr(param, "hr_option"):
                changed.append((param, param.hr_option))
                param.hr_option = unit.hr_option
        try:
            return compute()
        finally:
            for param, option in changed:
                param.hr_option = option

    def before_stage(self, q: Processing, node: Node, pictures: Any) -> None:
        """See host.control.Control. The variant that is the generated image leaves what finishes its pixels."""
        super().before_stage(q, node, pictures)
        if node.id == self.shown:
            self._kept["post_processors"] = list(getattr(self.script, "post_processors", None) or [])

    def in_tile(self, tile: Tile) -> AbstractContextManager[None]:
        """See host.control.Control."""
        return self._in_tiles.cut(getattr(self.script.latest_network, "control_params", None) or [], tile)

    def several_tiles(self) -> bool:
        """See host.control.Control."""
        return self.script.latest_network is None

    def rewind(self) -> bool:
        """See host.control.Control."""
        if self._after_first_pass is not None:
            generator.restore(self._after_first_pass)
        return self._after_first_pass is not None

    def marked(self, c: Any, uc: Any) -> tuple[Any, Any]:
        """See host.control.Control. Marked as for Hires. fix, which the extension marks when p.sample begins.

        What is made only afterwards is not marked, and the extension then takes no prompt to be negative.
        """
        early = not self._job.is_hr_pass or second_pass_is_conditioned_early()
        if self.script.latest_network is None or not early:
            return c, uc
        c, uc = deepcopy((c, uc))
        self._job.sample(conditioning=c, unconditional_conditioning=uc)
        return c, uc

    def prepare(self, job: Any, arguments: Any) -> None:
        """See StagesWithControl."""
        self._keep_encoded()
        self._in_tiles = HintsInTiles()
        setattr(job, _CACHE, deepcopy(self._cached))
        job.hr_c = job.hr_uc = None
        job.sample_before_CN_hack, job.sample = None, _nothing  # so that its `sample` marks and does nothing else
        super().prepare(job, arguments)
        self._job = job
        self.script.noise_modifier = self._noise  # for the first pass's noise only

    def trouble(self, node: Node, is_hr_pass: bool) -> str | None:
        """See StagesWithControl."""
        network = self.script.latest_network
        if network is None:
            return None  # no unit is on
        prepared = getattr(network, "control_params", None)
        names = ("hint_cond", "hr_hint_cond", "hr_option")
        if not prepared or not all(hasattr(param, name) for param in prepared for name in names):
            return "this version of it is not known."
        if self._job.sample is _nothing:
            return "this version of it does not mark conditioning as it used to."
        hints = [param.hr_hint_cond if is_hr_pass else param.hint_cond for param in prepared]
        return next(filter(None, (misfit(hint, node) for hint in hints)), None)

    def leave_out(self, job: Any) -> None:
        """See StagesWithControl."""
        self.prepare(job, units.all_off(self.arguments))
        if self.script.latest_network is not None:
            raise RuntimeError("ControlNet cannot be left out of this stage.")

    def is_reusable(self) -> bool:
        """See StagesWithControl."""
        return not self._has_encoded() and not self._in_tiles.encoded

    def _has_encoded(self) -> bool:
        """Whether a hint was encoded at the first model call, as some preprocessors want it."""
        prepared = getattr(self.script.latest_network, "control_params", None) or []
        return any(getattr(param, "used_hint_cond_latent", None) is not None for param in prepared)

    def _keep_encoded(self) -> None:
        if self._job is not None and (cache := getattr(self._job, _CACHE, None)) is not None:
            self._encoded.append(cache)

    def restore(self) -> None:
        """See StagesWithControl."""
        self._keep_encoded()
        for cache in self._encoded:
            if getattr(self.p, _CACHE, None) is None:
                setattr(self.p, _CACHE, cache)
            else:
                for key, value in cache.cache.items():
                    getattr(self.p, _CACHE).cache.setdefault(key, value)
        self._job, self._cached = None, getattr(self.p, _CACHE, None)
        super().restore()
        setattr(self._job, _CACHE, self._cached)
        for name, value in self._kept.items():
            setattr(self.script, name, value)
        self._job = None


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    """Where a `sample` would sample."""
