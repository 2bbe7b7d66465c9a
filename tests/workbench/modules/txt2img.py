"""The page's jobs."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import gradio as gr
from PIL import Image

from modules import infotext_utils, processing, scripts, shared
from modules._ui_output import plaintext_to_html
from modules.shared import opts

# In the order of the page's inputs.
_FIELDS = (
    "prompt", "negative_prompt", "styles", "n_iter", "batch_size", "cfg_scale", "height", "width", "enable_hr",
    "denoising_strength", "hr_scale", "hr_upscaler", "hr_second_pass_steps", "hr_resize_x", "hr_resize_y",
    "hr_checkpoint_name", "hr_sampler_name", "hr_scheduler", "hr_prompt", "hr_negative_prompt",
)  # fmt: skip


def txt2img(id_task: str, request: gr.Request, *args):
    """Generate: (gallery, generation info, infotext, messages)."""
    with closing(_job(request, args)) as p:
        processed = _run(p)
    shown = [] if opts.do_not_show_images else processed.images
    return shown, processed.js(), plaintext_to_html(processed.info), _comments(processed)


def txt2img_upscale(id_task: str, request: gr.Request, gallery, gallery_index, generation_info, *args):
    """Hires. fix on one image of the gallery, which it replaces."""
    assert len(gallery) > 0, "No image to upscale"
    assert 0 <= gallery_index < len(gallery), f"Bad image index: {gallery_index}"
    info = json.loads(generation_info)
    parameters = infotext_utils.parse_generation_parameters(info["infotexts"][gallery_index], [])
    with closing(_job(request, args)) as p:
        p.enable_hr = True
        p.batch_size = p.n_iter = 1
        setattr(p, "txt2img_upscale", True)  # how the host marks such a job  # noqa: B010
        p.firstpass_image = infotext_utils.image_from_url_text(gallery[gallery_index])
        p.seed, p.subseed = parameters.get("Seed", -1), parameters.get("Variation seed", -1)
        p.override_settings["save_images_before_highres_fix"] = False
        processed = _run(p)
    shown = [_same_file(infotext_utils._gallery_file(item)) for item in gallery]
    shown[gallery_index : gallery_index + 1] = processed.images
    info["infotexts"][gallery_index : gallery_index + 1] = processed.infotexts
    return shown, json.dumps(info), plaintext_to_html(processed.info), _comments(processed)


def _job(request: gr.Request, args: tuple[Any, ...]) -> processing.StableDiffusionProcessingTxt2Img:
    fields = dict(zip(_FIELDS, args))
    for name, nothing in (("checkpoint_name", "checkpoint"), ("sampler_name", "sampler"), ("scheduler", "scheduler")):
        if fields[f"hr_{name}"] == f"Use same {nothing}":
            fields[f"hr_{name}"] = None
    overrides, *script_args = args[len(_FIELDS) :]
    p = processing.StableDiffusionProcessingTxt2Img(
        outpath_samples=opts.outdir_samples or opts.outdir_txt2img_samples,
        outpath_grids=opts.outdir_grids or opts.outdir_txt2img_grids,
        override_settings=infotext_utils.create_override_settings_dict(overrides),
        **fields,
    )
    p.user = request.username
    p.scripts = scripts.scripts_txt2img
    p.script_args = tuple(script_args)
    return p


def _run(p: processing.StableDiffusionProcessingTxt2Img) -> processing.Processed:
    processed = scripts.scripts_txt2img.run(p, *p.script_args)
    if processed is None:
        processed = processing.process_images(p)
    shared.total_tqdm.clear()
    return processed


def _comments(processed: processing.Processed) -> str:
    return plaintext_to_html(processed.comments, classname="comments")


def _same_file(name: str) -> Image.Image:
    """What tells the gallery to go on showing a file that it has already."""
    image = Image.new("RGB", (1, 1))
    image.already_saved_as = name  # type: ignore[attr-defined]
    return image
