"""A stage's size in pixels: what it is resized to and what is left after the crop, rounded as the host does."""

from __future__ import annotations

from dataclasses import dataclass

from hires_strategies.size_rules import ORDINARY, Size, SizeRules
from hires_strategies.strategy import Stage


@dataclass(frozen=True)
class Upscale:
    """A resize of `source` pixels to `width` x `height`, of which the middle `crop_width` x `crop_height` is kept.

    `at_own_size`: the size does not change, but the upscaler (a sharpening model, for example) is used all the same.
    Hires. fix skips the upscaler there, so this is only for stages without sampling, which it does not offer.
    `factor`: pixels per latent pixel, see SizeRules.
    """

    upscaler: str
    latent: bool
    source: Size
    width: int
    height: int
    crop_width: int
    crop_height: int
    at_own_size: bool = False
    factor: int = ORDINARY.factor

    @property
    def latent_size(self) -> tuple[int, int]:
        """Rows and columns of latents that are resized, not yet cropped."""
        return self.height // self.factor, self.width // self.factor

    @property
    def latent_cut(self) -> tuple[int, int]:
        """How many rows and columns of latents the crop removes (the host's truncate_y and truncate_x)."""
        return (self.height - self.crop_height) // self.factor, (self.width - self.crop_width) // self.factor


def resolve_upscale(stage: Stage, source: Size, rules: SizeRules = ORDINARY) -> Upscale:
    """The resize of a stage for a picture of `source` pixels, as the host's calculate_target_resolution computes it.

    A size that the model cannot sample is rounded down to one that it can: the host would fail there.
    """
    wanted = _wanted_size(stage, source)
    if not _becomes_latents(stage):
        return _resized(stage, source, wanted, rules)
    wanted = rules.upscaled(wanted)
    upscale = _resized(stage, source, wanted, rules)
    if rules.is_fit(output_size(stage, source, upscale, rules)):
        return upscale
    return _resized(stage, source, rules.requested(wanted), rules)


def output_size(stage: Stage, source: Size, upscale: Upscale | None, rules: SizeRules = ORDINARY) -> Size:
    """Pixels of the finished stage: whole latents if it is latent or sampled, else the exact size.

    `upscale` is None for Direct.
    """
    if upscale is None:
        return rules.whole(rules.requested(_wanted_size(stage, source)))
    if not _becomes_latents(stage):
        return upscale.crop_width, upscale.crop_height
    (rows, columns), (cut_rows, cut_columns) = upscale.latent_size, upscale.latent_cut
    return (columns - cut_columns) * upscale.factor, (rows - cut_rows) * upscale.factor


def _resized(stage: Stage, source: Size, wanted: Size, rules: SizeRules) -> Upscale:
    """The resize to `wanted`, for "resize to" after a crop that keeps the proportions, unless the host stretches."""
    width, height = source
    stretches = rules.step is not None and _becomes_latents(stage)
    if stage.scale is not None or stretches or not min(wanted):
        scaled = wanted
    elif width / height < wanted[0] / wanted[1]:
        scaled = wanted[0], wanted[0] * height // width
    else:
        scaled = wanted[1] * width // height, wanted[1]
    own = source == scaled and not _becomes_latents(stage)
    return Upscale(stage.upscaler, stage.is_latent, source, *scaled, *wanted, own, rules.factor)


def _becomes_latents(stage: Stage) -> bool:
    """Whether a stage is what Hires. fix offers; a pixel upscale alone keeps its exact size."""
    return stage.is_latent or stage.is_sampled


def _wanted_size(stage: Stage, source: Size) -> Size:
    if stage.scale is not None:
        return int(source[0] * stage.scale), int(source[1] * stage.scale)
    assert stage.width is not None and stage.height is not None
    return stage.width, stage.height
