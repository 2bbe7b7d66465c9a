"""Makes the rows of the study of where to repair: one JSON line for each seed, and goes on where it was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from figures import measures
from figures.detector import Head, find_heads
from finder import lab as bench
from torch import Tensor

from where import maps

Row = dict[str, Any]
Box = tuple[float, float, float, float]
SHARES = (0.10, 0.25, 0.50)  # of the area, which a map chooses
STRENGTH = 0.3


@dataclass
class Batch:
    """First passes of some seeds, and their enlarged, encoded pictures."""

    seeds: list[int]
    pictures: np.ndarray
    start: Tensor


@dataclass
class Course:
    lab: bench.Lab
    file: Path
    work: Path
    report: Callable[[str], None]

    def run(self, seeds: Sequence[int]) -> None:
        known = {row["seed"] for row in read(self.file)}
        for batch in (seeds[i : i + bench.BATCH] for i in range(0, len(seeds), bench.BATCH)):
            missing = [seed for seed in batch if seed not in known]
            for seed, seen in self._seen(missing) if missing else ():
                with self.file.open("a", encoding="utf-8") as output:
                    output.write(json.dumps({"seed": seed, **row_of(seen)}, separators=(",", ":")) + "\n")
            self.report(f"seeds to {batch[-1]}")

    def _batch(self, seeds: list[int]) -> Batch:
        """Made once; kept in the work folder."""
        file = self.work / f"where {seeds[0]} {len(seeds)}.pt"
        if file.exists():
            return Batch(*torch.load(file, weights_only=False))
        latents, pictures = self.lab.first(seeds)
        batch = Batch(seeds, pictures, self.lab.start("pixel", 2 * bench.SIDE, seeds, latents, pictures))
        torch.save((batch.seeds, batch.pictures, batch.start), file)
        return batch

    def _seen(self, seeds: list[int]) -> Iterator[tuple[int, maps.Seen]]:
        batch = self._batch(seeds)
        start = batch.start
        tails = [bench.tail(bench.total_for(STRENGTH))] * len(seeds)
        sigmas = torch.stack([tail[0] for tail in tails])
        noisy = start + bench.noise(seeds, start) * sigmas.view(-1, 1, 1, 1)
        moved = (self.lab.denoise(seeds, noisy, sigmas) - start).abs().mean(1).numpy()
        through = self.lab.model.decode(start)
        second = self.lab.second(seeds, start, tails)
        for index, seed in enumerate(seeds):
            yield seed, maps.Seen(batch.pictures[index], through[index], moved[index], second[index])


def read(file: Path) -> list[Row]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def row_of(seen: maps.Seen) -> Row:
    """What is where in one picture; "maps" only where a single face has a place.

    Where the first pass has no head, the second pass's says where it is to be: that face is broken too.
    """
    heads, later = find_heads(seen.first), find_heads(seen.second)
    row: Row = {"heads": len(heads), "whole": measures.is_keeper(heads), "repaired": measures.is_keeper(later)}
    box = _place(heads, later)
    if box is None:
        return row
    each = {**maps.CANDIDATES, **maps.CONTROLS}
    return {**row, "maps": {name: _values(make(seen), box) for name, make in each.items()}}


def _place(heads: Sequence[Head], later: Sequence[Head]) -> Box | None:
    """Left, top, right, bottom of the face in fields."""
    found, scale = (heads, 1) if heads else (later, 2)
    if len(found) != 1:
        return None
    left, top, right, bottom = (edge / scale / maps.FIELD for edge in found[0].box)
    return left, top, right, bottom


def _values(scores: np.ndarray, box: Box) -> list[float]:
    """How far the face stands out of the picture, in deviations of its fields; its rank among them, 0 to 1; how much
    of it the best shares of the area hold."""
    inside = overlap(scores.shape, box)
    out = (float(np.average(scores, weights=inside)) - float(scores.mean())) / max(float(scores.std()), 1e-9)
    shares = (held(scores, inside, share) for share in SHARES)
    return [round(value, 3) for value in (out, rank(scores, inside), *shares)]


def overlap(shape: tuple[int, ...], box: Box) -> np.ndarray:
    """How much of each field lies in the box, 0 to 1."""
    left, top, right, bottom = box
    rows, columns = np.arange(shape[0]), np.arange(shape[1])
    high = np.clip(np.minimum(rows + 1, bottom) - np.maximum(rows, top), 0, 1)
    wide = np.clip(np.minimum(columns + 1, right) - np.maximum(columns, left), 0, 1)
    return np.outer(high, wide)


def rank(scores: np.ndarray, inside: np.ndarray) -> float:
    """How likely a field of the face has a higher score than one outside; equal ones count half."""
    face, other = scores[inside > 0], scores[inside == 0]
    higher = (face[:, None] > other[None]).mean(1) + (face[:, None] == other[None]).mean(1) / 2
    return float(np.average(higher, weights=inside[inside > 0]))


def held(scores: np.ndarray, inside: np.ndarray, share: float) -> float:
    """The part of the face's area in the fields with the highest scores, which are `share` of all."""
    best = np.argsort(-scores, axis=None, kind="stable")[: round(share * scores.size)]
    return float(inside.ravel()[best].sum()) / float(inside.sum())
