"""A sweep of eight denoising strengths at 2x: the host's X/Y/Z plot with its own Hires. fix against ours.

    python tests/workbench --port 7870 --extension tests/bench/timers      (or A1111, with that extension beside ours)
    python tests/bench/sweep.py http://127.0.0.1:7870 [--size 512] [--steps 20] [--sweeps 50] [--ours] [--save]

All run on the same WebUI, one after the other, and the cells of both plots have to be equal. Prints a table for
docs/benchmarks.md: `host` is the time inside the model, the autoencoder and the upscalers, by timers around the host's
own calls.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.live.client import Answer, WebUI, same
from tests.live.plots import Axis, plot

VALUES = ["0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]
UPSCALER = "Latent"


@dataclass
class Row:
    """One way of making the eight pictures."""

    title: str
    answer: Answer
    seconds: float
    timers: dict[str, Any]

    @property
    def host(self) -> float:
        spent = self.timers["seconds"]
        return spent["model"] + spent["texts"] + spent["autoencoder"] + spent["upscalers"]

    def __str__(self) -> str:
        whole = self.timers["seconds"]["whole"]
        return (
            f"| {self.title} | {self.timers['calls']['model']} | {self.seconds:.1f} | {whole:.1f} | {self.host:.1f} | "
            f"{whole / self.host:.3f} |"
        )


@dataclass
class Bench:
    """One WebUI, and the first pass that every row starts from."""

    webui: WebUI
    size: int
    steps: int
    seed: int = 77_000
    save: bool = False
    values: tuple[str, ...] = tuple(VALUES)

    def fields(self, **more: object) -> dict[str, object]:
        return {"width": self.size, "height": self.size, "steps": self.steps, "seed": self.seed,
                "save_images": self.save, **more}  # fmt: skip

    def hosts_plot(self) -> Answer:
        hires = {"enable_hr": True, "hr_upscaler": UPSCALER, "hr_scale": 2, "denoising_strength": 0.7}
        return plot(self.webui, False, Axis("Denoising", ",".join(self.values)), **self.fields(**hires))

    def our_plot(self) -> Answer:
        axis = Axis("[Hires] Denoising strength", ",".join(self.values))
        return plot(self.webui, f"{UPSCALER} x2 @0.7", axis, **self.fields())

    def our_sweep(self, sheet: bool) -> Answer:
        text = f"{UPSCALER} x2 @{{{','.join(self.values)}}}"
        return self.webui.txt2img({"strategies": [text], "reuse_first_pass": False, "sheet": sheet}, **self.fields())

    def timed(self, title: str, run: Callable[[], Answer]) -> Row:
        self.webui.get("/bench/timers")
        started = time.perf_counter()
        answer = run()
        return Row(title, answer, time.perf_counter() - started, self.webui.get("/bench/timers"))


def main() -> None:
    options = _options()
    values = tuple(VALUES[:: len(VALUES) // options.strengths])
    bench = Bench(WebUI(options.url), options.size, options.steps, save=options.save, values=values)
    bench.webui.txt2img(f"{UPSCALER} x2 @0.7", **bench.fields(seed=1))  # loads what has to be loaded
    print(f"{len(values)} pictures of {2 * bench.size}x{2 * bench.size}, {bench.steps} steps")
    rows = [] if options.ours else _plots(bench)
    rows += [
        bench.timed(f"One run of `{UPSCALER} x2 @{{...}}`", lambda: bench.our_sweep(False)),
        bench.timed("The same with a contact sheet", lambda: bench.our_sweep(True)),
    ]
    print("| | model evaluations | seconds | in generations | in the model, autoencoder, upscalers | ratio |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        print(row)
    _memory(bench, options.sweeps)


def _plots(bench: Bench) -> list[Row]:
    """The host's plot and ours, whose cells have to be equal."""
    rows = [
        bench.timed("The host's X/Y/Z plot with Hires. fix", bench.hosts_plot),
        bench.timed("The same cells with [Hires] Denoising strength", bench.our_plot),
        bench.timed("The same again: the first pass is known", bench.our_plot),
    ]
    equal = [same(one, other) for one, other in zip(rows[0].answer.images[1:], rows[1].answer.images[1:], strict=True)]
    print(f"Cells equal to the host's: {sum(equal)}\n")
    return rows


def _memory(bench: Bench, sweeps: int) -> None:
    """What the process holds while sweeps with a first pass each go on."""
    small = Bench(bench.webui, 64, 2)
    text = f"{UPSCALER} x2 @{{{','.join(VALUES)}}}"
    for number in range(sweeps):
        if number % 10 == 0:
            print(f"{small.webui.get('/bench/timers')['megabytes']:.0f} MB held after {number} sweeps", flush=True)
        small.seed += 1
        small.webui.txt2img({"strategies": [text], "sheet": True}, **small.fields())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Eight denoising strengths: the host's plot against ours.")
    parser.add_argument("url", help="a running WebUI with its API and the extension tests/bench/timers")
    parser.add_argument("--size", type=int, default=512, help="side of the first pass in pixels")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument(
        "--strengths", type=int, default=len(VALUES), choices=(1, 2, 4, 8), help="how many of the eight"
    )
    parser.add_argument("--save", action="store_true", help="write every picture to a file as well")
    parser.add_argument("--ours", action="store_true", help="only the runs of our own, for their share")
    parser.add_argument("--sweeps", type=int, default=51, help="sweeps for the memory test, 0 for none")
    return parser.parse_args()


if __name__ == "__main__":
    main()
