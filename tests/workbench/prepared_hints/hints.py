"""Units and what becomes of them: a `forward` guided by hints, and how positive conditioning is told from negative."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import SimpleNamespace
from typing import Any

import torch
from modules import processing

MARK = 1024.0
STRENGTH = 0.3
MODELS = ["random", "random-b"]


class HiresOption(Enum):
    BOTH = "Both"
    LOW_RES_ONLY = "Low res only"
    HIGH_RES_ONLY = "High res only"


@dataclass
class Unit:
    """One unit, with as much as tests use of it. `image`: base64, or H x W x 3 of 0 to 255."""

    enabled: bool = False
    module: str = "none"
    model: str = MODELS[0]
    weight: float = 1.0
    image: Any = None
    resize_mode: str = "Crop and Resize"
    hr_option: HiresOption = HiresOption.BOTH


@dataclass
class Param:
    """A unit as the model calls see it, and the hint that was used last, for `reference_only` encoded."""

    name: str
    model: str
    weight: float
    hint_cond: torch.Tensor
    hr_hint_cond: torch.Tensor | None
    hr_option: HiresOption
    used_hint_cond: torch.Tensor | None = None
    used_hint_cond_latent: torch.Tensor | None = None


class Network:
    """Takes the place of the UNet's `forward` and of p.sample. `restore` gives the former back."""

    def __init__(self, model: Any, params: list[Any], p: Any) -> None:
        self.model, self.control_params, self.p = model, params, p
        self.original = model.unet.forward
        model.unet.forward = self.forward
        if getattr(p, "sample_before_CN_hack", None) is None:
            p.sample_before_CN_hack = p.sample
        p.sample = self.sample

    def restore(self) -> None:
        del self.model.unet.forward

    def sample(self, *args: Any, **kwargs: Any) -> Any:
        """p.sample, with all conditioning of the job marked."""
        mark(kwargs.get("conditioning", []), MARK)
        mark(kwargs.get("unconditional_conditioning", []), -MARK)
        mark(getattr(self.p, "hr_c", []), MARK)
        mark(getattr(self.p, "hr_uc", []), -MARK)
        return self.p.sample_before_CN_hack(*args, **kwargs)

    def forward(self, x: torch.Tensor, t: torch.Tensor, context: torch.Tensor, **kwargs: Any) -> Any:
        """Predicted noise of latents B,4,h,w, guided where the conditioning is positive."""
        positive, context = unmarked(context)
        is_second = False
        for param in self.control_params:
            hint, second = nearer(param, x)
            if param.used_hint_cond is not hint:
                param.used_hint_cond, param.used_hint_cond_latent = hint, None
            is_second |= second
        out, *rest = self.original(x, t, context, **kwargs)
        for param in self.control_params:
            off = {"Both": None, "Low res only": True, "High res only": False}[param.hr_option.value]
            if off is not is_second or off is None:
                out = out + STRENGTH * param.weight * positive * self.guidance(param, x)
        return (out, *rest)

    def guidance(self, param: Any, x: torch.Tensor) -> torch.Tensor:
        if "reference" in param.name:
            return reference(self.model, self.p, param)
        mixing = torch.randn(3, 4, generator=torch.Generator().manual_seed(len(param.model))).to(x)
        mixed = torch.nn.functional.avg_pool2d(param.used_hint_cond.to(x), 8).permute(0, 2, 3, 1) @ mixing
        return mixed.permute(0, 3, 1, 2)


def nearer(param: Any, x: torch.Tensor) -> tuple[torch.Tensor, bool]:
    """The hint whose height is nearer to the latents', and whether it is that of the second pass."""
    first, second = param.hint_cond, param.hr_hint_cond
    height = x.shape[2] * 8
    if second is None or abs(height - first.shape[2]) < abs(height - second.shape[2]):
        return first, False
    return second, True


def reference(model: Any, p: Any, param: Any) -> torch.Tensor:
    """The hint encoded once per generation, and noise: both draw from torch's global generator."""
    cache = getattr(p, "controlnet_vae_cache", None)
    if cache is None:
        cache = p.controlnet_vae_cache = SimpleNamespace(cache={})
    key = param.used_hint_cond.cpu().numpy().tobytes()
    if param.used_hint_cond_latent is None:
        if key not in cache.cache:
            picture = (param.used_hint_cond * 2 - 1).to(model.unet.device)
            cache.cache[key] = model.get_first_stage_encoding(model.encode_first_stage(picture))
        param.used_hint_cond_latent = cache.cache[key]
    return param.used_hint_cond_latent + 0.1 * torch.randn_like(param.used_hint_cond_latent)


def mark(cond: Any, sign: float) -> Any:
    """In place, as far as it goes: one more token in front of each conditioning, of this value throughout."""
    if isinstance(cond, list):
        cond[:] = [mark(part, sign) for part in cond]
    elif hasattr(cond, "batch"):
        mark(cond.batch, sign)
    elif hasattr(cond, "schedules"):
        mark(cond.schedules, sign)
    elif hasattr(cond, "end_at_step") and not is_marked(cond.cond[None]):
        return cond._replace(cond=torch.cat([torch.full_like(cond.cond[:1], sign), cond.cond]))
    return cond


def is_marked(context: torch.Tensor) -> bool:
    return bool((context[:, 0].abs() == MARK).all())


def unmarked(context: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """B,1,1,1 of 1 for positive rows and 0 for negative ones, and the conditioning B,T,C without marks."""
    if not is_marked(context):
        return context.new_ones(len(context), 1, 1, 1), context
    processing.StableDiffusionProcessing.cached_c = [None, None]  # what is kept there is marked now
    processing.StableDiffusionProcessing.cached_uc = [None, None]
    return (context[:, 0, 0] > 0).float()[:, None, None, None], context[:, 1:].contiguous()
