"""The host's own fields that the section reads."""

from __future__ import annotations

# What the section reads from the page, by the host's element ids. If a host lacks one, a default is used.
HOST_FIELDS = {
    "width": "txt2img_width",
    "height": "txt2img_height",
    "steps": "txt2img_steps",
    "sampler": "txt2img_sampling",
    "scheduler": "txt2img_scheduler",
    "cfg": "txt2img_cfg_scale",
    "distilled_cfg": "txt2img_distilled_cfg_scale",  # Forge, Neo
    "batch_count": "txt2img_batch_count",
    "batch_size": "txt2img_batch_size",
    "refined": "txt2img_enable-checkbox",
    "refiner": "txt2img_checkpoint",
    "refiner_at": "txt2img_switch_at",
    "hr": "txt2img_hr-checkbox",
    "hr_upscaler": "txt2img_hr_upscaler",
    "hr_steps": "txt2img_hires_steps",
    "hr_denoising_strength": "txt2img_denoising_strength",
    "hr_scale": "txt2img_hr_scale",
    "hr_resize_x": "txt2img_hr_resize_x",
    "hr_resize_y": "txt2img_hr_resize_y",
    "hr_checkpoint": "hr_checkpoint",
    "hr_sampler": "hr_sampler",
    "hr_scheduler": "hr_scheduler",
    "hr_prompt": "hires_prompt",
    "hr_negative": "hires_neg_prompt",
    "hr_cfg": "txt2img_hr_cfg",  # Forge, reForge, Neo
    "hr_distilled_cfg": "txt2img_hr_distilled_cfg",
}
NAMES = {elem_id: name for name, elem_id in HOST_FIELDS.items()}
# Only "Take over" needs these; the preview does not depend on them.
NOT_IN_PREVIEW = ("hr_upscaler", "hr_checkpoint", "hr_scheduler", "hr_prompt", "hr_negative", "hr_cfg",
                  "hr_distilled_cfg")  # fmt: skip
