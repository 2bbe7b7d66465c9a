"""The shape of the loaded model's latents, and how host and model round sizes: nothing of it is a constant.

| | latents | seen on |
|---|---|---|
| SD 1, SD 2, SDXL | B,4,H/8,W/8 | all |
| SD 3, Flux, Chroma, Z-Image, Lumina | B,16,H/8,W/8 | A1111 1.10 (SD 3), Forge, reForge, Neo |
| Wan, Qwen-Image, Krea 2, Anima | B,16,T,H/8,W/8 | Neo |
| Flux 2 | B,128,H/16,W/16 | Neo |
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from modules import processing, shared
from PIL.Image import Image

from hires_strategies.size_rules import SizeRules
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.host.sigmas import loaded_model

_REDUCED = 8  # pixels that an autoencoder's layers make one of
_LARGEST_MULTIPLE = 1024  # that is looked for


def size_rules() -> SizeRules:
    """The rules of this host with the model that is loaded now. Without one they are those of most models, or of the
    model before: on Forge and Neo the first generation loads it."""
    return SizeRules(_factor(), _multiple_of_model(), _step_of_host())


def latent_channels() -> int:
    """The channels of a latent: 4, 16, 128, ... by the loaded model."""
    model = shared.sd_model
    vae = getattr(getattr(model, "forge_objects", None), "vae", None)  # Forge and Neo
    own = getattr(vae, "latent_channels", None) or getattr(model, "latent_channels", None)  # A1111 1.10, reForge
    return int(own or processing.opt_C)


def noise_shape(width: int, height: int) -> tuple[int, ...]:
    """The shape of one image's first-pass noise at a size in pixels, as the host's process_images_inner has it."""
    sides = height // _factor(), width // _factor()
    return (latent_channels(), 1, *sides) if _has_frames() else (latent_channels(), *sides)


def frames(p: Processing) -> int:
    """The frames of latents that each image of the batch about to be sampled has: 1 for all but videos (Neo's Wan)."""
    shape: tuple[int, ...] = getattr(p.rng, "shape", ())
    return int(shape[1]) if len(shape) == 4 else 1


def interpolated(latents: torch.Tensor, size: tuple[int, int], mode: dict[str, Any]) -> torch.Tensor:
    """Latents resized to rows x columns as in the host's sample_hr_pass: those of one frame without that dimension."""
    has_frames = latents.ndim == 5
    flat = latents.squeeze(2) if has_frames else latents
    flat = torch.nn.functional.interpolate(flat, size=size, mode=mode["mode"], antialias=mode["antialias"])
    return flat.unsqueeze(2) if has_frames else flat


def encoded(pictures: torch.Tensor, encode: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
    """Pictures B,3,H,W encoded by the host: one by one where it takes several for a video's frames (Neo: Qwen-Image and
    Wan keep the first of them only), and cut to whole latents where it fails at others."""
    pictures = _encodable(pictures)
    if len(pictures) == 1 or not _has_frames():
        return encode(pictures)
    return torch.cat([encode(picture[None]) for picture in pictures])


def size_of(latents: torch.Tensor) -> tuple[int, int]:
    """Width and height in pixels of what latents decode to."""
    rows, columns = latents.shape[-2:]
    return columns * _factor(), rows * _factor()


def fitting(pictures: list[Image], latents: torch.Tensor) -> list[Image]:
    """Pictures that encode to as many latents as `latents` are. A crop may leave a latent more, of pixels that it cut
    off; the host fails there."""
    size, factor = size_of(latents), _factor()
    fit = all((side // factor * factor) == wanted for side, wanted in zip(pictures[0].size, size, strict=True))
    return pictures if fit else [picture.resize(size) for picture in pictures]


def _encodable(pictures: torch.Tensor) -> torch.Tensor:
    """Autoencoders round down to 8 pixels themselves; Flux 2's then joins 2 x 2 latents and fails at odd ones."""
    factor = _factor()
    if all(side // _REDUCED % (factor // _REDUCED) == 0 for side in pictures.shape[-2:]):
        return pictures
    height, width = (side // factor * factor for side in pictures.shape[-2:])
    return pictures[..., :height, :width]


def _factor() -> int:
    """Neo sets it when it loads a model; on the other hosts it is always 8."""
    return int(getattr(processing, "opt_f", 8))


def _has_frames() -> bool:
    return bool(getattr(shared.sd_model, "is_wan", False))


def _multiple_of_model() -> int:
    """What the host's process_images_inner rounds a txt2img size down to for this model (A1111 1.10: SD 3)."""
    fix = getattr(loaded_model(), "fix_dimensions", None)
    return 1 if fix is None else _left_alone(lambda side: fix(side, side)[0]) or 1


def _step_of_host() -> int | None:
    """What Hires. fix rounds to: Neo 2.26 has a setting for it, of which this function takes the value at its start."""
    rounded = getattr(processing, "sRound", None)
    return None if rounded is None else _left_alone(rounded)


def _left_alone(rounded: Callable[[int], int]) -> int | None:
    """The smallest size that a rounding to multiples does not change."""
    return next((side for side in range(1, _LARGEST_MULTIPLE + 1) if rounded(side) == side), None)
