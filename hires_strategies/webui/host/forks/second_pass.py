"""What the hosts do around a sampling."""

from __future__ import annotations

from typing import Any

from modules import sd_models, shared

from hires_strategies.webui.host.processing import Processing


def encodes_with_first_networks() -> bool:
    """Whether Hires. fix encodes its prompts with the first pass's networks (LoRA), on all hosts by the same setting.

    Read in the `setup_conds` of A1111 1.6 to 1.10, Forge, reForge, Classic and Neo; not with a checkpoint of its own.
    """
    return bool(getattr(shared.opts, "hires_fix_use_firstpass_conds", False))


def second_pass_is_conditioned_early() -> bool:
    """Whether Hires. fix has its conditioning before the first pass samples: by a setting, or to spare memory."""
    return encodes_with_first_networks() or bool(getattr(shared.sd_model, "lowvram", False))  # with --medvram, too


def before_sampling(q: Processing, x: Any, noise: Any, c: Any, uc: Any) -> tuple[Any, Any, Any]:
    """Everything the host does between a pass's conditioning and its sampling, in the host's order.

    `x` are the latents to start from. Returns conditioning, negative conditioning and noise: scripts may replace them.
    """
    if q.is_hr_pass:
        q.hr_c, q.hr_uc = c, uc
    else:
        q.c, q.uc = c, uc
    if hasattr(q.sd_model, "forge_objects"):
        # Forge accumulates what extensions patch into the model for a sampling: start each from the LoRA state.
        _before_second_pass(q)
        q.sd_model.forge_objects = q.sd_model.forge_objects_after_applying_lora.shallow_copy()
        _merge_tokens(q)
    else:
        _merge_tokens(q)
        _before_second_pass(q)
    if q.scripts is not None and hasattr(q.scripts, "process_before_every_sampling"):  # since A1111 1.10
        c, uc = q.get_conds()
        q.scripts.process_before_every_sampling(q, x=x, noise=noise, c=c, uc=uc)
    modified = getattr(q, "modified_noise", None)
    if modified is not None:  # Forge lets extensions replace it
        noise, q.modified_noise = modified, None  # type: ignore[attr-defined]
    return (*q.get_conds(), noise)


def _merge_tokens(q: Processing) -> None:
    sd_models.apply_token_merging(q.sd_model, q.get_token_merging_ratio(for_hr=q.is_hr_pass))


def _before_second_pass(q: Processing) -> None:
    if q.is_hr_pass and q.scripts is not None:
        q.scripts.before_hr(q)


def forget_reference_latent() -> None:
    """Forge Neo's edit models keep each encoded picture as a reference; the host, too, clears it after encoding."""
    if hasattr(shared.sd_model, "ini_latent"):
        shared.sd_model.ini_latent = None


def is_inpainting_model() -> bool:
    """Whether the loaded model is conditioned on a picture as well, so that each pass encodes one.

    A1111 and reForge have its kind of conditioning, A1111 1.10 another mark for SDXL, Forge and Neo one for all.
    """
    model = shared.sd_model
    kind = getattr(getattr(model, "model", None), "conditioning_key", None)
    marks = (getattr(model, mark, False) for mark in ("is_sdxl_inpaint", "is_inpaint"))
    return kind in ("hybrid", "concat") or any(marks)
