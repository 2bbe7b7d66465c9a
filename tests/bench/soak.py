"""A soak: thousands of random generations on one WebUI, and what they leave behind. Prints a report for docs/soak.md.

    python tests/bench/soak.py                               the workbench, in this process
    python tests/bench/soak.py --url http://127.0.0.1:7860   a WebUI with tests/live/faults and tests/bench/timers
    python tests/bench/soak.py --seed 0 --first 123 --generations 1      one generation again

Strategies, settings, interrupts, skips and failures are drawn from seed and number. Each tenth finished picture is made
again from its own text alone, and where that is not the same bits, in a batch as large as it was and with what is known
of the memory; each fiftieth generation is followed by one that has to be bit for bit what it was at the beginning.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from hires_strategies.stage_options import OPTIONS
from tests.bench.soak_generations import WHOLE, Generation, generation
from tests.bench.soak_target import Target, target
from tests.live.client import Answer, Refused, difference, same

REMADE_EVERY, CANARY_EVERY = 10, 50
WARM = 0.5  # the part of the run before which memory still fills: remembered first passes, models
ROUNDED = 2.0  # mean difference, of 255, within which a picture of a batch is what its text gives alone
CANARY = {
    "prompt": "1girl, red hair, blue dress, standing, full body, outdoors, trees, day, smile",
    "seed": 77, "steps": 3, "width": 64, "height": 64, "cfg_scale": 4, "sampler_name": "Euler",
    "override_settings": WHOLE,
    "alwayson_scripts": {"Hires strategies": {"args": [
        {"strategies": ["Latent x1.5 @0.6 > Lanczos x1.5 @0.4"], "reuse_first_pass": False, "first_pass": True}
    ]}},
}  # fmt: skip
ANEW = {"hires_strategies_remember_first_passes": False}
COMPUTED = {**ANEW, **WHOLE}


@dataclass
class Soak:
    target: Target
    seed: int
    every: int = 100  # generations between two looks at what is held
    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)
    held: list[tuple[int, dict[str, float]]] = field(default_factory=list)
    seconds: float = 0.0

    def run(self, first: int, count: int, minutes: float) -> None:
        began = time.monotonic()
        canary = self.target.generate(CANARY)
        names = replace(self.target.names(), lacking=self._lacking())
        for number in range(first, first + count):
            if (number - first) % self.every == 0:
                self._measure(number, began)
            if time.monotonic() - began > 60 * minutes:
                break
            self._one(generation(self.seed, number, names))
            if number % CANARY_EVERY == 0:
                self._still_same(number, canary)
        self._still_same(first + count, canary)
        self._measure(first + self.counts["generations"], began)

    def _lacking(self) -> frozenset[str]:
        """Options that this WebUI does not have."""
        found = set()
        for option in OPTIONS:
            if option.field not in ("sampler", "scheduler", "checkpoint", "refiner"):
                text = f"Nearest x1 @0.5 [{option.written(option.example)}]"
                scripts = {"Hires strategies": {"args": [text]}}
                try:
                    self.target.generate({"steps": 1, "width": 64, "height": 64, "alwayson_scripts": scripts})
                except Refused as error:
                    if "has no" in error.detail:
                        found.add(option.field)
        return frozenset(found)

    def _measure(self, number: int, began: float) -> None:
        self.seconds = time.monotonic() - began
        self.held.append((number, self.target.held()))
        told = ", ".join(f"{value:.0f} {name}" for name, value in self.held[-1][1].items())
        print(f"{self.seconds:6.0f} s, {number}: {told}; {len(self.failures)} failures", flush=True)

    def _one(self, made: Generation) -> None:
        self.counts["generations"] += 1
        try:
            answer = self.target.generate(made.body())
        except Refused as error:
            if error.status == 422:
                self.counts["refused"] += 1
                self.refused[error.detail] += 1
            elif not made.explains(error.detail):
                self.fail(made.number, f"an error that nothing explains: {error}")
            else:
                self.counts["errors after an injected fault"] += 1
            return
        if made.argument is not None:
            self._check(made, answer)

    def _check(self, made: Generation, answer: Answer) -> None:
        """Counts pictures; each tenth finished one is made again."""
        for record in answer.info.get("hires_strategies", []):
            error = record["error"]
            if error:
                self.counts["pictures of stages that were not finished"] += 1
                if not made.explains(error):
                    self.fail(made.number, f"an error that nothing explains: {error}")
            if record["kind"] == "sheet" or (error and record["stage"] is None):
                continue
            self.counts["finished pictures"] += 1
            if self.counts["finished pictures"] % REMADE_EVERY == 0:
                self._remake(made, answer, record)

    def _remake(self, made: Generation, answer: Answer, record: dict[str, Any]) -> None:
        text, picture = answer.info["infotexts"][record["index"]], answer.images[record["index"]]
        try:
            again = self.target.generate({"infotext": text, "override_settings": COMPUTED}).images[0]
        except Refused as error:
            self.fail(made.number, f"image {record['index']} cannot be made again: {error}\n{text}")
            return
        self.counts["pictures made again"] += 1
        if same(picture, again):
            self.counts["of these equal bit for bit"] += 1
            return
        apart = _apart(picture, again)
        self.differences.append(apart)
        if not made.exact and self._same_as_made(made, text, record["seed"], picture):
            self.counts["of the others equal in such a batch, with such memory"] += 1
        elif made.exact or apart > ROUNDED:
            told = f"mean {apart:.2f}, {difference(picture, again)}"
            self.fail(made.number, f"image {record['index']} is not what its text gives ({told}):\n{text}")

    def _same_as_made(self, made: Generation, text: str, seed: int, picture: Image.Image) -> bool:
        """Whether the text gives the same bits to the image of that seed in a batch as large as its own, with what is
        known of the memory: a batch is encoded with other noise than its images alone, by the host as well."""
        batch = {name: made.fields[name] for name in ("seed", "batch_size", "n_iter")}
        settings = {**ANEW, "return_grid": False, **made.fields["override_settings"]}
        try:
            images = self.target.generate({"infotext": text, **batch, "override_settings": settings}).images
        except Refused:
            return False
        return same(picture, images[seed - batch["seed"]])

    def _still_same(self, number: int, canary: Answer) -> None:
        self.counts["generations compared with the first"] += 1
        again = self.target.generate(CANARY)
        for one, other in zip(canary.images, again.images, strict=True):
            if not same(one, other):
                self.fail(number, f"a generation is no more what it was at first: {difference(one, other)}")

    def fail(self, number: int, sentence: str) -> None:
        self.failures.append(f"Generation {number}: {sentence}")
        print(f"{self.failures[-1]}\n  again: --seed {self.seed} --first {number} --generations 1", flush=True)


def _apart(one: Image.Image, other: Image.Image) -> float:
    if one.size != other.size:
        return 255.0
    return float(np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).mean())


def slope(held: Sequence[tuple[int, float]]) -> tuple[float, float, float]:
    """What a straight line rises in 1,000 generations, and its 95 % interval (least squares, Student's t)."""
    from scipy import stats

    fitted = stats.linregress(*zip(*held, strict=True))
    spread = float(stats.t.ppf(0.975, len(held) - 2) * fitted.stderr)
    return 1000 * fitted.slope, 1000 * (fitted.slope - spread), 1000 * (fitted.slope + spread)


def report(soak: Soak) -> str:
    lines = [f"{soak.counts['generations']} generations, seed {soak.seed}, {soak.seconds / 60:.0f} minutes", ""]
    lines += ["| | |", "|---|---|", *(f"| {name} | {count} |" for name, count in soak.counts.items())]
    if soak.differences:
        lines.append(f"| largest mean difference of the others, of 255 | {max(soak.differences):.2f} |")
    lines += [f"| failures | {len(soak.failures)} |", "", "| held | at first | in the end | in 1,000 generations |"]
    lines.append("|---|---|---|---|")
    warm = soak.held[int(WARM * len(soak.held)) :]
    for name in soak.held[0][1]:
        rise = "–"
        if len(warm) > 3:
            rise = "{:+.2f} ({:+.2f} to {:+.2f})".format(*slope([(number, each[name]) for number, each in warm]))
        lines.append(f"| {name} | {soak.held[0][1][name]:.0f} | {soak.held[-1][1][name]:.0f} | {rise} |")
    if soak.refused:
        lines += ["", "Refused:", *(f"- {count} times: {told}" for told, count in soak.refused.most_common())]
    return "\n".join([*lines, *(["", *soak.failures] if soak.failures else [])])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="a running WebUI; else the workbench in this process")
    parser.add_argument("--generations", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=1e9, help="ends after so many, wherever it is")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first generation")
    parser.add_argument("--every", type=int, default=100, help="generations between two looks at what is held")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak") as folder:
        soak = Soak(target(options.url, Path(folder)), options.seed, options.every)
        soak.run(options.first, options.generations, options.minutes)
    print(f"\n{report(soak)}")
    return 1 if soak.failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
