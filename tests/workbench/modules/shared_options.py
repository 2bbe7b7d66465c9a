"""The settings of the host that generation reads here, with the host's defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modules import paths_internal
from modules.options import OptionInfo


def _folder(name: str) -> str:
    return str(Path(paths_internal.data_path) / "outputs" / name)


_DEFAULTS: dict[str, dict[str, Any]] = {
    "saving-images": {
        "samples_save": True, "samples_format": "png", "samples_filename_pattern": "", "enable_pnginfo": True,
        "grid_save": True, "grid_format": "png", "grid_extended_filename": False, "grid_only_if_multiple": True,
        "save_images_add_number": True, "save_images_before_highres_fix": False, "save_incomplete_images": False,
        "directories_filename_pattern": "[date]", "save_txt": False, "export_for_4chan": True,
        "img_max_size_mp": 200.0, "outdir_samples": "", "outdir_txt2img_samples": _folder("txt2img-images"),
        "outdir_grids": "", "outdir_txt2img_grids": _folder("txt2img-grids"), "save_to_dirs": True,
        "font": "", "grid_text_active_color": "#000000", "grid_text_inactive_color": "#999999",
        "grid_background_color": "#ffffff", "grid_save_to_dirs": True, "return_grid": True, "do_not_show_images": False,
    },
    "sd": {
        "sd_model_checkpoint": None, "CLIP_stop_at_last_layers": 1, "randn_source": "GPU", "tiling": False,
        "sd_vae": "Automatic", "sd_vae_encode_method": "Full", "sd_vae_decode_method": "Full",
        "persistent_cond_cache": True, "use_old_scheduling": False, "batch_cond_uncond": True,
        "token_merging_ratio": 0.0, "token_merging_ratio_hr": 0.0, "face_restoration": False,
        "face_restoration_model": "CodeFormer",
        "inpainting_mask_weight": 1.0, "img2img_fix_steps": False, "img2img_extra_noise": 0.0,
        "hires_fix_use_firstpass_conds": False, "hires_fix_refiner_pass": "second pass",
        "hires_fix_show_sampler": False, "hires_fix_show_prompts": False,
        "refiner_switch_by_sample_steps": False, "upscaler_for_img2img": None,
    },
    "sampler-params": {
        "hide_samplers": [], "eta_ddim": 0.0, "eta_ancestral": 1.0, "eta_noise_seed_delta": 0,
        "always_discard_next_to_last_sigma": False, "sgm_noise_multiplier": False, "sigma_min": 0.0, "sigma_max": 0.0,
        "rho": 0.0, "s_min_uncond": 0.0, "no_dpmpp_sde_batch_determinism": False,
        "use_old_karras_scheduler_sigmas": False,
    },
    "ui": {
        "live_previews_enable": True, "live_previews_image_format": "png", "show_progress_grid": True,
        "show_progress_every_n_steps": 10, "show_progress_type": "Full", "live_preview_fast_interrupt": False,
        "interrupt_after_current": True, "multiple_tqdm": True, "gallery_height": "", "localization": "None",
    },
    "infotext": {
        "infotext_skip_pasting": [], "infotext_styles": "Apply if any", "add_model_hash_to_info": True,
        "add_model_name_to_info": True, "add_version_to_infotext": True,
    },
}  # fmt: skip

_INFOTEXT = {
    "sd_model_checkpoint": "Model hash", "CLIP_stop_at_last_layers": "Clip skip", "randn_source": "RNG",
    "sd_vae_encode_method": "VAE Encoder", "sd_vae_decode_method": "VAE Decoder", "eta_noise_seed_delta": "ENSD",
    "token_merging_ratio": "Token merging ratio", "token_merging_ratio_hr": "Token merging ratio hr",
    "img2img_extra_noise": "Extra noise", "sgm_noise_multiplier": "SGM noise multiplier",
    "always_discard_next_to_last_sigma": "Discard penultimate sigma", "sigma_min": "Schedule min sigma",
    "sigma_max": "Schedule max sigma", "rho": "Schedule rho", "s_min_uncond": "NGMS", "eta_ddim": "Eta DDIM",
    "eta_ancestral": "Eta",
    "use_old_scheduling": "Old prompt editing timelines", "hires_fix_refiner_pass": "Hires refiner",
    "refiner_switch_by_sample_steps": "Refiner switch by sampling steps",
}  # fmt: skip

_SLIDERS = {"CLIP_stop_at_last_layers": {"minimum": 1, "maximum": 12, "step": 1}}

options_templates = {
    key: OptionInfo(
        default, key, component_args=_SLIDERS.get(key), section=(section, section), infotext=_INFOTEXT.get(key)
    )
    for section, options in _DEFAULTS.items()
    for key, default in options.items()
}
restricted_opts = {"outdir_samples", "outdir_txt2img_samples", "outdir_grids", "outdir_txt2img_grids"}
