"""A job from its start to its images. The order of the hooks and of what is read when is the host's."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from modules import (
    devices,
    extra_networks,
    face_restoration,
    images,
    paths,
    rng,
    scripts,
    sd_models,
    sd_samplers,
    shared,
)
from modules._decoding import DecodedSamples, decode_latent_batch
from modules._overlays import apply_color_correction, apply_overlay
from modules._processed import Processed, create_infotext
from modules._processing_base import StableDiffusionProcessing, opt_C
from modules._processing_hires import StableDiffusionProcessingTxt2Img
from modules.shared import cmd_opts, opts, state

__all__ = [
    "DecodedSamples",
    "StableDiffusionProcessingTxt2Img",
    "apply_color_correction",
    "apply_overlay",
    "create_infotext",
]

opt_f = 8  # pixels of a latent's side; sd_models sets it to the loaded model's


def get_fixed_seed(seed):
    """The seed, or a random one for -1, nothing, or what is no number. A list of seeds stays."""
    if isinstance(seed, list):
        return seed
    try:
        number = -1 if seed is None else int(seed)
    except ValueError:
        number = -1
    return random.randrange(4294967294) if number == -1 else number


def fix_seed(p):
    """Random seeds become definite ones."""
    p.seed, p.subseed = get_fixed_seed(p.seed), get_fixed_seed(p.subseed)


def process_images(p: StableDiffusionProcessing) -> Processed:
    """Run a job with its override settings; they, and token merging, are undone whatever happens."""
    if p.scripts is not None:
        p.scripts.before_process(p)
    stored = {key: opts.data[key] for key in p.override_settings if key in opts.data}
    try:
        if sd_models.checkpoint_aliases.get(p.override_settings.get("sd_model_checkpoint")) is None:
            p.override_settings.pop("sd_model_checkpoint", None)
            sd_models.reload_model_weights()
        for key, value in p.override_settings.items():
            opts.set(key, value, is_api=True, run_callbacks=False)
            if key == "sd_model_checkpoint":
                sd_models.reload_model_weights()
        sd_models.apply_token_merging(p.sd_model, p.get_token_merging_ratio())
        sd_samplers.fix_p_invalid_sampler_and_scheduler(p)
        return process_images_inner(p)
    finally:
        sd_models.apply_token_merging(p.sd_model, 0)
        if p.override_settings_restore_afterwards:
            opts.data.update(stored)


def process_images_inner(p: StableDiffusionProcessing) -> Processed:
    """All batches of a job."""
    seed, subseed = get_fixed_seed(p.seed), get_fixed_seed(p.subseed)
    _prepare(p)
    p.fill_fields_from_opts()
    p.setup_prompts()
    same = p.subseed_strength != 0  # with a variation seed, only that one counts on
    count = range(len(p.all_prompts))
    p.all_seeds = seed if isinstance(seed, list) else [seed + (0 if same else x) for x in count]
    p.all_subseeds = subseed if isinstance(subseed, list) else [subseed + x for x in count]
    if p.scripts is not None:
        p.scripts.process(p)

    infotexts: list[str] = []
    output_images: list[Image.Image] = []
    index_of_first_image = 0
    with torch.no_grad(), p.sd_model.ema_scope():
        with devices.autocast():
            p.init(p.all_prompts, p.all_seeds, p.all_subseeds)
        if state.job_count == -1:
            state.job_count = p.n_iter
        for n in range(p.n_iter):
            p.iteration = n
            state.skipped = False
            if state.interrupted or state.stopping_generation:
                break
            if not _start_batch(p, n):
                break
            _finish_batch(p, n, _sample_batch(p), (output_images, infotexts))
        if not infotexts:
            infotexts.append(Processed(p, []).infotext(p, 0))
        wants_grid = opts.return_grid or opts.grid_save
        if wants_grid and not p.do_not_save_grid and not (len(output_images) < 2 and opts.grid_only_if_multiple):
            index_of_first_image = _make_grid(p, output_images, infotexts)

    if not p.disable_extra_networks and p.extra_network_data:
        extra_networks.deactivate(p, p.extra_network_data)
    devices.torch_gc()
    result = Processed(
        p, images_list=output_images, seed=p.all_seeds[0], info=infotexts[0], subseed=p.all_subseeds[0],
        index_of_first_image=index_of_first_image, infotexts=infotexts,
    )  # fmt: skip
    if p.scripts is not None:
        p.scripts.postprocess(p, result)
    return result


def _prepare(p: Any) -> None:
    """What a job takes from the settings and the loaded model before it starts."""
    p.restore_faces = opts.face_restoration if p.restore_faces is None else p.restore_faces
    p.tiling = opts.tiling if p.tiling is None else p.tiling
    if p.refiner_checkpoint not in (None, "", "None", "none"):
        p.refiner_checkpoint_info = sd_models.get_closet_checkpoint_match(p.refiner_checkpoint)
        if p.refiner_checkpoint_info is None:
            raise Exception(f"Could not find checkpoint with name {p.refiner_checkpoint}")
    if hasattr(shared.sd_model, "fix_dimensions"):
        p.width, p.height = shared.sd_model.fix_dimensions(p.width, p.height)
    p.sd_model_name = shared.sd_model.sd_checkpoint_info.name_for_extra
    p.sd_model_hash = shared.sd_model.sd_model_hash


def _start_batch(p: Any, n: int) -> bool:
    """Prompts, seeds, noise, networks and conditioning of a batch; False where there is nothing left to do."""
    sd_models.reload_model_weights()  # a refiner may have changed it
    batch = slice(n * p.batch_size, (n + 1) * p.batch_size)
    p.prompts, p.negative_prompts = p.all_prompts[batch], p.all_negative_prompts[batch]
    p.seeds, p.subseeds = p.all_seeds[batch], p.all_subseeds[batch]
    channels, sides = getattr(p.sd_model, "latent_channels", opt_C), (p.height // opt_f, p.width // opt_f)
    p.rng = rng.ImageRNG(
        (channels, 1, *sides) if p.sd_model.is_wan else (channels, *sides), p.seeds, subseeds=p.subseeds,
        subseed_strength=p.subseed_strength, seed_resize_from_h=p.seed_resize_from_h,
        seed_resize_from_w=p.seed_resize_from_w,
    )  # fmt: skip
    if p.scripts is not None:
        p.scripts.before_process_batch(p, batch_number=n, prompts=p.prompts, seeds=p.seeds, subseeds=p.subseeds)
    if len(p.prompts) == 0:
        return False
    p.parse_extra_network_prompts()
    if not p.disable_extra_networks:
        with devices.autocast():
            extra_networks.activate(p, p.extra_network_data)
    if p.scripts is not None:
        p.scripts.process_batch(p, batch_number=n, prompts=p.prompts, seeds=p.seeds, subseeds=p.subseeds)
    p.setup_conds()
    if n == 0 and not cmd_opts.no_prompt_history:
        folder = Path(paths.data_path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "params.txt").write_text(Processed(p, []).infotext(p, 0), encoding="utf8")
    if p.n_iter > 1:
        state.job = f"Batch {n + 1} out of {p.n_iter}"
    return True


def _sample_batch(p: Any) -> torch.Tensor:
    """B,3,H,W in [0,1]: the batch sampled and decoded."""
    sd_models.apply_alpha_schedule_override(p.sd_model, p)
    with devices.without_autocast() if devices.unet_needs_upcast else devices.autocast():
        samples = p.sample(
            conditioning=p.c, unconditional_conditioning=p.uc, seeds=p.seeds, subseeds=p.subseeds,
            subseed_strength=p.subseed_strength, prompts=p.prompts,
        )  # fmt: skip
    if p.scripts is not None:
        ps = scripts.PostSampleArgs(samples)
        p.scripts.post_sample(p, ps)
        samples = ps.samples
    if not getattr(samples, "already_decoded", False):
        devices.test_for_nans(samples, "unet")
        if opts.sd_vae_decode_method != "Full":
            p.extra_generation_params["VAE Decoder"] = opts.sd_vae_decode_method
        samples = decode_latent_batch(p.sd_model, samples, target_device=devices.cpu, check_for_nans=True)
    decoded = torch.stack(list(samples)).float()
    devices.torch_gc()
    state.nextjob()
    decoded = decoded.reshape(-1, *decoded.shape[-3:])  # without frames
    return torch.clamp((decoded + 1.0) / 2.0, min=0.0, max=1.0)


def _finish_batch(p: Any, n: int, pictures: torch.Tensor, results: tuple[list[Image.Image], list[str]]) -> None:
    """The hooks after sampling, and each image saved and added to the results."""
    batch = list(pictures)
    if p.scripts is not None:
        p.scripts.postprocess_batch(p, pictures, batch_number=n)
        part = slice(n * p.batch_size, (n + 1) * p.batch_size)
        p.prompts, p.negative_prompts = p.all_prompts[part], p.all_negative_prompts[part]
        pp = scripts.PostprocessBatchListArgs(list(pictures))
        p.scripts.postprocess_batch_list(p, pp, batch_number=n)
        batch = pp.images
    output_images, infotexts = results
    save_samples = p.save_samples()
    for i, picture in enumerate(batch):
        p.batch_index = i
        image = _finish_image(p, (255.0 * np.moveaxis(picture.cpu().numpy(), 0, 2)).astype(np.uint8))
        text = create_infotext(p, p.prompts, p.seeds, p.subseeds, index=i, all_negative_prompts=p.negative_prompts)
        if save_samples:
            path, seed, prompt = p.outpath_samples, p.seeds[i], p.prompts[i]
            images.save_image(image, path, "", seed, prompt, opts.samples_format, info=text, p=p)
        infotexts.append(text)
        if opts.enable_pnginfo:
            image.info["parameters"] = text
        output_images.append(image)
    devices.torch_gc()


def _finish_image(p: Any, array: np.ndarray) -> Image.Image:
    """What is done to each decoded picture, H,W,3 of bytes, before it is saved."""
    image = Image.fromarray(face_restoration.restore_faces(array) if p.restore_faces else array)
    overlays, corrections = p.overlay_images, p.color_corrections
    overlay = overlays[p.batch_index] if overlays is not None and p.batch_index < len(overlays) else None
    if p.scripts is not None:
        pp = scripts.PostprocessImageArgs(image)
        p.scripts.postprocess_image(p, pp)
        ppmo = scripts.PostProcessMaskOverlayArgs(p.batch_index, None, overlay)
        p.scripts.postprocess_maskoverlay(p, ppmo)
        image, overlay = pp.image, ppmo.overlay_image
    if corrections is not None and p.batch_index < len(corrections):
        image = apply_color_correction(corrections[p.batch_index], image)
    image, _ = apply_overlay(image, p.paste_to, overlay)
    if p.scripts is not None:
        pp = scripts.PostprocessImageArgs(image)
        p.scripts.postprocess_image_after_composite(p, pp)
        image = pp.image
    return image


def _make_grid(p: Any, output_images: list[Image.Image], infotexts: list[str]) -> int:
    """Save and insert the grid of the job; returns the index of the first image after it."""
    grid = images.image_grid(output_images, p.batch_size)
    text = create_infotext(
        p, p.prompts, p.seeds, p.subseeds, use_main_prompt=True, all_negative_prompts=p.negative_prompts
    )
    if opts.grid_save:
        where = {"info": text, "short_filename": not opts.grid_extended_filename, "p": p, "grid": True}
        images.save_image(grid, p.outpath_grids, "grid", p.all_seeds[0], p.all_prompts[0], opts.grid_format, **where)
    if not opts.return_grid:
        return 0
    infotexts.insert(0, text)
    if opts.enable_pnginfo:
        grid.info["parameters"] = text
    output_images.insert(0, grid)
    return 1
