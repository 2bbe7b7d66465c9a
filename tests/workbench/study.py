"""Measures what strategies do to the workbench's small model, and writes docs/study/.

    python tests/workbench/study.py --report-only           the tables of the committed rows, in seconds
    python tests/workbench/study.py --rows FILE --seeds 100 rows from nothing, in hours, and their tables

Goes on where it was cut off: every measured picture is one line of the file of rows.
"""

from __future__ import annotations

import argparse
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import requests

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from figures import study_report as report
from figures.study_runs import CFG_SCALE, SIDE, Runs

from hires_strategies.notation.text import format_strategy, parse

WORKBENCH = Path(__file__).resolve().parent
ROOT = WORKBENCH.parent.parent
STRENGTHS = "{0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.9,0.95}"
SWEEPS = {"latent": f"Latent x2 @{STRENGTHS}", "pixel": f"Lanczos x2 @{STRENGTHS}"}
KARRAS = "[scheduler Karras]"
# Enlarged alone; through the autoencoder as well, without sampling; drawn at that size from the beginning.
CONTROLS = ("Lanczos x2", "Lanczos x2 > Latent x1 @0", "Latent x2 @0", "Direct x2")
# The strength that is found for each picture, a lock on the structure, and few steps for an enlarged draft.
NEWER = ("Latent x2 @auto!", "Lanczos x2 @auto!", "Lanczos x2 @{0.5,0.7,0.9} [lock]", "Lanczos x2 @0.2 [4 steps]")
# One pass after another at twice the size, the second to the eighth without enlarging.
CHAINS = tuple(
    " > ".join([f"Lanczos x2 @0.3{ending}", *[f"None x1 @0.3{ending}"] * (stages - 1)])
    for ending in ("", " [color match]")
    for stages in (1, 2, 4, 8)
)
PIXEL = "R-ESRGAN AnimeVideo"  # the quickest network that both the workbench and the WebUI have
SHEET_SEEDS = 4
START_SECONDS = 300
WORDS = """- **Keeper**: a picture in which the detector finds one figure with a whole face.
- **Repaired**: of the first passes that are no keepers, how many became one.
- **Broken**: of the first passes that are keepers, how many are none any more.
- **Start sigma**: how much noise the second pass starts from, which the denoising strength stands for.
- **Controls**: enlarged alone (`Lanczos x2`); through the autoencoder as well, without sampling
  (`Lanczos x2 > Latent x1 @0`, `Latent x2 @0`); drawn at that size from the beginning (`Direct x2`).
- **Layout kept**: how alike first pass and result are when both are shrunk to about 16 fields a side (correlation); 1
  is the same composition.
- **Sharpness**: the mean contrast of neighbouring pixels, as a multiple of the first pass's."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100, help="for the sweeps over denoising strength")
    parser.add_argument("--first-seed", type=int, default=0, help="for several processes, each with rows of its own")
    parser.add_argument("--route-seeds", type=int, help="for the routes to four times the size (a fourth of --seeds)")
    parser.add_argument("--chain-seeds", type=int, help="for passes one after another (a fourth of --seeds)")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--webui-url", help="a running WebUI with this extension; else a workbench is started")
    parser.add_argument("--rows", type=Path, default=ROOT / "docs" / "study" / "rows" / "strategies.jsonl")
    parser.add_argument("--work", type=Path, default=WORKBENCH / "training" / "study", help="for pictures and the log")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "study")
    parser.add_argument("--report-only", action="store_true", help="write the report of what was measured already")
    return parser.parse_args()


@contextmanager
def webui(given: str | None, work: Path) -> Iterator[str]:
    """The address of a WebUI; a workbench of our own is stopped in the end."""
    if given:
        yield given.rstrip("/")
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [
        sys.executable,
        str(WORKBENCH / "__main__.py"),
        "--nowebui",
        "--port",
        str(port),
        "--data-dir",
        str(work / "data"),
    ]
    with (work / "log.txt").open("w", encoding="utf-8") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait(server, url, work / "log.txt")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait(server: subprocess.Popen, url: str, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            if requests.get(f"{url}/sdapi/v1/samplers", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(1)
    raise RuntimeError(f"The workbench did not start: see {log}.")


def routes(latent: float, pixel: float) -> list[str]:
    """Ways to four times the size, with the denoising strengths that suit latent and pixel upscales."""
    return [
        f"Latent x2 @{latent:g} > {PIXEL} x2",
        f"Lanczos x2 @{pixel:g} > {PIXEL} x2",
        f"{PIXEL} x4",
        f"Latent x4 @{latent:g}",
        "Direct x4",
    ]


def best_strength(results: report.Results, upscaler: str) -> float:
    """The denoising strength with the most keepers; of equals, the lowest."""
    best = max(results.sweep(upscaler), key=lambda text: results.keepers(text)[0])
    return results.by_strategy[best][0].strength or 0.0


def measure(runs: Runs, options: argparse.Namespace) -> None:
    sweeps = [*SWEEPS.values(), f"Lanczos x2 @{{0.3,0.5,0.7,0.9}} {KARRAS}", *CONTROLS]
    for seed in range(options.first_seed, options.seeds):
        runs.run(seed, sweeps, options.work / "pictures" if seed < SHEET_SEEDS else None)
        runs.run(seed, NEWER)  # by itself: a strength that is found may be one of the sweep's
        print(f"seed {seed} of {options.seeds} swept", flush=True)
    count = options.route_seeds if options.route_seeds is not None else options.seeds // 4
    results = report.Results(runs.rows)
    best = best_strength(results, "Latent"), best_strength(results, "Lanczos")
    for seed in range(count):
        runs.run(seed, routes(*best), options.work / "pictures" if seed < SHEET_SEEDS else None)
        print(f"routes of seed {seed} of {count} measured", flush=True)
    count = options.chain_seeds if options.chain_seeds is not None else options.seeds // 4
    for seed in range(count):
        runs.run(seed, CHAINS)
        print(f"chains of seed {seed} of {count} measured", flush=True)


def three_digits(value: report.Value) -> str:
    return f"{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})"


def known(results: report.Results, texts: Sequence[str]) -> list[str]:
    """Those of the strategies `texts` (sweeps written out) that were measured."""
    written = [format_strategy(strategy) for strategy in parse("\n".join(texts))]
    return [text for text in written if text in results.by_strategy]


def text_of(results: report.Results, steps: int) -> str:
    """docs/study/README.md; sentences that judge the numbers are written by people, elsewhere."""
    latent, pixel, karras = results.sweep("Latent"), results.sweep("Lanczos"), results.sweep("Lanczos", KARRAS)
    by_strength, by_sigma, points = report.alignment(results, pixel, karras)
    controls, newer, chains = (known(results, texts) for texts in (CONTROLS, NEWER, CHAINS))
    chains = [text for text in chains if any(row.color is not None for row in results.by_strategy[text])]
    ways = [text for text in results.by_strategy if "x4" in text or ("> R-ESRGAN" in text)]
    parts = [
        "# What strategies do to a small model",
        f"Measured by `python tests/workbench/study.py` on the workbench's own model "
        f"([card](../../tests/workbench/weights/README.md)): full-body figures at {SIDE}x{SIDE}, "
        f"{len(results.first)} seeds, Euler with {steps} steps, CFG scale {CFG_SCALE}. "
        "In brackets: 95 % intervals. [What the numbers say](findings.md).",
        WORDS,
        f"First passes: {report.percent(results.first_keepers())} are keepers.",
        "## By denoising strength",
        report.strengths(results, [*latent, *pixel, *controls]),
        "![curves](curves.png)",
        "## Schedulers",
        f"Automatic against Karras, `Lanczos x2`, {points} points: the curves of the kept layout lie "
        f"{three_digits(by_strength)} apart over denoising strength and {three_digits(by_sigma)} over start sigma.",
        report.strengths(results, karras),
        "## Yield and cost",
        "Costs are in first passes, the run's own included: model evaluations times pixels, so that a second pass of "
        "as many steps at twice the size costs four. Seconds are those of the stages on the machine that measured "
        "them, whatever else it did.",
        report.costs(results, [*latent, *pixel, *controls]),
    ]
    for title, texts in (("Beside fixed strengths", newer), ("Four times the size", ways)):
        if texts:
            tables = report.strengths(results, texts), report.costs(results, texts)
            parts += [f"## {title}", f"{results.seeds(texts)}.", *tables]
    if len(chains) > 1:
        parts += [
            "## Pass after pass at one size",
            f"{results.seeds(chains[1:])}. *Colors moved*: the mean distance to the first pass's, of 255, over 8 "
            "fields along the shorter side.",
            report.colors(results, chains),
        ]
    parts += ["## Pictures", "Each row is a seed.", "![contact sheet](sheet.jpg)"]
    return "\n\n".join(parts) + "\n"


def draw(results: report.Results, options: argparse.Namespace) -> None:
    """The curves, and the contact sheet where there are pictures for it: they are not committed."""
    latent, pixel, karras = results.sweep("Latent"), results.sweep("Lanczos"), results.sweep("Lanczos", KARRAS)
    options.out.mkdir(parents=True, exist_ok=True)
    report.plot(results, {"latent": latent, "pixel": pixel, "pixel, Karras": karras}, options.out / "curves.png")
    columns = ["", *latent[::2], *pixel[::2], "Direct x2"]
    pictures = options.work / "pictures"
    if pictures.is_dir():
        report.contact_sheet(pictures, columns, sorted(results.first)[:SHEET_SEEDS], options.out / "sheet.jpg")


def main() -> None:
    options = arguments()
    options.work.mkdir(parents=True, exist_ok=True)
    (options.work / ".gitignore").write_text("*\n", encoding="utf-8")
    options.rows.parent.mkdir(parents=True, exist_ok=True)
    runs = Runs("", options.steps, options.rows)
    if not options.report_only:
        with webui(options.webui_url, options.work) as url:
            runs.url = url
            measure(runs, options)
    results = report.Results(runs.rows)
    draw(results, options)
    (options.out / "README.md").write_text(text_of(results, options.steps), encoding="utf-8")


if __name__ == "__main__":
    main()
