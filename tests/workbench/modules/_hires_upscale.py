"""Hires. fix between its passes: the first pass's latents or pictures, enlarged, as latents of the second's size."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from modules import devices, images, sd_samplers, sd_samplers_common, shared
from modules._processed import create_infotext
from modules._processing_base import latent_factor
from modules.sd_samplers_common import approximation_indexes, images_tensor_to_samples
from modules.shared import opts


def latents(p: Any, samples: Any, seeds: Any, prompts: Any) -> tuple[Any, Any]:
    """(latents, image conditioning) by interpolating latents."""
    for index in range(len(samples)):
        _save_intermediate(p, partial(sd_samplers.sample_to_image, samples, index, 0), seeds, prompts, index)
    size = (p.hr_upscale_to_y // latent_factor(), p.hr_upscale_to_x // latent_factor())
    mode = p.latent_scale_mode
    has_frames = samples.ndim == 5
    samples = samples.squeeze(2) if has_frames else samples
    samples = torch.nn.functional.interpolate(samples, size=size, mode=mode["mode"], antialias=mode["antialias"])
    samples = samples.unsqueeze(2) if has_frames else samples
    if getattr(p, "inpainting_mask_weight", opts.inpainting_mask_weight) < 1.0:
        decoded = sd_samplers_common.decode_first_stage(p.sd_model, samples)
        return samples, p.img2img_image_conditioning(decoded, samples)
    return samples, p.txt2img_image_conditioning(samples)


def pixels(p: Any, decoded_samples: Any, seeds: Any, prompts: Any) -> tuple[Any, Any]:
    """(latents, image conditioning) by a pixel upscaler, from decoded pictures B,3,H,W in [-1,1]."""
    pictures = []
    decoded_samples = decoded_samples.reshape(-1, *decoded_samples.shape[-3:])  # without frames
    for index, sample in enumerate(torch.clamp((decoded_samples + 1.0) / 2.0, min=0.0, max=1.0)):
        image = Image.fromarray((255.0 * np.moveaxis(sample.cpu().numpy(), 0, 2)).astype(np.uint8))
        _save_intermediate(p, image.copy, seeds, prompts, index)
        image = images.resize_image(0, image, p.hr_upscale_to_x, p.hr_upscale_to_y, upscaler_name=p.hr_upscaler)
        pictures.append(np.moveaxis(np.array(image).astype(np.float32) / 255.0, 2, 0))
    stacked = torch.from_numpy(np.array(pictures)).to(shared.device, dtype=devices.dtype_vae)
    samples = _encode(p, stacked)
    return samples, p.img2img_image_conditioning(stacked, samples)


def from_image(p: Any) -> tuple[Any, Any]:
    """(latents, decoded pictures) of p.firstpass_image; one of them None, by what the upscaler wants."""
    image = np.moveaxis(np.array(p.firstpass_image).astype(np.float32) / 255.0, 2, 0)[None]
    if p.latent_scale_mode is None:
        return None, torch.asarray(image * 2.0 - 1.0)
    return _encode(p, torch.from_numpy(image).to(shared.device, dtype=devices.dtype_vae)), None


def _encode(p: Any, pictures: torch.Tensor) -> torch.Tensor:
    method = opts.sd_vae_encode_method
    if method != "Full":
        p.extra_generation_params["VAE Encoder"] = method
    return images_tensor_to_samples(pictures, approximation_indexes.get(method), p.sd_model)


def _save_intermediate(p: Any, picture: Callable[[], Any], seeds: Any, prompts: Any, index: int) -> None:
    """Write the first pass's picture, where the settings ask for it."""
    if not p.save_samples() or not opts.save_images_before_highres_fix:
        return
    everything = (p.all_prompts, p.all_seeds, p.all_subseeds)
    info = create_infotext(p, *everything, [], iteration=p.iteration, position_in_batch=index)
    where = {"info": info, "p": p, "suffix": "-before-highres-fix"}
    images.save_image(picture(), p.outpath_samples, "", seeds[index], prompts[index], opts.samples_format, **where)
