"""The key of a first pass: everything in a generation that can change its latents.

The lists below name what cannot; everything else in `p`, the options and the other scripts counts, also what extensions
add. Without a key there is no reuse. A key entry too many costs time, one too few shows a wrong picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from modules import devices, shared

from hires_strategies.running.fingerprint import NoKey, digest
from hires_strategies.samplers import find_sampler
from hires_strategies.webui.host import attachments, loaded
from hires_strategies.webui.host.processing import CheckpointInfo, ImageRNG, Processing, Script, opts

from . import conditioning_key
from .options_that_do_not_matter import PAGE_OPTIONS

# Fields of `p` that sampling does not read, or that are covered in another form: per image, or by what they led to.
_NOT_READ = """
    scripts_value script_args_value scripts script_args scripts_setup_complete sample setup_prompts sd_model
    prompt negative_prompt prompt_for_display styles main_prompt main_negative_prompt seed subseed
    prompts negative_prompts seeds subseeds all_prompts all_negative_prompts all_seeds all_subseeds rng c uc
    cached_c cached_uc sampler batch_size n_iter iteration batch_index extra_generation_params override_settings
    override_settings_restore_afterwards refiner_checkpoint_info extra_network_data
    outpath_samples outpath_grids do_not_save_samples do_not_save_grid comments user is_api force_task_id
    restore_faces color_corrections overlay_images paste_to sampler_index latents_after_sampling
    pixels_after_sampling extra_result_images sd_vae_name sd_vae_hash denoising_strength enable_hr
    firstphase_width firstphase_height applied_old_hires_behavior_to truncate_x truncate_y latent_scale_mode
    is_using_inpainting_conditioning cached_hr_c cached_hr_uc all_hr_prompts
    all_hr_negative_prompts token_merging_ratio_hr txt2img_upscale
