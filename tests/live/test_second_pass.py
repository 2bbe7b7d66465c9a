"""A stage that equals Hires. fix calls what Hires. fix calls, in its order: functions of the host, hooks of others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.client import WebUI

EDITED = "a [red:blue:0.5] house [in fog:at noon:1.5]"
MERGED = {"override_settings": {"token_merging_ratio": 0.2, "token_merging_ratio_hr": 0.4}}
# name: (upscaler, fields of both generations, fields of Hires. fix alone, the stage's options)
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "latent": ("Latent", {}, {}, ""),
    "pixel": ("Lanczos", {}, {}, ""),
    "pixel, batches": ("Lanczos", {"batch_size": 2, "n_iter": 2}, {}, ""),
    "token merging": ("Latent", MERGED, {}, ""),
    "prompt editing": ("Latent", {"prompt": EDITED}, {}, ""),
    "own steps": ("Latent", {}, {"hr_second_pass_steps": 3}, " [3 steps]"),
    "own sampler": ("Latent", {}, {"hr_sampler_name": "DPM++ 2M"}, " [sampler DPM++ 2M]"),
    "own prompt": ("Latent", {}, {"hr_prompt": "a boat"}, ' [prompt "a boat"]'),
    "a network in the prompt": ("Latent", {"prompt": "a house <lora:tint:1>"}, {}, ""),
    "a network in the stage": (
        "Latent", {}, {"hr_prompt": "a boat <lora:tint:0.5>"}, ' [prompt "a boat <lora:tint:0.5>"]',
    ),
    "networks off": ("Latent", {"disable_extra_networks": True}, {}, ""),
}  # fmt: skip
# Stages share upscales, so the job of a stage begins before its upscale, and its sampler is made behind it. Nothing
# that runs in between reads either.
MOVED = ("nextjob", "create_sampler")


@pytest.mark.parametrize("name", CASES)
def test_a_stage_calls_what_hires_fix_calls(webui: WebUI, name: str, tmp_path: Path) -> None:
    upscaler, both, theirs, options = CASES[name]
    if "call recorder" not in webui.get("/sdapi/v1/scripts")["txt2img"]:
        pytest.skip("this WebUI has not loaded the extension tests/workbench/recorder")
    both = {"steps": 4, "width": 64, "height": 64, **both}

    def recorded(file: str) -> dict[str, Any]:
        return {"alwayson_scripts": {"Call recorder": {"args": [str(tmp_path / file)]}}}

    webui.hires_fix(upscaler, 2, 0.7, **both, **theirs, **recorded("theirs"))
    argument = {"strategies": [f"{upscaler} x2 @0.7{options}"], "reuse_first_pass": False}
    webui.txt2img(argument, **both, **recorded("ours"))
    count = both.get("n_iter", 1)
    expected, found = (second_passes(tmp_path / file, count) for file in ("theirs", "ours"))
    for ours, host in zip(found, expected, strict=True):
        assert [line for line in ours if line[0] not in MOVED] == [line for line in host if line[0] not in MOVED]
        assert sorted(line for line in ours if line[0] in MOVED) == sorted(line for line in host if line[0] in MOVED)
        hooks = [line[0] for line in ours]
        assert hooks.index("create_sampler") < hooks.index("next") and hooks.index("nextjob") < hooks.index("next")


def second_passes(path: Path, count: int) -> list[list[list[Any]]]:
    """For each of the batches, what was called from the end of its first pass to the end of its decoding."""
    lines: list[list[Any]] = json.loads(path.read_text(encoding="utf-8"))
    names = [line[0] for line in lines]
    begins = [index + 1 for index, name in enumerate(names) if name == "sample is done"]
    assert len(begins) == count
    ends = [names.index("decode_latent_batch", names.index("sample_img2img is done", begin)) + 1 for begin in begins]
    return [[_without_progress(line) for line in lines[begin:end]] for begin, end in zip(begins, ends, strict=True)]


def _without_progress(line: list[Any]) -> list[Any]:
    """A hook's line without the job's number: our progress bar is not the host's (live/test_progress.py)."""
    is_hook = len(line) > _JOB_NO and isinstance(line[1], bool) and str(line[2]).endswith("Sampler")
    return line[:_JOB_NO] + line[_JOB_NO + 1 :] if is_hook else line


_JOB_NO = 5  # of a hook's line, see tests/workbench/recorder/scripts/calls.py
