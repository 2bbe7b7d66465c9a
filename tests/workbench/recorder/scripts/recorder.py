"""An extension for tests: writes down what a WebUI calls when, and in which state. Its argument is the file to write.

Loaded by A1111 it recorded tests/workbench/host_order.json; the workbench has to give the same.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from modules import infotext_utils, scripts
from modules.shared import state


class Recorder(scripts.Script):
    """One line for each hook, in the file that the API's argument names."""

    def title(self):
        return "Recorder"

    def show(self, is_img2img):
        return scripts.AlwaysVisible

    def ui(self, is_img2img):
        return [gr.Textbox(visible=False)]

    def before_process(self, p, path):
        if path:  # else nothing is left on `p`: what stands there is part of a first pass's key
            p.record = []
        write(p, "before_process")

    def process(self, p, path):
        write(p, "process", seeds=p.all_seeds, prompts=p.all_prompts)

    def before_process_batch(self, p, path, **kwargs):
        write(p, "before_process_batch", given=sorted(kwargs), prompts=p.prompts, rng=p.rng.is_first)

    def after_extra_networks_activate(self, p, path, **kwargs):
        write(p, "after_extra_networks_activate", given=sorted(kwargs))

    def process_batch(self, p, path, **kwargs):
        write(p, "process_batch", given=sorted(kwargs), prompts=p.prompts)

    def process_before_every_sampling(self, p, path, **kwargs):
        c = [[joined(part) for part in each] for each in kwargs["c"].batch]
        uc = [steps(each) for each in kwargs["uc"]]
        drawn = {"torch": generator(), "noise": digest(kwargs["noise"].numpy().tobytes())}
        write(p, "process_before_every_sampling", shape=list(kwargs["x"].shape), c=c, uc=uc, **drawn)

    def before_hr(self, p, path):
        write(p, "before_hr", size=[p.hr_upscale_to_x, p.hr_upscale_to_y], cut=[p.truncate_x, p.truncate_y])

    def post_sample(self, p, ps, path):
        shapes = [list(each.shape) for each in ps.samples]
        decoded = getattr(ps.samples, "already_decoded", False)
        write(p, "post_sample", shapes=shapes, decoded=decoded, sampler=p.sampler is not None, torch=generator())

    def postprocess_batch(self, p, path, images, **kwargs):
        write(p, "postprocess_batch", given=sorted(kwargs), shape=list(images.shape))

    def postprocess_batch_list(self, p, pp, path, **kwargs):
        write(p, "postprocess_batch_list", given=sorted(kwargs), count=len(pp.images))

    def postprocess_image(self, p, pp, path):
        write(p, "postprocess_image", index=p.batch_index, size=list(pp.image.size))

    def postprocess_image_after_composite(self, p, pp, path):
        write(p, "postprocess_image_after_composite", index=p.batch_index)

    def postprocess(self, p, processed, path):
        keys = [written(text) for text in processed.infotexts]
        told = {key: value for key, value in json.loads(processed.js()).items() if key in ("all_seeds", "all_prompts")}
        first = processed.index_of_first_image
        write(p, "postprocess", images=len(processed.images), first=first, keys=keys, info=told)
        if path:
            Path(path).write_text(json.dumps(p.record), encoding="utf-8")


def write(p: Any, hook: str, **seen: Any) -> None:
    """A line: the hook, where the job is, and what the hook saw. Nothing where no file was named."""
    if not hasattr(p, "record"):
        return
    jobs = [state.job_no, state.job_count, state.sampling_steps if "ample" in hook else 0]
    p.record.append({"hook": hook, "jobs": jobs, "second_pass": p.is_hr_pass, "batch": p.iteration, **seen})


def joined(part: Any) -> list[Any]:
    """A prompt that AND joins: its weight and steps."""
    return [part.weight, steps(part.schedules)]


def steps(schedules: Any) -> list[int]:
    """The last step of each of the texts that prompt editing makes."""
    return [each.end_at_step for each in schedules]


def written(infotext: str) -> list[str]:
    """The keys that stand in an infotext, in order. (A host that does not hash its files writes no model hash.)"""
    keys = list(infotext_utils.parse_generation_parameters(infotext, []))
    return [key for key in keys[: keys.index("Prompt")] if key != "Model hash"]


def generator() -> str:
    """Torch's global generator: which seed, and how much was drawn since."""
    return digest(torch.get_rng_state().numpy().tobytes())


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
