"""Distilled CFG (Forge; Flux calls it guidance) and shift (Neo): one number of the page, which a model heeds as either.

Forge and Neo put it into the conditioning, where Flux reads it. For models with a shift (Lumina, Z-Image, Wan, Anima
and others, `use_shift`) it is the shift of the schedule: Neo 2.26 sets it by `set_shift` as a pass begins to sample,
Neo of February 2026 whenever the model encodes a prompt, so not for conditioning that the host remembers. A1111's and
Forge's SD 3 have a shift that nothing changes.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from weakref import WeakKeyDictionary

from modules import processing

from hires_strategies.webui.host.processing import Processing


def offers_distilled_cfg() -> bool:
    """Whether this host's generations have such a number."""
    return hasattr(processing.StableDiffusionProcessingTxt2Img, "distilled_cfg_scale")


def heeds_distilled_cfg(model: Any) -> bool:
    """Whether a loaded model does anything with it."""
    return bool(getattr(model, "use_distilled_cfg_scale", False)) or _predictor(model) is not None


def distilled_cfg(p: Processing) -> float | None:
    """The distilled CFG scale of the generation; None if the host has none."""
    scale: float | None = getattr(p, "distilled_cfg_scale", None)
    return scale


def conditioning_fields(q: Processing) -> dict[str, Any]:
    """What the host's SdConditioning holds besides a stage's prompts."""
    fields: dict[str, Any] = {"width": q.hr_upscale_to_x, "height": q.hr_upscale_to_y}
    scale = distilled_cfg(q)
    return fields if scale is None else {**fields, "distilled_cfg_scale": scale}


class Guidance:
    """Lets stages run at a distilled CFG scale or shift; `restore` puts back the shift that the models had before."""

    def __init__(self) -> None:
        self._before: WeakKeyDictionary[Any, float] = WeakKeyDictionary()  # a model that was unloaded is freed

    def use(self, q: Processing, scale: float | None) -> None:
        """Called before a stage's sampler is made. None, on hosts without such a number, changes nothing."""
        if scale is None:
            return
        q.distilled_cfg_scale = q.hr_distilled_cfg = scale  # type: ignore[attr-defined]
        model = q.sd_model
        if (before := shift_of(model)) is not None:
            self._before.setdefault(model, before)
            _set_shift(model, scale)

    def restore(self) -> None:
        for model, shift in list(self._before.items()):
            _set_shift(model, shift)
        self._before.clear()


def shift_of(model: Any) -> float | None:
    """The shift of a model's schedule as it is now; None for a model whose shift the host does not set."""
    predictor = _predictor(model)
    return None if predictor is None else float(predictor.shift)


def unknown_shift(model: Any) -> float | None:
    """The shift that a first pass will run at, where `p` does not tell it: as prompts were last encoded."""
    return None if hasattr(model, "set_shift") else shift_of(model)


def predictor_at(model: Any, shift: float) -> Any:
    """A copy of a model's predictor at another shift, to ask for its schedule; None where the host does not set it.

    A copy because a generation may be running.
    """
    predictor = deepcopy(_predictor(model))
    if predictor is not None:
        predictor.set_parameters(shift=shift)
    return predictor


def _set_shift(model: Any, shift: float) -> None:
    if hasattr(model, "set_shift"):
        model.set_shift(shift=shift)
    elif (predictor := _predictor(model)) is not None:
        predictor.set_parameters(shift=shift)


def _predictor(model: Any) -> Any | None:
    """What turns a model's output into x0, with its schedule; None for models without a shift that is set."""
    if not getattr(model, "use_shift", False):
        return None
    predictor = model.forge_objects.unet.model.predictor
    return predictor if hasattr(predictor, "set_parameters") and hasattr(predictor, "shift") else None
