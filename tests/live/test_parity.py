"""One stage equals built-in Hires. fix, bit for bit: the proof that the host's model and samplers are used rightly."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from tests.live.client import BASE, WebUI, difference, same
from tests.live.hosts import HIRES_FIX_WITH_NETWORKS

pytestmark = pytest.mark.usefixtures("computed_first_passes")

MODEL = "the first pixel upscaler that is a network"
ANY = ("Latent", "Lanczos", "None")  # whichever the host has, the first of them
PIXELS = ("Lanczos", "None")
KARRAS = {"sampler_name": "DPM++ 2M", "scheduler": "Karras"}

NUMBERS = count(1)

# name: (upscaler, scale, denoising strength, fields of the generation)
CASES: dict[str, tuple[str | tuple[str, ...], float, float, dict[str, Any]]] = {
    "Euler": (ANY, 2, 0.7, {}),
    "Euler a": (ANY, 2, 0.7, {"sampler_name": "Euler a"}),
    "DPM++ 2M Karras": (ANY, 2, 0.7, KARRAS),
    "DPM++ SDE": (ANY, 2, 0.7, {"sampler_name": "DPM++ SDE", "scheduler": "Karras"}),
    "DPM++ 2M SDE": (ANY, 2, 0.7, {"sampler_name": "DPM++ 2M SDE"}),
    "DDIM": (ANY, 2, 0.7, {"sampler_name": "DDIM"}),
    "latent": ("Latent", 2, 0.6, {}),
    "antialiased": ("Latent (antialiased)", 2, 0.6, {}),
    "bicubic": ("Latent (bicubic)", 2, 0.6, {}),
    "bicubic antialiased": ("Latent (bicubic antialiased)", 2, 0.6, {}),
    "nearest": ("Latent (nearest)", 2, 0.6, {}),
    "nearest-exact": ("Latent (nearest-exact)", 2, 0.6, {}),
    "scale 1.5": (ANY, 1.5, 0.7, {}),
    "scale 1.3, not a multiple of 8": (PIXELS, 1.3, 0.5, {}),
    "Lanczos": ("Lanczos", 2, 0.5, {}),
    "Nearest": ("Nearest", 2, 0.5, {}),
    "None": ("None", 2, 0.5, {}),
    "network upscaler": (MODEL, 2, 0.4, {}),
    "network upscaler, Euler a": (MODEL, 1.5, 0.4, {"sampler_name": "Euler a"}),
    "own steps": (ANY, 2, 0.7, {"hr_second_pass_steps": 9}),
    "batch size 2": (ANY, 2, 0.7, {"batch_size": 2}),
    "batch count 2": (ANY, 2, 0.7, {"n_iter": 2}),
    "batch size 2, pixels": (PIXELS, 2, 0.5, {"batch_size": 2, "n_iter": 2}),
    "prompt editing": (ANY, 2, 0.7, {"prompt": "a [red:blue:0.5] house [in fog:at noon:1.5]"}),
    "AND": (ANY, 2, 0.7, {"prompt": "a red house AND a lake :0.7"}),
    "variation seed": (ANY, 2, 0.7, {"subseed": 77, "subseed_strength": 0.4}),
    "variation seed, pixels": (PIXELS, 2, 0.6, {"subseed": 77, "subseed_strength": 0.4}),
    "seed resize": (ANY, 2, 0.7, {"seed_resize_from_w": 160, "seed_resize_from_h": 96}),
    "portrait": (ANY, 2, 0.7, {"width": 96, "height": 160}),
    "clip skip": (ANY, 2, 0.7, {"override_settings": {"CLIP_stop_at_last_layers": 2}}),
    "hires token merging": (ANY, 2, 0.7, {"override_settings": {"token_merging_ratio_hr": 0.5}}),
    "denoising strength 1": (ANY, 2, 1, {}),
    "denoising strength 0.05": (PIXELS, 2, 0.05, {}),
}


def own(**fields: Any) -> dict[str, Any]:
    """The fields with prompts that no generation had before.

    The host keeps conditioning by its prompt, and with SDXL takes that of another size if only the scale changes: what
    its Hires. fix makes of a prompt is right for the first time only.
    """
    number, both = next(NUMBERS), {"negative_prompt": BASE["negative_prompt"], "prompt": BASE["prompt"], **fields}
    both["prompt"] = both["prompt"].replace("house", f"house number {number}")
    return {**both, "negative_prompt": f"{both['negative_prompt']}, number {number}"}


@pytest.mark.parametrize("name", CASES)
def test_one_stage_is_hires_fix(webui: WebUI, name: str) -> None:
    wanted, scale, denoising_strength, fields = CASES[name]
    if wanted == MODEL:
        webui.needs(HIRES_FIX_WITH_NETWORKS)
        wanted = webui.model_upscaler()
        # The first picture that a Forge Neo or Classic makes with a network it just loaded differs, by 2 levels at
        # most, from all that it makes afterwards, those of its own Hires. fix too.
        webui.txt2img(f"{wanted} x2", width=64, height=64, steps=1)
    upscaler = webui.upscaler(*([wanted] if isinstance(wanted, str) else wanted))
    fields = own(**fields)
    theirs = webui.hires_fix(upscaler, scale, denoising_strength, **fields)
    steps = f" [{fields['hr_second_pass_steps']} steps]" if "hr_second_pass_steps" in fields else ""
    ours = webui.txt2img(f"{upscaler} x{scale} @{denoising_strength}{steps}", **fields)
    assert len(ours.images) == len(theirs.images)
    for index, (one, other) in enumerate(zip(ours.images, theirs.images, strict=False)):
        assert same(one, other), f"image {index}: {difference(one, other)}"


@pytest.mark.parametrize("size", [(192, 256), (256, 192), (200, 200)])
@pytest.mark.parametrize("wanted", [ANY, PIXELS])
def test_resize_to_crops_as_hires_fix_does(webui: WebUI, wanted: tuple[str, ...], size: tuple[int, int]) -> None:
    upscaler = webui.upscaler(*wanted)
    fields = own()
    theirs = webui.hires_fix(upscaler, 0, 0.6, hr_resize_x=size[0], hr_resize_y=size[1], **fields)
    ours = webui.txt2img(f"{upscaler} {size[0]}x{size[1]} @0.6", **fields)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_own_sampler_scheduler_and_prompt(webui: WebUI) -> None:
    fields, prompts = own(), {"hr_prompt": "a tower number 1", "hr_negative_prompt": "fog number 1"}
    theirs = webui.hires_fix("Latent", 2, 0.7, hr_sampler_name="DPM++ 2M", hr_scheduler="Karras", **prompts, **fields)
    stage = 'sampler DPM++ 2M; scheduler Karras; prompt "a tower number 1"; negative "fog number 1"'
    ours = webui.txt2img(f"Latent x2 @0.7 [{stage}]", **fields)
    assert same(ours.images[0], theirs.images[0]), difference(ours.images[0], theirs.images[0])


def test_repeated_requests_are_equal(webui: WebUI) -> None:
    text = "Latent x1.5 @0.6 > Lanczos x2 @0.4"
    first, second = webui.txt2img(text), webui.txt2img(text)
    assert same(first.images[0], second.images[0])
    assert first.images[0].size == (384, 384)
