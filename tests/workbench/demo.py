"""The main job on real parts: one first pass, three strategies on it, their pictures in outputs/."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from typing import Any

import bootstrap
import start

OUTPUTS = bootstrap.ROOT / "outputs"
TITLE = "Hires strategies"
STRATEGIES = {
    "latent-2x": "Latent x2 @0.7",
    "pixel-2x": "realesr-animevideov3-x2 x2 @0.4",
    "latent-2x-then-pixel-2x": "Latent x2 @0.7 > realesr-animevideov3-x2 x2",
}
JOB: dict[str, Any] = {
    "prompt": "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile",
    "seed": 7, "steps": 20, "width": 128, "height": 128, "cfg_scale": 5.0, "sampler_name": "DPM++ 2M",
    "scheduler": "Karras", "do_not_save_samples": True, "do_not_save_grid": True,
}  # fmt: skip


def main() -> int:
    """Runs the strategies and says for each what it took and where it lies; 1 if one of them failed."""
    print("Loading the model", flush=True)
    start.boot([argument for argument in sys.argv[1:] if argument != "--demo"])
    print(f"{JOB['width']}x{JOB['height']}, {JOB['steps']} steps, {JOB['sampler_name']}: {JOB['prompt']}", flush=True)
    began = time.perf_counter()
    processed, first_pass_seconds = _generate()
    OUTPUTS.mkdir(exist_ok=True)
    records = json.loads(processed.js())["hires_strategies"]
    for record in records:
        if record["kind"] == "first_pass":
            record.update(seconds=first_pass_seconds, model_evaluations=JOB["steps"], strategy="first pass")
    records.sort(key=lambda record: record["width"])
    failed = [_report(processed, record) for record in records]
    print(f"All of it took {time.perf_counter() - began:.1f} s; the first pass ran once.")
    return 1 if any(failed) else 0


def _generate() -> tuple[Any, float]:
    """(Processed, seconds of the first pass)."""
    from modules import processing, scripts, shared, ui

    ui.create_ui()  # makes the scripts, and with their components the defaults of their arguments
    runner = scripts.scripts_txt2img
    arguments = [0, *(component.value for component in runner.inputs[1:])]
    section = runner.script(TITLE)
    assert section is not None, f"The extension's script '{TITLE}' did not load: see above."
    arguments[section.args_from] = {"strategies": list(STRATEGIES.values()), "first_pass": True}
    with closing(processing.StableDiffusionProcessingTxt2Img(**JOB)) as p:
        p.is_api = True
        p.scripts = runner
        p.script_args = tuple(arguments)
        seconds = _time_sampling(p)
        shared.state.begin("demo")
        try:
            return processing.process_images(p), seconds[0]
        finally:
            shared.state.end()


def _time_sampling(p: Any) -> list[float]:
    """A list that the seconds of each first pass of `p` are put into."""
    seconds: list[float] = []
    sample = p.sample

    def timed(**kwargs: Any) -> Any:
        began = time.perf_counter()
        latents = sample(**kwargs)
        seconds.append(time.perf_counter() - began)
        return latents

    p.sample = timed
    return seconds


def _report(processed: Any, record: dict[str, Any]) -> bool:
    """Write a record's picture and a line about it; True if its strategy failed."""
    names = {"first pass": "first-pass", **{text: name for name, text in STRATEGIES.items()}}
    path = OUTPUTS / f"{names[record['strategy']]}.png"
    processed.images[record["index"]].save(path)
    print(f"{record['width']:4} x {record['height']:<4} {record['strategy']}")
    print(f"    {record['seconds']:.1f} s, {record['model_evaluations']} model evaluations\n    {path}")
    if record["error"]:
        print(f"    {record['error']}")
    return bool(record["error"])
