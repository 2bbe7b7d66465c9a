"""Pictures in the host's own forms, and the host's pixel upscalers."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from modules import devices, images, processing, shared
from PIL import Image

from hires_strategies.errors import StageFailed
from hires_strategies.planning.sizes import Upscale

from .forks.upscalers import resizes
from .processing import UpscalerEntry
from .upscaler_check import checked


def from_decoded(decoded: Any) -> list[Image.Image]:
    """Pictures of decoded samples in [-1,1], rounded down as the host's process_images does. Each is 3,H,W; T,3,H,W
    with models whose latents have frames (Neo), and all frames of all samples are pictures then."""
    stacked = torch.clamp((torch.stack(list(decoded)).float() + 1.0) / 2.0, min=0.0, max=1.0)
    stacked = stacked.reshape(-1, *stacked.shape[-3:])
    return [Image.fromarray((255.0 * np.moveaxis(sample.cpu().numpy(), 0, 2)).astype(np.uint8)) for sample in stacked]


def to_decoded(pictures: list[Image.Image]) -> Any:
    """Pictures as decoded samples that from_decoded, and so the host, turns into the very same bytes.

    The half keeps each level away from the edge where the host's rounding down could lose it.
    """
    decoded = processing.DecodedSamples()
    for picture in pictures:
        array = np.moveaxis(np.asarray(picture.convert("RGB"), dtype=np.float32), 2, 0)
        decoded.append(torch.from_numpy((array + 0.5) / 255.0 * 2.0 - 1.0))
    return decoded


def to_tensor(pictures: list[Image.Image]) -> torch.Tensor:
    """B,3,H,W in [0,1] on the host's device in the autoencoder's dtype, as in the host's sample_hr_pass."""
    arrays = [np.moveaxis(np.array(picture).astype(np.float32) / 255.0, 2, 0) for picture in pictures]
    return torch.from_numpy(np.array(arrays)).to(shared.device, dtype=devices.dtype_vae)


def upscale(picture: Image.Image, how: Upscale) -> Image.Image:
    """A picture resized to how.width x how.height by the host. Raises StageFailed if the upscaler did nothing."""
    if (plain := resizes().get(how.upscaler)) is not None:
        return picture.resize((how.width, how.height), plain)
    upscaler = next((known for known in shared.sd_upscalers if known.name == how.upscaler), None)
    if upscaler is None:
        raise StageFailed(f"the upscaler '{how.upscaler}' is gone from the host's list")
    with checked(upscaler):
        if how.at_own_size and picture.size == (how.width, how.height):
            return _at_own_size(picture, upscaler)
        resized: Image.Image = images.resize_image(0, picture, how.width, how.height, upscaler_name=how.upscaler)
    return resized.convert("RGB")


def _at_own_size(picture: Image.Image, upscaler: UpscalerEntry) -> Image.Image:
    """A picture run through a model at its own size: resize_image skips the model if nothing grows."""
    scaler = upscaler.scaler
    if scaler is None:
        return picture
    scaler.scale = 1
    result = scaler.do_upscale(picture, upscaler.data_path).convert("RGB")
    return result if result.size == picture.size else result.resize(picture.size, Image.Resampling.LANCZOS)
