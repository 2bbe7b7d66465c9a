"""The host's Hires. fix settings as the first stage of a strategy that gives the same picture."""

from __future__ import annotations

from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import format_stage
from hires_strategies.planning.plan import Plan
from hires_strategies.planning.tree import make_plan
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.webui.host import checkpoints

from .values import Values, first_pass_of, hires_fix_size, number_in

_SAME = {"checkpoint": "Use same checkpoint", "sampler": "Use same sampler", "scheduler": "Use same scheduler"}


def taken_over(values: Values) -> str:
    """The strategy text for the page's Hires. fix section.

    Raises StrategyError for anything a stage cannot do: a checkpoint that is gone, a latent upscale without denoising.
    """
    options = _options(values)
    if options["denoising_strength"] is None and not str(options["upscaler"]).startswith("Latent"):
        options = {"upscaler": options["upscaler"], "denoising_strength": None}
    return format_stage(_stage(values, options))


def hires_fix_plan(values: Values) -> Plan | None:
    """What Hires. fix makes of the image's first pass before the strategies go on from it; None if it is not ticked."""
    if not values.get("hr"):
        return None
    options = {**_options(values), "prompt": None, "negative": None}
    options["denoising_strength"] = options["denoising_strength"] or 1  # at 0 it makes its steps all the same
    stage = _stage(values, options)
    return make_plan([Strategy((stage,))], first_pass_of({**values, "hr": False}))


def _stage(values: Values, options: dict[str, Any]) -> Stage:
    return hires_fix_size(values, first_pass_of({**values, "hr": False}), **options)


def _options(values: Values) -> dict[str, Any]:
    options: dict[str, Any] = {
        "upscaler": values.get("hr_upscaler") or "Latent",
        "denoising_strength": round(float(values.get("hr_denoising_strength") or 0), 4) or None,
        "steps": int(values.get("hr_steps") or 0) or None,
    }
    checkpoint = values.get("hr_checkpoint")
    if checkpoint and checkpoint != _SAME["checkpoint"]:
        options["checkpoint"] = checkpoints.name_of(checkpoints.find(checkpoint))
        if options["checkpoint"] is None:
            raise StrategyError(f"Hires. fix uses the checkpoint '{checkpoint}', which is gone: nothing was changed.")
    for name in ("sampler", "scheduler"):
        value = values.get(f"hr_{name}")
        options[name] = value if value and value != _SAME[name] else None
    options |= {name: _guidance(values, name) for name in ("cfg", "distilled_cfg")}
    options["prompt"], options["negative"] = values.get("hr_prompt") or None, values.get("hr_negative") or None
    return options


def _guidance(values: Values, name: str) -> float | None:
    """A CFG scale of Hires. fix's own (not in A1111); None for none, or if it is the first pass's.

    For reForge, 0 is the first pass's and a negative one does without the negative prompt, as 1 does.
    """
    scale = number_in(values, f"hr_{name}", 0)
    if not scale or scale == number_in(values, name, 0):
        return None
    return max(scale, 1) if name == "cfg" else scale
