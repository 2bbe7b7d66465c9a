"""What the WebUIs of the family have otherwise than A1111 1.10.1, which the workbench follows, and how that is met.

`check_names.py` reads this: a difference that no row explains fails, and so does a row whose difference has gone. Read
in A1111 5ef669de (1.6), cf2772fa (1.7), bef51aed (1.8), adadb4e3 (1.9), Forge dfdcbab6, reForge 3b56b268, Classic
1f95d717, Neo of February 2026 (6e1e0d5a) and Neo 2.26 (5692d2d1); amdgpu's head (e61adddd) has all as A1111 1.10.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FORGE, REFORGE, CLASSIC = "Forge", "reForge", "Classic"
NEO, NEO_226 = "Neo of February 2026", "Neo 2.26"
NEOS = (NEO, NEO_226)
GRADIO_4 = (FORGE, *NEOS)


@dataclass(frozen=True)
class Difference:
    """`names` are what lines of the check begin with; A1111 has it so `before` a version, the forks in `hosts` too."""

    names: tuple[str, ...]
    before: tuple[int, int] | None
    hosts: tuple[str, ...]
    met_by: str

    def is_in(self, host: str, version: tuple[int, int] | None) -> bool:
        return host in self.hosts or bool(version and self.before and version < self.before)

    def explains(self, problem: str) -> str | None:
        return next((name for name in self.names if re.match(rf"{re.escape(name)}(?!\w)", problem)), None)


def host_of(webui: Path) -> tuple[str, tuple[int, int] | None]:
    """A host's name, and its version if it is A1111."""
    file = webui / "modules_forge" / "forge_version.py"
    if file.is_file():
        text = file.read_text(encoding="utf-8")
        if '"neo"' in text:
            return (NEO_226 if '"2.26"' in text else NEO), None
        kinds = {'"classic"': CLASSIC, "'2.": FORGE, "'1.": REFORGE}
        return next((name for mark, name in kinds.items() if mark in text), f"an unknown fork ({text.strip()})"), None
    changes = webui / "CHANGELOG.md"
    text = changes.read_text(encoding="utf-8") if changes.is_file() else ""
    found = re.search(r"^## (\d+)\.(\d+)", text, re.MULTILINE)
    version = (int(found[1]), int(found[2])) if found else None
    return f"A1111 {found[1]}.{found[2]}" if found else "an unknown WebUI", version


def _of(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"modules/{module}.py: {name}" for name in names)


