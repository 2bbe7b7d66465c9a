"""Cutting the middle out of an upscale that is larger than its stage."""

from __future__ import annotations

from PIL.Image import Image

from hires_strategies.planning.sizes import Upscale

from .host import Latents


def crop_latents(latents: Latents, upscale: Upscale) -> Latents:
    """The middle of upscaled latents, cut as the host's sample_hr_pass does for "resize to"."""
    cut_y, cut_x = upscale.latent_cut
    rows, columns = latents.shape[-2:]
    return latents[..., cut_y // 2 : rows - (cut_y + 1) // 2, cut_x // 2 : columns - (cut_x + 1) // 2]


def crop_image(image: Image, upscale: Upscale) -> Image:
    """The middle of an upscaled picture, in pixels."""
    if image.size == (upscale.crop_width, upscale.crop_height):
        return image
    left = (image.width - upscale.crop_width) // 2
    top = (image.height - upscale.crop_height) // 2
    return image.crop((left, top, left + upscale.crop_width, top + upscale.crop_height))


def crop_as_latents(image: Image, upscale: Upscale) -> Image:
    """The part of an upscaled picture that its cropped latents stand for, which is no larger than `crop_image`'s."""
    (cut_y, cut_x), (rows, columns), factor = upscale.latent_cut, upscale.latent_size, upscale.factor
    left, top = cut_x // 2 * factor, cut_y // 2 * factor
    right, bottom = left + (columns - cut_x) * factor, top + (rows - cut_y) * factor
    return image if image.size == (right, bottom) and not left and not top else image.crop((left, top, right, bottom))
