"""Does the model serve its purpose? Four claims over 100 seeds, with 95 % intervals.

python tests/workbench/figures/evaluate.py
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn.functional import interpolate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from figures import measures, networks, sampler
from figures.detector import Head, find_heads
from figures.scene import Scene, make_scene

BATCH = 10
BASE = (128, 128)
STRENGTHS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def percent(value: tuple[float, float, float]) -> str:
    return f"{value[0]:.0%} ({value[1]:.0%} to {value[2]:.0%})"


def about_heads(name: str, heads: Sequence[list[Head]], scenes: Sequence[Scene]) -> str:
    """A row of the table on figures, faces and colours."""
    columns = (
        [len(each) == 1 for each in heads],
        [len(each) > 1 for each in heads],
        [bool(each) and each[0].face for each in heads],
        [bool(each) and each[0].hair == scene.hair for each, scene in zip(heads, scenes, strict=True)],
        [bool(each) and each[0].clothes == scene.clothes for each, scene in zip(heads, scenes, strict=True)],
    )
    return " | ".join([f"| {name}", *(percent(measures.share(column)) for column in columns)]) + " |"


def about_repair(name: str, first: np.ndarray, second: np.ndarray, heads: Sequence[list[Head]]) -> str:
    """A row of the table on what a second pass does to the first pass's pictures."""
    after = [find_heads(picture) for picture in second]
    whole = [measures.is_keeper(each) for each in heads]
    kept = [measures.is_keeper(each) for each in after]
    size = (second.shape[2], second.shape[1])
    sharper = [measures.sharpness(b, size) / measures.sharpness(a, size) for a, b in zip(first, second, strict=True)]
    layout = [measures.layout_kept(a, b) for a, b in zip(first, second, strict=True)]
    repaired = measures.share([now for before, now in zip(whole, kept, strict=True) if not before])
    broken = measures.share([not now for before, now in zip(whole, kept, strict=True) if before])
    means = [f"{value:.2f} ({low:.2f} to {high:.2f})" for value, low, high in map(measures.mean, (layout, sharper))]
    return " | ".join([f"| {name}", percent(measures.share(kept)), percent(repaired), percent(broken), *means]) + " |"


def sheet(rows: Sequence[Sequence[np.ndarray]], file: Path) -> None:
    """Pictures side by side on white."""
    height, width = (max(picture.shape[i] for row in rows for picture in row) + 4 for i in (0, 1))
    image = Image.new("RGB", (width * max(map(len, rows)), height * len(rows)), "white")
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            image.paste(Image.fromarray(picture), (x * width, y * height))
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(file)


class Evaluation:
    """Pictures of the same scenes made in several ways."""

    def __init__(self, model: networks.Model, count: int, steps: int) -> None:
        self.model, self.steps = model, steps
        self.seeds = list(range(count))

    def scenes(self, framing: str | None) -> list[Scene]:
        return [make_scene(seed, BASE, framing) for seed in self.seeds]

    def batches(self, scenes: list[Scene]) -> list[tuple[slice, sampler.Prompts]]:
        parts = [slice(start, start + BATCH) for start in range(0, len(scenes), BATCH)]
        return [
            (part, sampler.Prompts([scene.caption() for scene in scenes[part]], self.seeds[part], self.steps))
            for part in parts
        ]

    def first(self, scenes: list[Scene], scale: int = 1) -> torch.Tensor:
        size = (BASE[0] * scale, BASE[1] * scale)
        return torch.cat([sampler.first_pass(self.model, each, size) for _, each in self.batches(scenes)])

    def second(self, scenes: list[Scene], latents: torch.Tensor, strength: float) -> np.ndarray:
        done = [sampler.second_pass(self.model, latents[part], each, strength) for part, each in self.batches(scenes)]
        return self.model.decode(torch.cat(done))


def judge_first_passes(work: Evaluation, rows: list[list[np.ndarray]]) -> torch.Tensor:
    """Prints the first table, adds pictures to `rows`, and gives the latents of the full-body figures."""
    print("| pictures | one figure | several | face whole | hair as told | clothes as told |")
    print("|---" * 6 + "|")
    full = work.scenes("full body")
    latents = torch.empty(0)
    for name, scenes, scale in (
        ("first pass, all framings", work.scenes(None), 1),
        ("Direct x2, full body", full, 2),
        ("first pass, full body", full, 1),
    ):
        latents = work.first(scenes, scale)
        pictures = work.model.decode(latents)
        rows.append([*pictures[:8]])
        print(about_heads(name, [find_heads(each) for each in pictures], scenes), flush=True)
    return latents


def judge_second_passes(
    work: Evaluation, latents: torch.Tensor, strengths: Sequence[float], rows: list[list[np.ndarray]]
) -> None:
    """Prints the second table: both ways of enlarging, at each of `strengths`."""
    print("\n| second pass x2 | one figure, face whole | repaired | broken | layout | sharpness |")
    print("|---" * 6 + "|")
    first = work.model.decode(latents)
    heads = [find_heads(each) for each in first]
    enlarged = np.stack(
        [
            np.asarray(Image.fromarray(each).resize((2 * BASE[0], 2 * BASE[1]), Image.Resampling.LANCZOS))
            for each in first
        ]
    )
    encoded = torch.cat([work.model.encode(enlarged[i : i + BATCH]) for i in range(0, len(enlarged), BATCH)])
    wide = interpolate(latents, scale_factor=2, mode="bilinear")
    for name, start in (("latent", wide), ("pixel", encoded)):
        for strength in strengths:
            second = work.second(work.scenes("full body"), start, strength)
            rows.append([*second[:8]])
            print(about_repair(f"{name} {strength:g}", first, second, heads), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=networks.WEIGHTS)
    parser.add_argument("--count", type=int, default=100, help="seeds")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--strengths", type=float, nargs="*", default=STRENGTHS, help="of the second passes, or none")
    parser.add_argument("--sheets", type=Path, help="folder for contact sheets")
    options = parser.parse_args()
    work = Evaluation(networks.load_model(options.weights), options.count, options.steps)
    rows: list[list[np.ndarray]] = []
    latents = judge_first_passes(work, rows)
    if options.strengths:
        judge_second_passes(work, latents, options.strengths, rows)
    if options.sheets:
        sheet(rows, options.sheets / "evaluation.png")


if __name__ == "__main__":
    main()
