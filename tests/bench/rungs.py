"""The ladder on a graphics card with little memory: which rung each limit leads to. Prints a table for docs.

    WORKBENCH_DEVICE=cuda python tests/bench/rungs.py [--side 2048] [--images 2] [--limits 8000 4000 2000 1000 500]

Runs the workbench in this process. A limit is what torch may take of the card in megabytes, the model included; beyond
it torch raises its own OutOfMemoryError, as on a card that is full.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.soak_target import Local
from tests.live.client import Answer, same

FIELDS: dict[str, Any] = {
    "prompt": "1girl, red hair, blue dress, standing, full body, outdoors, trees, day, smile",
    "seed": 1, "steps": 2, "width": 512, "height": 512, "sampler_name": "Euler",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=2048, help="of the stage in pixels")
    parser.add_argument("--images", type=int, default=2, help="of the batch")
    parser.add_argument("--limits", type=int, nargs="*", default=[8000, 4000, 2000, 1000, 500], help="in megabytes")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("No CUDA device: on the CPU tests/live/test_memory.py stands in for a card with little memory.")
    with tempfile.TemporaryDirectory(prefix="rungs") as folder:
        _run(Local(Path(folder)), options)


def _run(webui: Local, options: argparse.Namespace) -> None:
    from hires_strategies.webui.generation.less_memory import forget_here  # the WebUI is there by now

    total = torch.cuda.get_device_properties(0).total_memory
    stage = f"Lanczos {options.side}x{options.side} @0.4"
    whole = _generated(webui, stage, options.images)
    ordinary = _generated(webui, "Lanczos x1.5 @0.4", 1)
    print(f"{torch.cuda.get_device_name(0)}: {options.images} images, `{stage}`, {FIELDS['steps']} steps\n")
    print("| limit | seconds | said | error | most MB | MB before and after | equal to whole | next one equal |")
    print("|---|---|---|---|---|---|---|---|")
    for limit in options.limits:
        forget_here()
        before = _held()
        torch.cuda.reset_peak_memory_stats()
        torch.cuda.set_per_process_memory_fraction(limit * 1e6 / total)
        began = time.perf_counter()
        try:
            answer = _generated(webui, stage, options.images)
        finally:
            torch.cuda.set_per_process_memory_fraction(1.0)
        seconds, most = time.perf_counter() - began, torch.cuda.max_memory_allocated() / 1e6
        record = answer.records[0]
        said = " ".join(dict.fromkeys(note for each in answer.records for note in each.get("notes", [])))
        equal = sum(map(same, answer.images, whole.images))
        held = f"{before:.0f}, {_held():.0f}"
        again = _generated(webui, "Lanczos x1.5 @0.4", 1)
        print(
            f"| {limit} | {seconds:.1f} | {said or '–'} | {record['error'] or '–'} | {most:.0f} | {held} | {equal} of "
            f"{len(whole.images)} | {'yes' if all(map(same, again.images, ordinary.images)) else 'NO'} |",
            flush=True,
        )


def _generated(webui: Local, stage: str, images: int) -> Answer:
    scripts = {"Hires strategies": {"args": [{"strategies": [stage], "reuse_first_pass": False}]}}
    return webui.generate({**FIELDS, "batch_size": images, "alwayson_scripts": scripts})


def _held() -> float:
    gc.collect()
    torch.cuda.empty_cache()
    return torch.cuda.memory_allocated() / 1e6


if __name__ == "__main__":
    main()
