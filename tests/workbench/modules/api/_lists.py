"""The API's routes that list what there is."""

from __future__ import annotations

from typing import Any

from modules import scripts, sd_models, sd_samplers, sd_schedulers, shared
from modules.api import models


def samplers() -> list[dict[str, Any]]:
    """The samplers."""
    return [{"name": each.name, "aliases": each.aliases, "options": each.options} for each in sd_samplers.all_samplers]


def schedulers() -> list[dict[str, Any]]:
    """The schedulers."""
    names = ("name", "label", "aliases", "default_rho", "need_inner_model")
    return [{name: getattr(each, name) for name in names} for each in sd_schedulers.schedulers]


def upscalers() -> list[dict[str, Any]]:
    """The pixel upscalers."""
    unknown = {"model_name": None, "model_url": None}
    return [
        {"name": each.name, "scale": each.scale, "model_path": each.data_path, **unknown}
        for each in shared.sd_upscalers
    ]


def latent_upscale_modes() -> list[dict[str, str]]:
    """The latent upscalers."""
    return [{"name": name} for name in shared.latent_upscale_modes]


def checkpoints() -> list[dict[str, Any]]:
    """The checkpoints."""
    names = ("title", "model_name", "hash", "sha256", "filename")
    return [{name: getattr(each, name) for name in names} for each in sd_models.checkpoints_list.values()]


def script_names() -> models.ScriptsList:
    """The scripts' names."""
    txt2img, img2img = (
        [script.name for script in runner.scripts if script.name is not None]
        for runner in (scripts.scripts_txt2img, scripts.scripts_img2img)
    )
    return models.ScriptsList(txt2img=txt2img, img2img=img2img)


def script_info() -> list[models.ScriptInfo]:
    """The scripts with their arguments."""
    runners = (scripts.scripts_txt2img, scripts.scripts_img2img)
    return [script.api_info for runner in runners for script in runner.scripts if script.api_info is not None]
