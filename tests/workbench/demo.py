"""The main job on real parts: one first pass, five strategies on it, their pictures and one sheet in outputs/."""

from __future__ import annotations

import json
import sys
import time
from contextlib import closing
from typing import Any

import bootstrap

sys.path.insert(0, str(bootstrap.ROOT))

import demo_sheet
import start
from demo_sheet import Shown

OUTPUTS = bootstrap.ROOT / "outputs"
TITLE = "Hires strategies"
FIRST_PASS = "first pass"
PIXEL = "realesr-animevideov3-x2"
# File name, what the sheet calls it, strategy. The strengths are this model's; docs/study tells how they were found.
STORY = (
    ("first-pass", "First pass", FIRST_PASS),
    ("too-little", "Too little", "Latent x2 @0.1"),
    ("right", "Right", "Latent x2 @0.5"),
    ("too-much", "Too much", "Latent x2 @0.7"),
    ("pixel", "Pixel upscaler", f"{PIXEL} x2 @0.35"),
    ("chain", "Chain", f"Latent x2 @0.5 > {PIXEL} x2"),
)
WHAT_TO_SEE = (
    "What to see: in the first pass the face is too small to be drawn. Too little denoising mends neither the face nor "
    "what the enlargement blurs. The right strength draws the face anew and keeps the picture; too much draws another "
    "picture. The chain is the right one, enlarged once more without sampling. Other models need other strengths."
)
JOB: dict[str, Any] = {
    "prompt": "1girl, red hair, blue dress, standing, full body, outdoors, trees, sunset, smile",
    "seed": 5, "steps": 20, "width": 128, "height": 128, "cfg_scale": 7.0, "sampler_name": "DPM++ 2M",
    "scheduler": "Karras", "do_not_save_samples": True, "do_not_save_grid": True,
}  # fmt: skip


def main() -> int:
    """Runs the strategies, says what each took and where it lies, and draws the sheet; 1 if one of them failed."""
    print("Loading the model", flush=True)
    start.boot([argument for argument in sys.argv[1:] if argument != "--demo"])
    job = f"{JOB['width']}x{JOB['height']}, {JOB['steps']} steps, {JOB['sampler_name']} {JOB['scheduler']}"
    print(f"{job}, seed {JOB['seed']}: {JOB['prompt']}")
    print(f"Drawing a first pass and {len(STORY) - 1} strategies on it: a minute or two", flush=True)
    began = time.perf_counter()
    processed, first_pass_seconds = _generate()
    OUTPUTS.mkdir(exist_ok=True)
    records = {record["strategy"] or FIRST_PASS: record for record in json.loads(processed.js())["hires_strategies"]}
    records[FIRST_PASS].update(seconds=first_pass_seconds, model_evaluations=JOB["steps"])
    shown = [_report(processed, records[text], name, label, text) for name, label, text in STORY]
    print(f"All of it took {time.perf_counter() - began:.1f} s; the first pass ran once.\n\n{WHAT_TO_SEE}")
    heading = (JOB["prompt"], f"Seed {JOB['seed']}, {JOB['sampler_name']} {JOB['scheduler']}, the tests' own model")
    for name, sheet in demo_sheet.draw(shown, heading):
        sheet.save(OUTPUTS / name, quality=82, optimize=True, progressive=True)
        print(f"    {OUTPUTS / name}")
    return 1 if any(record["error"] for record in records.values()) else 0


def _generate() -> tuple[Any, float]:
    """(Processed, seconds of the first pass)."""
    from modules import processing, scripts, shared, ui

    ui.create_ui()  # makes the scripts, and with their components the defaults of their arguments
    runner = scripts.scripts_txt2img
    arguments = [0, *(component.value for component in runner.inputs[1:])]
    section = runner.script(TITLE)
    assert section is not None, f"The extension's script '{TITLE}' did not load: see above."
    strategies = [text for _, _, text in STORY if text != FIRST_PASS]
    arguments[section.args_from] = {"strategies": strategies, "first_pass": True}
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


def _report(processed: Any, record: dict[str, Any], name: str, label: str, strategy: str) -> Shown:
    """Write a record's picture and a line about it."""
    path = OUTPUTS / f"{name}.png"
    image = processed.images[record["index"]]
    image.save(path)
    made = "" if strategy == FIRST_PASS else f": {strategy}"
    print(f"{image.width:4} x {image.height:<4} {label}{made}")
    print(f"    {record['seconds']:.1f} s, {record['model_evaluations']} model evaluations\n    {path}")
    if record["error"]:
        print(f"    {record['error']}")
    return Shown(image, label, "" if strategy == FIRST_PASS else strategy)
