"""Where the WebUIs of the family differ: A1111 1.6 to 1.10, Forge and its relatives."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch
from modules import scripts, sd_models, sd_samplers, shared

from hires_strategies.samplers import Fewest, unipc_fewest

from .processing import Processing

# k-diffusion samplers that fail with one step in A1111, and their functions; some forks have fixed them.
_FAIL_AT_ONE_STEP = {
    "DPM++ 2M SDE": "sample_dpmpp_2m_sde",
    "DPM++ 2M SDE Heun": "sample_dpmpp_2m_sde",
    "DPM++ 3M SDE": "sample_dpmpp_3m_sde",
}


def infotext_module() -> Any:
    """`modules.infotext_utils`, called generation_parameters_copypaste before A1111 1.8."""
    try:
        from modules import infotext_utils
    except ImportError:
        from modules import generation_parameters_copypaste as infotext_utils  # type: ignore[no-redef,attr-defined]
    return infotext_utils


def schedulers() -> list[Any]:
    """The host's schedulers; none before A1111 1.9, where a sampler's name includes its schedule."""
    try:
        from modules import sd_schedulers
    except ImportError:
        return []
    return sd_schedulers.schedulers


def scheduler_of(p: Processing) -> str | None:
    """The schedule type; None before A1111 1.9."""
    return getattr(p, "scheduler", None)


def take_sampler(p: Processing, parameters: dict[str, Any]) -> None:
    """Set the sampler, and from A1111 1.9 on the schedule type, that an image's parameters give."""
    if hasattr(sd_samplers, "get_sampler_from_infotext"):
        p.sampler_name = sd_samplers.get_sampler_from_infotext(parameters)
        p.scheduler = sd_samplers.get_scheduler_from_infotext(parameters)
    else:
        p.sampler_name = parameters.get("Sampler", p.sampler_name)


def hires_scheduler_of(p: Processing) -> str | None:
    """The schedule type of Hires. fix; None before A1111 1.9."""
    return getattr(p, "hr_scheduler", None) or scheduler_of(p)


def is_gallery_upscale(p: Processing) -> bool:
    """Whether the gallery's hires button (from A1111 1.8 on) started this generation."""
    return bool(getattr(p, "txt2img_upscale", False))


def stops_after_this_image() -> bool:
    """Whether the user asked to stop once the current image is done, the first click of Interrupt since A1111 1.8."""
    return bool(getattr(shared.state, "stopping_generation", False))


def finishing_hook() -> str:
    """The last hook that an image goes through; before A1111 1.8 there is one fewer."""
    last = "postprocess_image_after_composite"
    return last if hasattr(scripts.Script, last) else "postprocess_image"


def gallery_keeps_original() -> bool:
    """Whether a setting makes Forge keep the image that the gallery's button was pressed for in the gallery."""
    return bool(getattr(shared.opts, "hires_button_gallery_insert", False))


def fewest_steps(options: Mapping[str, Any]) -> dict[str, Fewest]:
    """The fewest steps of samplers where they differ from the table: through a setting, or a fork's fix."""
    order = options.get("uni_pc_order", 3)
    mended = {name: (1, 1) for name, function in _FAIL_AT_ONE_STEP.items() if _runs_one_step(function)}
    return {"UniPC": unipc_fewest(order), **mended} if isinstance(order, int) and order > 0 else dict(mended)


@cache
def _runs_one_step(function: str) -> bool:
    """Whether k-diffusion's sampler can do a single step to sigma 0: it is simply tried, with a model of one number."""
    try:
        from k_diffusion import sampling

        x = torch.zeros(1, 1, 1, 1)
        sample = getattr(sampling, function)
        sample(lambda x, *_, **__: x, x, torch.tensor([1.0, 0.0]), noise_sampler=lambda *_: x, disable=True)
    except Exception:
        return False
    return True


def distilled_cfg(p: Processing) -> float | None:
    """The distilled CFG scale of the generation (Forge; Flux calls it guidance); None if the host has none."""
    scale: float | None = getattr(p, "distilled_cfg_scale", None)
    return scale


def use_distilled_cfg(q: Processing, scale: float | None) -> None:
    """Let a stage run at this scale; called before its sampler is made. None changes nothing."""
    if scale is None:
        return
    q.distilled_cfg_scale = q.hr_distilled_cfg = scale  # type: ignore[attr-defined]
    if hasattr(q.sd_model, "set_shift"):  # Forge Neo: for models with a shift, it is this number
        q.sd_model.set_shift(shift=scale)


def conditioning_fields(q: Processing) -> dict[str, Any]:
    """What the host's SdConditioning holds besides a stage's prompts."""
    fields: dict[str, Any] = {"width": q.hr_upscale_to_x, "height": q.hr_upscale_to_y}
    scale = distilled_cfg(q)
    return fields if scale is None else {**fields, "distilled_cfg_scale": scale}


def second_pass_is_conditioned_early() -> bool:
    """Whether Hires. fix has its conditioning before the first pass samples: by a setting, or to spare memory."""
    early = getattr(shared.opts, "hires_fix_use_firstpass_conds", False)
    return bool(early or getattr(shared.sd_model, "lowvram", False))  # the latter with --medvram, too


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


def add_page_route(function: Callable[..., Any], inputs: list[Any], outputs: list[Any], name: str) -> None:
    """A Gradio address, `run/NAME`, at which a script of the page can call a function; no event of the page does.

    Gradio's own "load" events are made the same way, as events of no component. In Gradio 4.40 (Forge, Neo) events are
    in a config of the page and name their targets; in Gradio 3 (A1111, reForge, Classic) neither is so.
    """
    import gradio as gr

    events: Any = gr.context.Context.root_block
    event: Any = "called"
    if hasattr(events, "default_config"):
        events, event = events.default_config, [gr.events.EventListenerMethod(None, event)]
    more: dict[str, Any] = {"api_name": name, "queue": False, "show_progress": "hidden"}
    events.set_event_trigger(event, function, inputs, outputs, no_target=True, **more)


def image_field() -> dict[str, Any]:
    """What makes an image field of the page take pictures as they are, of any depth, from files and the clipboard.

    In Gradio 4.40 (Forge, Neo) it has several sources, a camera among them; in Gradio 3 files are its only one, and
    the page of A1111 pastes into it.
    """
    import gradio as gr

    own = inspect.signature(gr.Image.__init__).parameters
    sources: dict[str, Any] = {"sources": ["upload", "clipboard"]} if "sources" in own else {"source": "upload"}
    return {"image_mode": None, **sources}


def encoder_notes() -> Any | None:
    """The host's object whose `extra_generation_params` hold what the text encoder wrote; None if it has none."""
    if hasattr(shared.sd_model, "extra_generation_params"):  # Forge and Neo
        return shared.sd_model
    try:
        from modules.sd_hijack import model_hijack
    except ImportError:
        return None
    return model_hijack if hasattr(model_hijack, "extra_generation_params") else None
