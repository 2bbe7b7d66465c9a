"""Tables, plots and a contact sheet of the study's rows, as Markdown and small PNG files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from figures import measures
from figures.study_runs import Row, picture_name

Value = tuple[float, float, float]  # and the ends of its 95 % interval
BOOTSTRAPS = 2000


class Results:
    """Rows of all seeds, by strategy."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.first = {row.seed: row for row in rows if not row.strategy}
        self.by_strategy: dict[str, list[Row]] = {}
        for row in rows:
            if row.strategy:
                self.by_strategy.setdefault(row.strategy, []).append(row)

    def sweep(self, upscaler: str, ending: str = "") -> list[str]:
        """Strategies of one stage with this upscaler at x2, by denoising strength."""
        found = [
            text
            for text, rows in self.by_strategy.items()
            if text.startswith(f"{upscaler} x2 @")
            and ">" not in text
            and rows[0].strength
            and "@auto" not in text
            and (text.endswith(ending) if ending else "[" not in text)
        ]
        return sorted(found, key=lambda text: self.by_strategy[text][0].strength or 0)

    def keepers(self, text: str) -> Value:
        return measures.share([row.keeper for row in self.by_strategy[text]])

    def repaired(self, text: str) -> Value:
        return measures.share([row.keeper for row in self.by_strategy[text] if not self.first[row.seed].keeper])

    def broken(self, text: str) -> Value:
        return measures.share([not row.keeper for row in self.by_strategy[text] if self.first[row.seed].keeper])

    def several(self, text: str) -> Value:
        return measures.share([row.heads > 1 for row in self.by_strategy[text]])

    def layout(self, text: str) -> Value:
        return measures.mean(self.layouts(text))

    def layouts(self, text: str) -> list[float]:
        """Of each seed, in the seeds' order."""
        return [row.layout for row in sorted(self.by_strategy[text], key=lambda row: row.seed)]

    def sharpness(self, text: str) -> Value:
        return measures.mean([row.sharpness for row in self.by_strategy[text]])

    def color(self, text: str) -> Value:
        return measures.mean([row.color for row in self.by_strategy[text] if row.color is not None])

    def first_keepers(self) -> Value:
        return measures.share([row.keeper for row in self.first.values()])

    def seeds(self, texts: Sequence[str]) -> str:
        """How many seeds these have, in words."""
        counts = sorted({len(self.by_strategy[text]) for text in texts})
        return f"{' to '.join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))} seeds"


def percent(value: Value) -> str:
    return "–" if math.isnan(value[0]) else f"{value[0]:.0%} ({value[1]:.0%} to {value[2]:.0%})"


def number(value: Value) -> str:
    return f"{value[0]:.2f} ({value[1]:.2f} to {value[2]:.2f})"


def table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def strengths(results: Results, texts: Sequence[str]) -> str:
    """What a second pass does, by denoising strength."""
    head = ("strategy", "start sigma", "keepers", "repaired", "broken", "several figures", "layout kept", "sharpness")
    lines = []
    for text in texts:
        sigmas = [row.start_sigma for row in results.by_strategy[text] if row.start_sigma is not None]
        sigma = float(np.median(sigmas)) if sigmas else None  # where it is found, each seed has its own
        lines.append(
            [
                f"`{text}`",
                f"{sigma:.2f}" if sigma is not None else "–",
                percent(results.keepers(text)),
                percent(results.repaired(text)),
                percent(results.broken(text)),
                percent(results.several(text)),
                number(results.layout(text)),
                number(results.sharpness(text)),
            ]
        )
    return table(head, lines)


def colors(results: Results, texts: Sequence[str]) -> str:
    """What passes at one size do to the colors, and to the figures."""
    head = ("strategy", "stages", "colors moved", "keepers", "repaired", "broken", "sharpness", "cost of a run")
    lines = [
        [
            f"`{text.split(' > ')[0]}`{' …' if '>' in text else ''}",
            str(text.count(">") + 1),
            number(results.color(text)),
            percent(results.keepers(text)),
            percent(results.repaired(text)),
            percent(results.broken(text)),
            number(results.sharpness(text)),
            f"{results.by_strategy[text][0].cost:.1f}",
        ]
        for text in texts
    ]
    return table(head, lines)


