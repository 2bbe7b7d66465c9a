"""An extension for the benchmark only: times the host's own calls. GET /bench/timers reads the sums and starts anew.

`whole` is every generation from begin to end, files and texts included; the others are spent inside of it. A GPU works
on after a call has returned, so each call waits for it: else its time would count where it is next waited for.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from modules import processing, script_callbacks, scripts, sd_samplers_cfg_denoiser, shared

SECONDS = dict.fromkeys(("whole", "model", "texts", "autoencoder", "upscalers"), 0.0)
CALLS = dict.fromkeys(SECONDS, 0)
_running: list[str] = []


def time_calls(owner: Any, name: str, what: str) -> None:
    """Replace a function by one that adds its time to `what`; once, and not within itself."""
    original = getattr(owner, name)
    if hasattr(original, "timed"):
        return

    def timed(*args: Any, **kwargs: Any) -> Any:
        if what in _running:
            return original(*args, **kwargs)
        wait_for_gpu()
        _running.append(what)
        started = time.perf_counter()
        try:
            made = original(*args, **kwargs)
            wait_for_gpu()
            return made
        finally:
            _running.remove(what)
            SECONDS[what] += time.perf_counter() - started
            CALLS[what] += 1

    timed.timed = True  # type: ignore[attr-defined]
    setattr(owner, name, timed)


def wait_for_gpu() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


class Timers(scripts.Script):
    def title(self):
        return "Bench timers"

    def show(self, is_img2img):
        return False if is_img2img else scripts.AlwaysVisible

    def before_process(self, p, *args):
        model = shared.sd_model
        if model.first_stage_model is not None:  # Neo loads its model later in the first generation
            for name in ("encode", "decode"):
                time_calls(model.first_stage_model, name, "autoencoder")
            time_calls(model, "get_learned_conditioning", "texts")
        for upscaler in shared.sd_upscalers:
            if upscaler.scaler is not None:
                time_calls(upscaler.scaler, "do_upscale", "upscalers")


def add_routes(demo: Any, app: Any) -> None:
    @app.get("/bench/timers")
    def timers() -> dict[str, Any]:
        told = {"seconds": dict(SECONDS), "calls": dict(CALLS), "megabytes": _megabytes()}
        for what in SECONDS:
            SECONDS[what], CALLS[what] = 0.0, 0
        return told


def _megabytes() -> float:
    """What the process holds; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))


time_calls(processing, "process_images_inner", "whole")
time_calls(sd_samplers_cfg_denoiser.CFGDenoiser, "forward", "model")
script_callbacks.on_app_started(add_routes)
