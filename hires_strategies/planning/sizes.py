"""A stage's size in pixels: what it is resized to and what is left after the crop, rounded as the host does."""

from __future__ import annotations

from dataclasses import dataclass

from hires_strategies.strategy import Stage

LATENT_SIDE = 8  # picture pixels per latent pixel; the host's opt_f


@dataclass(frozen=True)
class Upscale:
    """A resize to `width` x `height` pixels, of which the middle `crop_width` x `crop_height` is kept.

    `at_own_size`: the size does not change, but the upscaler (a sharpening model, for example) is used all the same.
    Hires. fix skips the upscaler there, so this is only for stages without sampling, which it does not offer.
    """

    upscaler: str
    latent: bool
    width: int
    height: int
    crop_width: int
    crop_height: int
    at_own_size: bool = False


def resolve_upscale(stage: Stage, source: tuple[int, int]) -> Upscale:
    """The resize of a stage for a picture of `source` pixels, as the host's calculate_target_resolution computes it."""
    width, height = source
    wanted = _wanted_size(stage, source)
    if stage.scale is not None:
        return Upscale(stage.upscaler, stage.is_latent, *wanted, *wanted, _at_own_size(stage, source, wanted))
    if width / height < wanted[0] / wanted[1]:
        scaled = wanted[0], wanted[0] * height // width
    else:
        scaled = wanted[1] * width // height, wanted[1]
    return Upscale(stage.upscaler, stage.is_latent, *scaled, *wanted, _at_own_size(stage, source, scaled))


def _at_own_size(stage: Stage, source: tuple[int, int], target: tuple[int, int]) -> bool:
    return source == target and not stage.is_latent and not stage.is_sampled


def output_size(stage: Stage, source: tuple[int, int], upscale: Upscale | None) -> tuple[int, int]:
    """Pixels of the finished stage: whole latents if it is latent or sampled, else the exact size.

    `upscale` is None for Direct.
    """
    if upscale is None:
        return whole_latents(_wanted_size(stage, source))
    if not stage.is_sampled and not stage.is_latent:
        return upscale.crop_width, upscale.crop_height
    return (
        (upscale.width // LATENT_SIDE - cropped_latents(upscale.width, upscale.crop_width)) * LATENT_SIDE,
        (upscale.height // LATENT_SIDE - cropped_latents(upscale.height, upscale.crop_height)) * LATENT_SIDE,
    )


def whole_latents(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height as they come out of latents: rounded down to whole ones."""
    return size[0] // LATENT_SIDE * LATENT_SIDE, size[1] // LATENT_SIDE * LATENT_SIDE


def cropped_latents(side: int, kept: int) -> int:
    """How many latent rows or columns a crop from `side` to `kept` pixels removes (the host's truncate_x)."""
    return (side - kept) // LATENT_SIDE


def _wanted_size(stage: Stage, source: tuple[int, int]) -> tuple[int, int]:
    if stage.scale is not None:
        return int(source[0] * stage.scale), int(source[1] * stage.scale)
    assert stage.width is not None and stage.height is not None
    return stage.width, stage.height