UNUSED = "The extension does not use it; other scripts do, which the workbench runs."
DIFFERENCES = (
    # Hooks
    Difference(
        _of("scripts", "ScriptRunner: post_sample", "Script: post_sample", "there is no class PostSampleArgs"),
        (1, 8), (),
        "p.sample is wrapped, from process_batch on: the stages run there (scripts/hires_strategies.py).",
    ),
    Difference(
        _of("scripts", "ScriptRunner: postprocess_maskoverlay", "ScriptRunner: postprocess_image_after_composite",
            "Script: postprocess_maskoverlay", "Script: postprocess_image_after_composite",
            "there is no class PostProcessMaskOverlayArgs"),
        (1, 8), (),
        "A picture's last hook is postprocess_image (forks, finishing_hook; each_image.py asks for each hook).",
    ),
    Difference(
        _of("scripts", "ScriptRunner: process_before_every_sampling", "Script: process_before_every_sampling"),
        (1, 10), (), "It is called where the host's runner has it.",
    ),
    Difference(
        _of("script_callbacks", "on_app_started", "on_ui_settings", "on_before_ui", "on_infotext_pasted",
            "on_after_component", "on_script_unloaded", "on_before_image_saved"),
        (1, 9), (CLASSIC,), "Callbacks are registered without a name.",
    ),
    Difference(_of("extensions", "Extension: __init__"), (1, 7), (), UNUSED),
    Difference(_of("scripts", "ScriptRunner: create_script_ui_inner"), (1, 7), (), UNUSED),
    # Samplers, schedules, conditioning
    Difference(
        (*_of("sd_samplers", "visible_samplers", "get_sampler_from_infotext", "get_scheduler_from_infotext",
              "get_hr_sampler_and_scheduler", "get_hr_sampler_from_infotext", "get_hr_scheduler_from_infotext"),
         *_of("sd_schedulers", "there is no such file")),
        (1, 9), (CLASSIC,),
        "A sampler's name includes its schedule: there are no schedulers to choose from (forks).",
    ),
    Difference(
        _of("sd_samplers", "get_sampler_and_scheduler", "fix_p_invalid_sampler_and_scheduler"),
        (1, 10), (CLASSIC,), "A strategy's sampler and scheduler are checked and resolved by the extension.",
    ),
    Difference(
        _of("sd_samplers", "create_sampler"), None, (REFORGE,),
        "It is called with the two arguments that all hosts take.",
    ),
    Difference(
        _of("sd_samplers_common", "apply_refiner"), (1, 9), (FORGE, REFORGE, CLASSIC, *NEOS),
        "The sampler of the host calls it; the extension sets the fields of `p` that it reads.",
    ),
    Difference(
        _of("sd_samplers_cfg_denoiser", "CFGDenoiser: forward"), None, (REFORGE, *NEOS),
        "A denoiser is watched through a wrapper that passes on whatever it gets.",
    ),
    Difference(
        _of("prompt_parser", "SdConditioning: __init__"), None, GRADIO_4,
        "Where `p` has a distilled CFG scale, a stage's conditioning is made with it (forks).",
    ),
    Difference(
        _of("prompt_parser", "get_learned_conditioning_prompt_schedules", "get_learned_conditioning",
            "get_multicond_learned_conditioning"),
        None, (NEO_226,), "The host's get_conds_with_caching calls them, with what it has.",
    ),
    Difference(
        _of("processing", "StableDiffusionProcessing: cached_params"), None, NEOS,
        "Stages have cache slots of their own; the host makes the key.",
    ),
    Difference(
        _of("processing", "StableDiffusionProcessing: fill_fields_from_opts"), (1, 10), (CLASSIC,),
        "The host fills the fields in when it makes `p`.",
    ),
    Difference(
        _of("processing", "StableDiffusionProcessing: img2img_image_conditioning"), (1, 8), (),
        "It is called without round_image_mask.",
    ),
    # Models
    Difference(
        _of("sd_models", "reload_model_weights"), (1, 8), NEOS,
        "The main checkpoint is loaded again by what the host has for it (forks).",
    ),
    Difference(
        _of("sd_models", "there is no class SkipWritingToConfig"), None, NEOS,
        "It is entered where the host has it (forks).",
    ),
    Difference(
        _of("sd_models", "apply_alpha_schedule_override"), (1, 8), (REFORGE, CLASSIC, *NEOS),
        "The host calls it; before 1.8 no model has a zero terminal SNR.",
    ),
    Difference(_of("sd_models", "nothing assigns the attribute previous"), None, GRADIO_4, UNUSED),
    Difference(
        _of("devices", "autocast", "without_autocast", "test_for_nans"), None, (NEO_226,),
        "autocast is called without arguments, the others not at all.",
    ),
    # Pictures
    Difference(
        _of("processing", "apply_overlay"), (1, 8), (), "Its parameters are counted (each_image.py).",
    ),
    Difference(
        _of("processing", "apply_color_correction"), None, NEOS, "Its arguments are given by position.",
    ),
    Difference(
        _of("processing", "StableDiffusionProcessing: save_samples"), None, NEOS, "It is called without arguments.",
    ),
    Difference(
        _of("processing", "Processed: __init__"), None, (FORGE, REFORGE, CLASSIC, *NEOS),
        "Pictures for the gallery are appended to `images`; extra_images_list is left alone.",
    ),
    Difference(
        _of("images", "resize_image"), None, (FORGE, REFORGE, *NEOS), "force_RGBA keeps its default.",
    ),
    Difference(
        _of("images", "FilenameGenerator: __init__"), (1, 10), (CLASSIC,), "The host's save_image makes it.",
    ),
    Difference(_of("images", "read"), (1, 9), (CLASSIC,), "Pictures are opened with Pillow."),
    Difference(
        _of("upscaler", "UpscalerNone: do_upscale", "UpscalerLanczos: do_upscale", "UpscalerNearest: do_upscale"),
        None, NEOS, "The host's resize_image calls them, through `upscale`.",
    ),
    Difference(
        _of("upscaler", "UpscalerData: __init__"), None, (FORGE, REFORGE), "The extension makes none.",
    ),
    Difference(_of("rng", "slerp"), None, NEOS, "The host's ImageRNG calls it."),
    # API
    Difference(
        _of("api/api", "Api: init_script_args", "Api: apply_infotext"), (1, 8), (),
        "A request's strategies are its arguments alone: infotext in a request is of 1.8 and later.",
    ),
    # The page
    Difference(
        _of("infotext_utils", "there is no such file"), (1, 8), (),
        "It is called generation_parameters_copypaste (forks, infotext_module).",
    ),
    Difference(
        (*_of("txt2img", "txt2img", "txt2img_upscale"), "script.js: there is no function submit_txt2img_upscale"),
        (1, 8), (), "There is no hires button in the gallery: ours starts a generation by the page's own button.",
    ),
    Difference(_of("progress", "create_task_id"), (1, 8), (), UNUSED),
    Difference(
        _of("shared_state", "State: stop_generating", "nothing assigns the attribute stopping_generation"),
        (1, 8), (), "A first click of Interrupt interrupts (forks, stops_after_this_image).",
    ),
    Difference(_of("styles", "StyleDatabase: __init__"), (1, 8), (), UNUSED),
    Difference(_of("options", "OptionInfo: __init__"), (1, 7), (), "Settings are made without a category."),
    Difference(
        ("input_accordion.js: there is no function setupAccordion",), (1, 8), (),
        "The host's own script makes the section's checkbox.",
    ),
    Difference(
        _of("gradio_extensons", "there is no such file"), None, GRADIO_4,
        "Gradio 4 there: the module is called gradio_extensions; the extension imports neither.",
    ),
    Difference(
        _of("ui_components", "ToolButton: __init__"), None, GRADIO_4, "Its text is given as `value`, by name.",
    ),
    # Settings
    Difference(
        _of("shared_options", "there is no setting font"), None, NEOS,
        "Sheets use the font that the extension finds (host/loaded.py).",
    ),
    Difference(
        _of("shared_options", "there is no setting hires_fix_refiner_pass"), None, NEOS,
        "The host refuses a refiner with Hires. fix.",
    ),
    Difference(
        _of("shared_options", "there is no setting refiner_switch_by_sample_steps"), (1, 9), (CLASSIC, *NEOS),
        "The host's sampler reads it.",
    ),
    Difference(
        _of("shared_options", "there is no setting batch_cond_uncond"), None, (CLASSIC, *NEOS),
        "It changes no stage; the extension does not read it.",
    ),
    Difference(
        _of("shared_options", "there is no setting interrupt_after_current",
            "there is no setting infotext_skip_pasting"),
        (1, 8), (), "They are named only among what does not change a picture.",
    ),
    Difference(
        _of("shared_options", "there is no setting use_old_scheduling",
            "there is no setting no_dpmpp_sde_batch_determinism",
            "there is no setting use_old_karras_scheduler_sigmas"),
        None, (NEO_226,), "A setting that a host lacks counts as off.",
    ),
)  # fmt: skip


def unexplained(webui: Path, problems: list[str]) -> list[str]:
    """Of the check's lines, those that no row explains; and the rows whose differences this host no longer has."""
    host, version = host_of(webui)
    rows = [each for each in DIFFERENCES if each.is_in(host, version)]
    seen = {name for problem in problems for row in rows if (name := row.explains(problem))}
    rest = [problem for problem in problems if not any(row.explains(problem) for row in rows)]
    gone = [name for row in rows for name in row.names if name not in seen and host in row.hosts]
    return rest + [f"host_differences.py: on {host}, {name!r} is no difference" for name in gone]
