"""The workbench as a host with a distilled CFG scale (Forge) and, for its flow model, a shift (Neo).

Where the hosts read the number: `SdConditioning.distilled_cfg_scale` (Forge dfdcbab6, modules/prompt_parser.py; Neo),
and the model's predictor: by `set_shift` in `sample` and `sample_hr_pass` (Neo 2.26), or in `get_learned_conditioning`
(Neo of February 2026, 6e1e0d5a).
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from modules import processing, prompt_parser

from parts.diffusion import DiffusionModel
from parts.flow import FlowModel

DEFAULT = 3.5  # what Flux takes where nothing is given
Patch = Callable[..., None]  # pytest's MonkeyPatch.setattr


def with_distilled_cfg(patch: Patch, scale: float = DEFAULT, second: float = DEFAULT) -> list[Any]:
    """Make every model heed it, as Flux does. Returns the list of all scales that prompts are encoded with."""
    base: Any = prompt_parser.SdConditioning
    given: list[Any] = []

    class SdConditioning(base):
        def __init__(self, prompts, copy_from=None, distilled_cfg_scale=None, **more):
            super().__init__(prompts, copy_from=copy_from, **more)
            like = prompts if copy_from is None else copy_from
            self.distilled_cfg_scale = distilled_cfg_scale or getattr(like, "distilled_cfg_scale", None)

    encode = DiffusionModel.get_learned_conditioning

    def get_learned_conditioning(self: Any, prompts: Any) -> torch.Tensor:
        given.append(prompts.distilled_cfg_scale)
        return encode(self, prompts) * (1 + 0.01 * ((prompts.distilled_cfg_scale or DEFAULT) - DEFAULT))

    patch(prompt_parser, "SdConditioning", SdConditioning)
    patch(DiffusionModel, "get_learned_conditioning", get_learned_conditioning)
    patch(DiffusionModel, "use_distilled_cfg_scale", True, raising=False)
    patch(processing.StableDiffusionProcessing, "setup_conds", _setup_conds)
    patch(processing.StableDiffusionProcessingTxt2Img, "calculate_hr_conds", _calculate_hr_conds)
    patch(processing.StableDiffusionProcessing, "cached_params", _cached_params)
    for name, value in (("distilled_cfg_scale", scale), ("hr_distilled_cfg", second)):
        patch(processing.StableDiffusionProcessingTxt2Img, name, value, raising=False)
    return given


def with_shift(patch: Patch, when_encoding: bool) -> None:
    """Make the number the shift of the flow model. `when_encoding`: as in Neo of February 2026, else as in 2.26."""
    txt2img = processing.StableDiffusionProcessingTxt2Img
    patch(DiffusionModel, "use_distilled_cfg_scale", False, raising=False)
    patch(FlowModel, "use_shift", True, raising=False)
    objects = property(lambda self: SimpleNamespace(unet=SimpleNamespace(model=self), shallow_copy=lambda: None))
    patch(FlowModel, "forge_objects", objects.setter(lambda self, value: None), raising=False)
    patch(FlowModel, "forge_objects_after_applying_lora", objects, raising=False)
    if when_encoding:
        encode = DiffusionModel.get_learned_conditioning

        def get_learned_conditioning(self: Any, prompts: Any) -> torch.Tensor:
            self.predictor.set_parameters(shift=prompts.distilled_cfg_scale)
            return encode(self, prompts)

        patch(FlowModel, "get_learned_conditioning", get_learned_conditioning, raising=False)
        return

    def set_shift(self: Any, shift: float) -> None:
        self.predictor.set_parameters(shift=shift)

    def sample(self: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(self.sd_model, "set_shift"):
            self.sd_model.set_shift(shift=self.distilled_cfg_scale)
        return original(self, *args, **kwargs)

    def sample_hr_pass(self: Any, *args: Any, **kwargs: Any) -> Any:
        if hasattr(self.sd_model, "set_shift"):
            self.sd_model.set_shift(shift=self.hr_distilled_cfg)
        return original_hr(self, *args, **kwargs)

    original, original_hr = txt2img.sample, txt2img.sample_hr_pass
    patch(FlowModel, "set_shift", set_shift, raising=False)
    patch(txt2img, "sample", sample)
    patch(txt2img, "sample_hr_pass", sample_hr_pass)


def _setup_conds(self: Any) -> None:
    _with(self.distilled_cfg_scale, lambda: _plain[0](self))


def _calculate_hr_conds(self: Any) -> None:
    _with(self.hr_distilled_cfg, lambda: _plain[1](self))


def _cached_params(self: Any, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
    return (*_plain[2](self, *args, **kwargs), self.distilled_cfg_scale, self.hr_distilled_cfg)


_plain = (
    processing.StableDiffusionProcessing.setup_conds,
    processing.StableDiffusionProcessingTxt2Img.calculate_hr_conds,
    processing.StableDiffusionProcessing.cached_params,
)


def _with(scale: float, work: Callable[[], None]) -> None:
    """What the host hands to each SdConditioning that it makes meanwhile."""
    module: Any = prompt_parser
    kind: Any = module.SdConditioning

    class Given(kind):
        def __init__(self, prompts, **kwargs):
            super().__init__(prompts, **{"distilled_cfg_scale": scale, **kwargs})

    module.SdConditioning = Given
    try:
        work()
    finally:
        module.SdConditioning = kind
