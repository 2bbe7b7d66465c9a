"""The requests whose course was recorded on A1111 v1.10.1: its hooks in host_order.json, its calls in host_calls.json.

`python tests/workbench/host_order.py URL` records both anew, from a WebUI on this machine that has loaded the extension
tests/workbench/recorder.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests

RECORDED = Path(__file__).resolve().parent / "host_order.json"
RECORDED_CALLS = RECORDED.with_name("host_calls.json")
BASE: dict[str, Any] = {
    "prompt": "a [red:blue:0.5] house", "steps": 4, "width": 64, "height": 64, "seed": 11, "sampler_name": "Euler",
    "scheduler": "Automatic", "cfg_scale": 5, "subseed": 5,
}  # fmt: skip
HIRES = {"enable_hr": True, "hr_upscaler": "Latent", "denoising_strength": 0.6, "hr_scale": 2}
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "batches": {"batch_size": 2, "n_iter": 2},
    "prompt editing": {"prompt": "a [b:3] and [c::0.25] [d|e] AND [f:g:1.5] :0.7", "negative_prompt": "[h:i:2]"},
    "variation seed": {"subseed_strength": 0.3, "batch_size": 2},
    "seed resize": {"seed_resize_from_w": 128, "seed_resize_from_h": 96},
    "ENSD": {"sampler_name": "Euler a", "override_settings": {"eta_noise_seed_delta": 31337}},
    "hires latent": HIRES,
    "hires latent, batches": {**HIRES, "batch_size": 2, "n_iter": 2},
    "hires pixel": {**HIRES, "hr_upscaler": "Lanczos", "batch_size": 2},
    "hires resize": {**HIRES, "hr_resize_x": 96, "hr_resize_y": 128},
    "hires prompt editing": {**HIRES, "prompt": "[a:b:0.5] [c:d:1.5] [e:f:3] [g:h:6]", "hr_second_pass_steps": 6},
    "hires variation seed": {**HIRES, "hr_upscaler": "Nearest", "subseed_strength": 0.3},
    **{
        f"hires {sampler}": {**HIRES, "sampler_name": sampler, "denoising_strength": 0.4}
        for sampler in ("Euler a", "DPM++ 2M", "DPM++ SDE", "DPM++ 2M SDE", "Heun", "DDIM")
    },
    "hires Karras": {**HIRES, "scheduler": "Karras", "hr_scheduler": "Exponential", "hr_sampler_name": "DPM++ 2M"},
    "token merging": {**HIRES, "override_settings": {"token_merging_ratio": 0.2, "token_merging_ratio_hr": 0.4}},
    "clip skip": {"override_settings": {"CLIP_stop_at_last_layers": 2}},
}
# Of these the calls were recorded as well.
CALLS = ("plain", "hires latent, batches", "hires pixel", "hires prompt editing", "hires DDIM", "hires Karras",
         "token merging")  # fmt: skip


def record_calls(url: str, name: str, folder: Path) -> list[list[Any]]:
    """Which of its functions and hooks the WebUI at `url`, which can write into `folder`, calls for a request.

    Without what a sampler draws at its own steps: Euler of the host draws noise and throws it away.
    """
    calls = record(url, name, folder, "Call recorder")
    return [line for line in calls if (line[0], line[-1]) != ("next", False)]


def record(url: str, name: str, folder: Path, script: str = "Recorder") -> list[Any]:
    """What the WebUI at `url`, which can write into `folder`, does for a request."""
    path = folder / "record.json"
    body = {**BASE, **REQUESTS[name], "alwayson_scripts": {script: {"args": [str(path)]}}}
    answer = requests.post(f"{url}/sdapi/v1/txt2img", json=body, timeout=300)
    answer.raise_for_status()
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        courses = {name: record(sys.argv[1], name, Path(temporary)) for name in REQUESTS}
        calls = {name: record_calls(sys.argv[1], name, Path(temporary)) for name in CALLS}
    for file, found in ((RECORDED, courses), (RECORDED_CALLS, calls)):
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(lines)}" for name, lines in found.items())
        file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