"""
# The host's selectable scripts that act only through `p` and the options.
_SCRIPTS_ACTING_ON_P = ("x/y/z plot", "prompt matrix", "prompts from file or textbox")
_NETWORK_KINDS = ("lora", "lyco", "lycoris", "hypernet")
_FIELDS_NOT_READ = frozenset(_NOT_READ.split())


def keys_of(p: Processing, conditioning: Any, unconditional: Any, inner: Any) -> list[str]:
    """One key for each image of the batch that `p` is about to sample with this conditioning.

    `inner` is what replaces `p.sample` (another extension's), or None. Raises NoKey if there is no key.
    """
    count = len(p.seeds)
    common = digest(_common(p, conditioning, unconditional, inner))
    own = [digest(_of_image(p, conditioning, unconditional, index)) for index in range(count)]
    keys = [digest((common, each)) for each in own]
    if _depends_on_batch(p):
        keys = [digest((keys, index)) for index in range(count)]
    return keys


def _common(p: Processing, conditioning: Any, unconditional: Any, inner: Any) -> dict[str, Any]:
    return {
        "fields": _fields(p),
        "options": _options(),
        "model": _model(),
        "refiner": _checkpoint(p.refiner_checkpoint_info) if p.refiner_checkpoint_info else None,
        "token merging": p.get_token_merging_ratio(),
        "networks": _networks(p),
        "scripts": _scripts(p),
        "callbacks": _callbacks(),
        "sample": _function_name(inner),
        "noise": (_function_name(type(p.rng)), _noise(p.rng)),
        "prompt lengths": (conditioning_key.lengths(conditioning), conditioning_key.lengths(unconditional)),
    }


def _of_image(p: Processing, conditioning: Any, unconditional: Any, index: int) -> tuple[Any, ...]:
    varied = bool(p.subseed_strength or p.rng.subseed_strength)  # otherwise the host still draws variation seeds
    return (
        p.prompts[index],
        p.negative_prompts[index],
        p.seeds[index],
        p.subseeds[index] if varied else None,
        p.all_seeds[p.iteration * p.batch_size + index],  # what the Brownian samplers read
        p.rng.seeds[index],
        p.rng.subseeds[index] if varied and p.rng.subseeds is not None else None,
        _generator(p.rng.generators[index]),
        conditioning_key.of_image(conditioning, index),
        conditioning_key.of_image(unconditional, index),
    )


def _depends_on_batch(p: Processing) -> bool:
    """Whether the images of a batch affect each other, as they may with a sampler that is not in the table."""
    sampler = find_sampler(p.sampler_name or "")
    return sampler is None or not sampler.independent or bool(_option("no_dpmpp_sde_batch_determinism"))


def _fields(p: Processing) -> dict[str, Any]:
    return {
        name: value
        for name, value in sorted(vars(p).items())
        if name not in _FIELDS_NOT_READ and not name.startswith(("hr_", attachments.PREFIX))
    }


def _options() -> dict[str, Any]:
    if _option("hypertile_enable_unet") or _option("hypertile_enable_unet_secondpass"):
        raise NoKey("Hypertile draws its tiles from one row of random numbers over all batches.")
    names = {*opts().data_labels, *opts().data} - PAGE_OPTIONS
    return {name: _option(name) for name in sorted(names) if not name.startswith("hires_strategies_")}


def _option(name: str) -> Any:
    label = opts().data_labels.get(name)
    return opts().data.get(name, label.default if label is not None else None)


def _model() -> dict[str, Any]:
    """What is loaded: the files, and some of the weights themselves, because a loaded model's file can change."""
    model = shared.sd_model
    vae, unet = loaded.vae_file(), loaded.unet()
    norms, info = _norms(model), model.sd_checkpoint_info
    known_by_weights = norms is not None and not Path(info.filename).exists()  # the file is gone or never existed
    return {
        "checkpoint": (info.name, str(info.filename)) if known_by_weights else _checkpoint(info),
        "vae": _file(vae) if vae else None,
        "unet": _function_name(type(unet)) if unet is not None else None,
        "norms": norms,
        "device": (shared.device, devices.dtype, devices.dtype_unet, devices.unet_needs_upcast),
    }


def _norms(model: Any) -> torch.Tensor | None:
    """The weights of the model's group norms: small, different after every training, untouched by LoRA.

    Gathered on the CPU: with --medvram, parts of a model are on different devices.
    """
    network = loaded.diffusion_model(model)
    if network is None:
        return None
    norms = [each.weight for each in network.modules() if isinstance(each, torch.nn.GroupNorm) and each.affine]
    return torch.cat([weight.detach().cpu().float().flatten() for weight in norms]) if norms else None


def _checkpoint(info: CheckpointInfo) -> tuple[Any, ...]:
    return info.name, _file(info.filename)


def _file(path: str) -> tuple[str, int, int]:
    try:
        found = Path(path).stat()
    except OSError as error:
        raise NoKey(f"{path} cannot be compared: {error}") from None
    return str(path), found.st_mtime_ns, found.st_size


def _networks(p: Processing) -> dict[str, Any]:
    """The extra networks of the batch, those of its first prompt, as requested and as loaded, with their files."""
    named = {}
    for kind, many in (p.extra_network_data or {}).items():
        if many and kind not in _NETWORK_KINDS:
            raise NoKey(f"The files of the extra networks of the kind '{kind}' are not known.")
        named[kind] = [list(params.items) for params in many]
    lora = loaded.lora_networks()
    if lora is None and any(named.get(kind) for kind in ("lora", "lyco", "lycoris")):
        raise NoKey("The files of the LoRA networks are not known.")
    files: list[Any] = []
    for each in lora or ():
        multipliers = (each.te_multiplier, each.unet_multiplier, each.dyn_dim)
        files.append((each.name, _file(each.network_on_disk.filename), multipliers))
    for each in loaded.hypernetworks():
        files.append((each.name, _file(each.filename), each.multiplier))
    return {"named": named, "loaded": files}


def _scripts(p: Processing) -> list[Any]:
    """All other always-on scripts with their arguments, and the selectable one if it may do more than change `p`."""
    if p.scripts is None:
        return []
    arguments = p.script_args or ()
    found: list[Any] = []
    for script in p.scripts.alwayson_scripts:
        if _acts_on_p(script):
            continue
        found.append((script.title(), str(script.filename), list(arguments[script.args_from : script.args_to])))
    selected = arguments[0] if arguments else 0
    if isinstance(selected, int) and selected > 0:
        script = p.scripts.selectable_scripts[selected - 1]
        if script.title().lower() not in _SCRIPTS_ACTING_ON_P:
            found.append((script.title(), list(arguments[script.args_from : script.args_to])))
    return found


def _acts_on_p(script: Script) -> bool:
    """This extension's own section, and the host's built-in parts of the page, whose values are fields of `p`."""
    if type(script).__module__.startswith("hires_strategies"):
        return True
    folders = Path(str(script.filename)).parts
    return "processing_scripts" in folders and script.title() in ("Seed", "Sampler", "Refiner")


def _callbacks() -> list[Any]:
    """The functions that extensions have put into sampling."""
    return [
        (kind, [(each.script, _function_name(each.callback)) for each in loaded.callbacks(kind)])
        for kind in ("callbacks_cfg_denoiser", "callbacks_cfg_denoised", "callbacks_cfg_after_cfg")
    ]


def _function_name(function: Any) -> str | None:
    if function is None:
        return None
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if module is None or name is None:
        raise NoKey(f"{type(function).__qualname__} in the place of a function has no name.")
    return f"{module}.{name}"


def _noise(rng: ImageRNG) -> dict[str, Any]:
    """The host's ImageRNG without what it keeps for each image."""
    return {name: value for name, value in vars(rng).items() if name not in ("seeds", "subseeds", "generators")}


def _generator(generator: Any) -> Any:
    if isinstance(generator, torch.Generator):
        return generator
    state: Mapping[str, Any] = vars(generator)  # the host's own for RNG source NV: a seed and an offset
    return _function_name(type(generator)), dict(state)
