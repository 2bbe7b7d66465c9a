"""A sweep of eight denoising strengths at 2x: the host's X/Y/Z plot with its own Hires. fix against ours.

    python tests/bench/sweep.py URL [--size 512] [--steps 20] [--sweeps 50]

Both run on the same WebUI, one after the other, and their cells have to be equal. Prints a table for the README.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.live.client import Answer, WebUI, same
from tests.live.plots import Axis, plot

VALUES = ["0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]
UPSCALER = "Latent"


@dataclass
class Bench:
    """One WebUI, and the first pass that every row starts from."""

    webui: WebUI
    size: int
    steps: int
    seed: int = 77_000

    def fields(self, **more: object) -> dict[str, object]:
        return {"width": self.size, "height": self.size, "steps": self.steps, "seed": self.seed, **more}

    def hosts_plot(self) -> Answer:
        hires = {"enable_hr": True, "hr_upscaler": UPSCALER, "hr_scale": 2, "denoising_strength": 0.7}
        return plot(self.webui, False, Axis("Denoising", ",".join(VALUES)), **self.fields(**hires))

    def our_plot(self) -> Answer:
        axis = Axis("[Hires] Denoising strength", ",".join(VALUES))
        return plot(self.webui, f"{UPSCALER} x2 @0.7", axis, **self.fields())

    def our_sweep(self, reuse: bool = True) -> Answer:
        text = f"{UPSCALER} x2 @{{{','.join(VALUES)}}}"
        return self.webui.txt2img({"strategies": [text], "reuse_first_pass": reuse}, **self.fields())

    def memory(self) -> float | None:
        """Megabytes that the WebUI's process holds, where it tells."""
        try:
            return self.webui.get("/sdapi/v1/memory")["ram"]["used"] / 1024**2
        except (KeyError, TypeError, OSError):
            return None


def timed(run: Callable[[], Answer]) -> tuple[float, Answer]:
    started = time.perf_counter()
    answer = run()
    return time.perf_counter() - started, answer


def main() -> None:
    options = _options()
    bench = Bench(WebUI(options.url), options.size, options.steps)
    bench.hosts_plot()  # loads what has to be loaded
    host_seconds, host = timed(bench.hosts_plot)
    cold_seconds, cold = timed(bench.our_plot)
    warm_seconds, _warm = timed(bench.our_plot)
    sweep_seconds, sweep = timed(lambda: bench.our_sweep(reuse=False))
    equal = [same(one, other) for one, other in zip(host.images[1:], cold.images[1:], strict=True)]
    pictures, stages, steps = len(VALUES), len(sweep.images), bench.steps
    print(f"{pictures} cells, {bench.size}x{bench.size} to 2x, {steps} steps; equal to the host's: {sum(equal)}")
    print("| | seconds | first passes | second passes |")
    print("|---|---|---|---|")
    for title, seconds, first, second in (
        ("The host's X/Y/Z plot with Hires. fix", host_seconds, pictures, pictures),
        ("The same cells with [Hires] Denoising strength", cold_seconds, 1, pictures),
        ("The same, first pass known", warm_seconds, 0, pictures),
        ("One run of `@{...}`", sweep_seconds, 1, stages),
    ):
        print(f"| {title} | {seconds:.1f} | {first} | {second} |")
    _memory(bench, options.sweeps)


def _memory(bench: Bench, sweeps: int) -> None:
    """What the process holds before and after many sweeps with a first pass each."""
    if not sweeps or bench.memory() is None:
        return
    small = Bench(bench.webui, 64, 2)
    held = []
    for number in range(sweeps):
        small.seed += 1
        small.our_sweep()
        if number in (sweeps // 5, sweeps - 1):
            held.append(bench.memory() or 0.0)
    print(f"Memory after {sweeps // 5 + 1} sweeps: {held[0]:.0f} MB, after {sweeps}: {held[1]:.0f} MB")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Eight denoising strengths: the host's plot against ours.")
    parser.add_argument("url", help="a running WebUI with its API")
    parser.add_argument("--size", type=int, default=512, help="side of the first pass in pixels")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--sweeps", type=int, default=50, help="sweeps for the memory test, 0 for none")
    return parser.parse_args()


if __name__ == "__main__":
    main()
