"""Makes the rows of the study of the search, one JSON line each, and goes on where it was cut off."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from figures import networks
from torch import Tensor

from finder import lab as bench
from finder.conditions import Condition
from hires_strategies.finding import change
from hires_strategies.finding import search as finding
from hires_strategies.finding.blur import blur_floor

Row = dict[str, Any]
Key = tuple[str, str, int, str]


class Rows:
    """Lines of a file: `of` (condition), `kind`, `seed`, `at` ("look", "first", "found" or a strength), and values."""

    def __init__(self, file: Path) -> None:
        self.file = file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self.by_key: dict[Key, Row] = {self._key(row): row for row in map(json.loads, lines)}

    @staticmethod
    def _key(row: Row) -> Key:
        return row["of"], row["kind"], row["seed"], row["at"]

    def add(self, key: Key, values: Row) -> None:
        row = {**dict(zip(("of", "kind", "seed", "at"), key)), **values}
        self.by_key[key] = row
        with self.file.open("a", encoding="utf-8") as output:
            output.write(json.dumps(row, separators=(",", ":")) + "\n")

    def missing(self, of: str, kind: str, seeds: Sequence[int], at: str) -> list[int]:
        return [seed for seed in seeds if (of, kind, seed, at) not in self.by_key]


@dataclass
class Stage:
    """First passes of some seeds, and what a stage starts from."""

    seeds: list[int]
    pictures: np.ndarray
    starts: dict[str, Tensor]
    source: tuple[int, int]

    def place(self, seeds: Sequence[int]) -> list[int]:
        return [self.seeds.index(seed) for seed in seeds]


@dataclass
class Course:
    """All measurements of one condition."""

    condition: Condition
    rows: Rows
    work: Path
    several_sizes: Path
    report: Callable[[str], None]
    _stages: dict[tuple[int, ...], Stage] = field(default_factory=dict)
    _lab: bench.Lab | None = None

    @property
    def lab(self) -> bench.Lab:
        if self._lab is None:
            weights = self.several_sizes if self.condition.several_sizes else networks.WEIGHTS
            self._lab = bench.Lab.of(weights, self.condition.cfg, self.condition.autoencoder)
        return self._lab

    def parts(self, count: int | None = None) -> Iterator[list[int]]:
        seeds = list(self.condition.seeds)[:count]
        return (seeds[i : i + bench.BATCH] for i in range(0, len(seeds), bench.BATCH))

    def stage(self, seeds: list[int]) -> Stage:
        """Made once; kept in the work folder."""
        shared = self.condition.looks_of or self.condition.name
        file = self.work / f"{shared} {seeds[0]}.pt"
        if file.exists():
            stage: Stage = torch.load(file, weights_only=False)
            return stage
        latents, pictures = self.lab.first(seeds)
        side = bench.SIDE
        if self.condition.half:
            side = side // 2
            pictures = np.stack([bench.resized(picture, side) for picture in pictures])
            latents = torch.cat([self.lab.encode(seed, picture, side) for seed, picture in zip(seeds, pictures)])
        large = round(side * self.condition.scale)
        starts = {kind: self.lab.start(kind, large, seeds, latents, pictures) for kind in ("latent", "pixel")}
        stage = Stage(seeds, pictures, starts, (side // 8, side // 8))
        torch.save(stage, file)
        return stage

    def look(self) -> None:
        """A search for every seed, and one with every other least range."""
        for seeds in self.parts():
            for kind in self.condition.strengths:
                for least in (None, *self.condition.ranges):
                    at = "look" if least is None else f"look {least:g}"
                    for seed in self.rows.missing(self.condition.name, kind, seeds, at):
                        values = self._search(self.stage(seeds), kind, seed, least or change.LEAST_RANGE)
                        self.rows.add((self.condition.name, kind, seed, at), values)
            self.report(f"{self.condition.name}: looked at seeds to {seeds[-1]}")

    def _search(self, stage: Stage, kind: str, seed: int, least_range: float) -> Row:
        place = stage.seeds.index(seed)
        start = stage.starts[kind][place : place + 1]
        noise = bench.noise([seed + self.condition.other_noise], start)
        floor = 0.0
        if kind == "latent":
            floor = blur_floor(start, stage.starts["pixel"][place : place + 1], stage.source)

        def predict(sigma: float) -> Tensor:
            return self.lab.denoise([seed], start + noise * sigma, torch.tensor([sigma]))

        with patch.object(change, "LEAST_RANGE", least_range):
            found = finding.search(predict, start, bench.LARGEST, floor=floor)
        points = [[round(sigma, 3), round(change, 3)] for sigma, change in found.points]
        return {"sigma": round(found.sigma, 4), "floor": round(floor, 3), "n": found.evaluations, "points": points}

    def draw(self, found: bool) -> None:
        """Pictures at the noise that was found, or at the fixed strengths; measured."""
        for seeds in self.parts(self.condition.drawn):
            for kind, strengths in self.condition.strengths.items():
                for at in ("first", "found") if found else [f"{strength:g}" for strength in strengths]:
                    missing = self.rows.missing(self.condition.name, kind, seeds, at)
                    if missing:
                        self._draw(self.stage(seeds), kind, missing, at)
            self.report(f"{self.condition.name}: drew {'found' if found else 'fixed'} of seeds to {seeds[-1]}")

    def _draw(self, stage: Stage, kind: str, seeds: list[int], at: str) -> None:
        places = stage.place(seeds)
        firsts = stage.pictures[places]
        if at == "first":
            pictures = firsts
        else:
            totals = [self._total(kind, seed, at) for seed in seeds]
            sigmas = [bench.tail(total, self.condition.scheduler) for total in totals]
            pictures = self.lab.second(seeds, stage.starts[kind][places], sigmas, self.condition.other_noise)
        for seed, picture, first in zip(seeds, pictures, firsts):
            self.rows.add((self.condition.name, kind, seed, at), bench.measure(picture, first))

    def _total(self, kind: str, seed: int, at: str) -> int:
        """The length of the schedule whose last steps are run."""
        if at != "found":
            return bench.total_for(float(at))
        look = self.rows.by_key[self.condition.looks_of or self.condition.name, kind, seed, "look"]
        return bench.total_of(look["sigma"], self.condition.scheduler)
