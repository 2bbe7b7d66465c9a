"""What the page's fields hold (see host_fields.HOST_FIELDS), as a first pass and as the size of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.webui.host import checkpoints, refining
from hires_strategies.webui.host.forks.latent_shape import size_rules
from hires_strategies.webui.host.forks.trained_size import trained_side

Values = Mapping[str, Any]
IS_PICTURE = "is_picture"  # beside the page's own values: width and height are those of a picture that is there already


def first_pass_of(values: Values) -> FirstPass:
    """What the stages will start from: the first pass, or Hires. fix's result where that is ticked."""
    rules = size_rules()
    width, height = (max(int(number_in(values, side, 512)), rules.smallest) for side in ("width", "height"))
    is_picture = bool(values.get(IS_PICTURE))
    first = FirstPass(
        *((width, height) if is_picture else rules.requested((width, height))),
        max(int(number_in(values, "steps", 20)), 1),
        values.get("sampler") or None,
        values.get("scheduler") or None,
        number_in(values, "cfg", 7.0),
        rules,
        number_in(values, "distilled_cfg", 0) or None,
        checkpoint=checkpoints.name_of(checkpoints.chosen()),
        tile=trained_side(),
        is_picture=is_picture,
        **refining.planned(_refiner(values), number_in(values, "refiner_at", 0.8)),
    )
    if not values.get("hr"):
        return first
    stage = make_plan([Strategy((hires_fix_size(values, first),))], first).stages[0]
    return replace(first, width=stage.width, height=stage.height)


def hires_fix_size(values: Values, first: FirstPass, **sampling: Any) -> Stage:
    """A stage that has the size of the page's Hires. fix settings."""
    x, y = int(number_in(values, "hr_resize_x", 0)), int(number_in(values, "hr_resize_y", 0))
    sampling = {"upscaler": "None", "denoising_strength": 1, **sampling}
    if not x and not y:
        return Stage(scale=round(number_in(values, "hr_scale", 2.0), 4), **sampling)
    x, y = x or _beside(y, first.height, first.width, first), y or _beside(x, first.width, first.height, first)
    return Stage(width=x, height=y, **sampling)


def _beside(side: int, its: int, other: int, first: FirstPass) -> int:
    """The other side where one alone is given: it keeps the proportions, rounded as the host's
    calculate_target_resolution does."""
    return side * other // its if first.size_rules.step is None else int(side * (other / its))


def _refiner(values: Values) -> Any | None:
    """The checkpoint of the page's refiner, if that is ticked."""
    return checkpoints.find(values.get("refiner") or None) if values.get("refined") else None


def number_in(values: Values, name: str, default: float) -> float:
    """A number of the page; `default` where this host has no such field or it was emptied."""
    return number_or(values.get(name), default)


def number_or(value: Any, default: float) -> float:
    """A number field's value, rounded to what its slider can mean; `default` for an emptied one."""
    return round(float(value), 6) if isinstance(value, (int, float)) else default
