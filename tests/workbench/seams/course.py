"""Second passes in tiles and whole: the stage's own tiles, weights and mean, with the model of `finder.lab`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from finder import lab as bench
from torch import Tensor

from hires_strategies.running import tile_mean
from hires_strategies.running.tile_mean import Tile, TileMean
from seams import lines
from seams.cases import CASES, FACTOR, Case, Row, read

STRENGTH = 0.3
BATCH = 4  # seeds


def weighted(case: Case) -> AbstractContextManager[Any]:
    """For the length of a `with`, new means have the weights of this case."""
    return mock.patch.object(tile_mean, "weights", lambda length: [1.0] * length) if case.flat else nullcontext()


class InTiles(bench.Lab):
    """Predicts as the stage does in tiles, where it has a mean."""

    mean: TileMean | None = None

    def denoise(self, seeds: Sequence[int], noisy: Tensor, sigmas: Tensor) -> Tensor:
        whole = super().denoise
        if self.mean is None or not self.mean.covers(noisy):
            return whole(seeds, noisy, sigmas)

        def predict(some: list[Tile]) -> Tensor:
            return whole(list(seeds) * len(some), tile_mean.cut(noisy, some, noisy), sigmas.repeat(len(some)))

        return self.mean.of(noisy, predict, len(self.mean.tiles))


def run(lab: InTiles, seeds: Sequence[int], file: Path, report: Callable[[str], None]) -> None:
    """Makes the rows that are missing: a line for each picture in tiles."""
    known = {row["seed"] for row in read(file)}
    missing = [seed for seed in seeds if seed not in known]
    for some in (missing[i : i + BATCH] for i in range(0, len(missing), BATCH)):
        rows = [json.dumps(row, separators=(",", ":")) for row in _rows(lab, some)]
        with file.open("a", encoding="utf-8") as output:
            output.write("\n".join(rows) + "\n")
        report(f"seeds {some[0]} to {some[-1]}")


def pictures(lab: InTiles, seeds: Sequence[int], start: Tensor, case: Case | None) -> np.ndarray:
    """Second passes of `start`; without a case, whole."""
    if case is not None:
        with weighted(case):
            lab.mean = TileMean(case.tiles, len(case.tiles), lambda: None)
    try:
        return lab.second(seeds, start, [bench.tail(bench.total_for(STRENGTH))] * len(seeds))
    finally:
        lab.mean = None


def _rows(lab: InTiles, seeds: Sequence[int]) -> Iterator[Row]:
    latents, first = lab.first(seeds)
    starts: dict[int, Tensor] = {}
    whole: dict[int, np.ndarray] = {}
    for case in CASES:
        if case.side not in starts:
            starts[case.side] = lab.start("pixel", case.side, seeds, latents, first)
            whole[case.side] = pictures(lab, seeds, starts[case.side], None)
        tiled = pictures(lab, seeds, starts[case.side], case)
        for index, seed in enumerate(seeds):
            yield {
                "seed": seed,
                "overlap": case.overlap,
                "flat": case.flat,
                "tiled": _of(tiled[index], first[index], case),
                "whole": _of(whole[case.side][index], first[index], case),
            }


def _of(picture: np.ndarray, first: np.ndarray, case: Case) -> Row:
    measured = bench.measure(picture, first)
    kept = {name: measured[name] for name in ("keeper", "layout")}
    return {**lines.measured(picture, case.tiles, FACTOR), **kept}
