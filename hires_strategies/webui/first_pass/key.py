"""The key of a first pass: everything in a generation that can change its latents.

The lists below name what cannot; everything else in `p`, the options and the other scripts counts, also what extensions
add. Without a key there is no reuse. A key entry too many costs time, one too few shows a wrong picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from modules import devices, sd_samplers, shared

from hires_strategies.running.fingerprint import digest
from hires_strategies.running.no_key import NoKey
from hires_strategies.samplers import find_sampler
from hires_strategies.webui.host import attachments
from hires_strategies.webui.host.forks import loaded
from hires_strategies.webui.host.forks.guidance import unknown_shift
from hires_strategies.webui.host.forks.models import CheckpointInfo
from hires_strategies.webui.host.processing import ImageRNG, Processing, opts

from . import conditioning_key, other_scripts
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
_NETWORK_KINDS = ("lora", "lyco", "lycoris", "hypernet")
_FIELDS_NOT_READ = frozenset(_NOT_READ.split())


def keys_of(p: Processing, conditioning: Any, unconditional: Any, inner: Any) -> list[str]:
    """One key for each image of the batch that `p` is about to sample with this conditioning.

    `inner` is what replaces `p.sample` (another extension's), or None. Raises NoKey if there is no key.
    """
    _sampler(p.sampler_name)
    count = len(p.seeds)
    others = other_scripts.told(p, _known(p))
    common = digest((_common(p, conditioning, unconditional, inner), others.key))
    own = [digest(_of_image(p, conditioning, unconditional, index)) for index in range(count)]
    keys = [digest((common, each)) for each in own]
    if inner is not None or others.tie_images or _depends_on_batch(p):
        keys = [digest((keys, index)) for index in range(count)]
    return keys


def _known(p: Processing) -> dict[int, str]:
    """Objects that another extension's may hold, by their ids; the key has what counts of them."""
    found = {"p": p, "scripts": p.scripts, "options": opts(), "model": shared.sd_model, "state": shared.state}
    return {id(value): name for name, value in found.items() if value is not None}


def _common(p: Processing, conditioning: Any, unconditional: Any, inner: Any) -> dict[str, Any]:
    return {
        "fields": digest(_fields(p), name="this generation", known=_known(p)),
        "options": digest(_options(), name="the settings"),
        "model": _model(),
        "refiner": _checkpoint(p.refiner_checkpoint_info) if p.refiner_checkpoint_info else None,
        "token merging": p.get_token_merging_ratio(),
        "networks": _networks(p),
        "callbacks": other_scripts.callbacks(),
        "sample": other_scripts.sampling(p, inner, _known(p)),
        "noise": _noise(p.rng),
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
        "unet": _name(type(unet)) if unet is not None else None,
        "forward": _patch(model),
        "norms": norms,
        "shift": unknown_shift(model),
        "device": (shared.device, devices.dtype, devices.dtype_unet, devices.unet_needs_upcast),
    }


def _patch(model: Any) -> str | None:
    """The name of what another extension has put in place of the network's `forward`; None for nothing."""
    forward = getattr(loaded.diffusion_model(model), "__dict__", {}).get("forward")
    return None if forward is None else getattr(forward, "__qualname__", type(forward).__qualname__)


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


def _noise(rng: ImageRNG) -> tuple[Any, ...]:
    """The host's ImageRNG without what it keeps for each image."""
    fields = vars(rng)
    per_image = ("seeds", "subseeds", "generators")
    if not all(name in fields for name in (*per_image, "subseed_strength")):
        raise NoKey(f"The noise is another extension's ({type(rng).__qualname__}).")
    return _name(type(rng)), {name: each for name, each in fields.items() if name not in per_image}


def _sampler(name: str | None) -> None:
    """Raise NoKey for a sampler that is in no list: its name says nothing, and is another one next time."""
    if name not in {sampler.name for sampler in sd_samplers.all_samplers}:
        raise NoKey(f"The sampler '{name}' is another extension's, made for this batch.")


def _generator(generator: Any) -> Any:
    if isinstance(generator, torch.Generator):
        return generator
    state: Mapping[str, Any] = vars(generator)  # the host's own for RNG source NV: a seed and an offset
    return _name(type(generator)), dict(state)


def _name(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