def costs(results: Results, texts: Sequence[str]) -> str:
    """Keepers per hundred, what one costs in first passes, and when rolling first passes again is cheaper."""
    base = results.first_keepers()
    lines = [["first passes alone", percent(base), "1.0", per_keeper(1.0, base), "–", "–"]]
    for text in texts:
        rows, kept = results.by_strategy[text], results.keepers(text)
        seconds = np.mean([row.seconds for row in rows])
        lines.append(
            [
                f"`{text}`",
                percent(kept),
                f"{rows[0].cost:.1f}",
                per_keeper(rows[0].cost, kept),
                f"above {min(1.0, kept[0] / rows[0].cost):.0%}",
                f"{seconds:.1f}",
            ]
        )
    head = (
        "strategy",
        "keepers",
        "cost of a run",
        "cost of a keeper",
        "rolling again is cheaper if first passes yield",
        "seconds of the stages",
    )
    return table(head, lines)


def per_keeper(cost: float, kept: Value) -> str:
    """What a keeper costs, with its interval, where a run costs `cost` and a share `kept` of the runs is kept."""
    if not kept[0]:
        return f"none kept (above {cost / kept[2]:.0f})"
    return f"{cost / kept[0]:.1f} ({cost / kept[2]:.1f} to {cost / kept[1]:.1f})"


def alignment(results: Results, first: Sequence[str], second: Sequence[str]) -> tuple[Value, Value, int]:
    """How far apart two schedulers' curves of the kept layout lie: over denoising strength, and over log start sigma.

    The mean distance of the second curve's points from the first curve, for the points that lie within the first
    curve's range both ways, and how many those are. The intervals are a bootstrap's over the seeds.
    """
    places = []
    for texts in (first, second):
        rows = [results.by_strategy[text][0] for text in texts]
        places.append(np.array([[row.strength or 0.0, math.log(row.start_sigma or 1.0)] for row in rows]))
    curve, points = (np.array([results.layouts(text) for text in texts]) for texts in (first, second))
    within = ((places[1] >= places[0].min(0)) & (places[1] <= places[0].max(0))).all(1)
    rng = np.random.default_rng(0)
    picks = [np.arange(curve.shape[1]), *rng.integers(curve.shape[1], size=(BOOTSTRAPS, curve.shape[1]))]
    found: list[Value] = []
    for axis in (0, 1):
        order = np.argsort(places[0][:, axis])
        distances = []
        for picked in picks:
            expected = np.interp(places[1][within, axis], places[0][order, axis], curve[order][:, picked].mean(1))
            distances.append(float(np.abs(expected - points[within][:, picked].mean(1)).mean()))
        low, high = np.quantile(distances[1:], (0.025, 0.975))
        found.append((distances[0], float(low), float(high)))
    return found[0], found[1], int(within.sum())


def plot(results: Results, sweeps: dict[str, list[str]], file: Path) -> None:
    """What a second pass does, over denoising strength and over start sigma, with 95 % intervals."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    panels = {
        "keepers": results.keepers,
        "repaired": results.repaired,
        "broken": results.broken,
        "layout kept": results.layout,
        "sharpness": results.sharpness,
    }
    figure, axes = pyplot.subplots(2, len(panels), figsize=(15, 5.4), sharey="col", layout="constrained")
    for row, over in zip(axes, ("denoising strength", "start sigma"), strict=True):
        for axis, (title, measure) in zip(row, panels.items(), strict=True):
            for name, texts in sweeps.items():
                rows = [results.by_strategy[text][0] for text in texts]
                where = [each.strength if over == "denoising strength" else each.start_sigma for each in rows]
                values = np.array([measure(text) for text in texts])
                errors = np.abs(values[:, 1:] - values[:, :1]).T
                axis.errorbar(where, values[:, 0], errors, label=name, capsize=2, marker="o", markersize=3)
            if over == "start sigma":
                axis.set_xscale("log")
            axis.set_xlabel(over)
            axis.set_title(title)
    axes[0, 0].legend(fontsize=7)
    figure.savefig(file, dpi=70)
    pyplot.close(figure)


def contact_sheet(pictures: Path, texts: Sequence[str], seeds: Sequence[int], file: Path) -> None:
    """One row for each seed, one titled column for each of the strategies `texts` ("" is the first pass).

    All are shown at one size. The pictures are files of the folder `pictures`, as Runs.run writes them.
    """
    side, gap, top = 160, 4, 16
    sheet = Image.new("RGB", (len(texts) * (side + gap), top + len(seeds) * (side + gap)), "white")
    pen = ImageDraw.Draw(sheet)
    for x, text in enumerate(texts):
        pen.text((x * (side + gap), 2), text or "First pass", "black")
        for y, seed in enumerate(seeds):
            image = Image.open(pictures / f"{seed} {picture_name(text)}.png").convert("RGB")
            place = (x * (side + gap), top + y * (side + gap))
            sheet.paste(image.resize((side, side), Image.Resampling.LANCZOS), place)
    sheet.save(file, quality=85)
