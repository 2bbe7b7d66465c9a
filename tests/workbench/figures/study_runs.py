"""Runs strategies through a WebUI's API and measures every picture that comes back."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import requests
from PIL import Image

from figures import measures
from figures.detector import find_heads
from figures.scene import make_scene
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.cost import plan_cost
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan

SIDE = 128  # pixels of the first pass: the model's base size
CFG_SCALE = 4


@dataclass(frozen=True)
class Row:
    """One picture. `strategy` is empty for a first pass; costs are in first passes, the first pass included.

    `layout` and `sharpness` compare it with the first pass: 1 is no difference. `color` is how far its colors moved
    from there, of 255; None in rows from before that was measured.
    """

    seed: int
    strategy: str
    strength: float | None
    start_sigma: float | None
    seconds: float
    cost: float
    heads: int
    keeper: bool
    layout: float
    sharpness: float
    color: float | None = None


def read_rows(file: Path) -> list[Row]:
    """The rows of a file of JSON lines, each an array of a row's values in the order of its fields."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [Row(*json.loads(line)) for line in lines]


def line_of(row: Row) -> str:
    """A row in few bytes: numbers to five digits."""
    values = [float(f"{value:.5g}") if isinstance(value, float) else value for value in astuple(row)]
    return json.dumps(values, separators=(",", ":")) + "\n"


class Runs:
    """Generations of full-body figures; rows are kept in `file`, so that a study goes on where it was cut off."""

    def __init__(self, url: str, steps: int, file: Path) -> None:
        self.url, self.steps, self.file = url, steps, file
        self.rows = read_rows(file)

    def run(self, seed: int, strategies: Sequence[str], pictures: Path | None = None) -> None:
        """One first pass with all `strategies` on it; what is already in the file is not run again.

        The pictures themselves are written to the folder `pictures`, if given.
        """
        done = {row.strategy for row in self.rows if row.seed == seed}
        wanted = [format_strategy(strategy) for strategy in parse("\n".join(strategies))]
        missing = [text for text in wanted if text not in done]
        if not missing:
            return
        found = list(self._generate(seed, missing))
        first = np.asarray(next(image for text, image, _ in found if not text))
        rows = [self._row(seed, text, np.asarray(image), first, record) for text, image, record in found]
        for (text, image, _), row in zip(found, rows, strict=True):
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                image.save(pictures / f"{seed} {picture_name(text)}.png")
            if row.strategy not in done:
                self.rows.append(row)
                with self.file.open("a", encoding="utf-8") as output:
                    output.write(line_of(row))

    def _generate(self, seed: int, strategies: list[str]) -> Iterator[tuple[str, Image.Image, dict[str, Any]]]:
        """Strategy (empty for the first pass), picture and record of each."""
        caption = make_scene(seed, (SIDE, SIDE), "full body").caption()
        answer = requests.post(
            f"{self.url}/sdapi/v1/txt2img",
            timeout=3600,
            json={
                "prompt": caption,
                "seed": seed,
                "width": SIDE,
                "height": SIDE,
                "steps": self.steps,
                "cfg_scale": CFG_SCALE,
                "sampler_name": "Euler",
                "scheduler": "Automatic",
                "alwayson_scripts": {"Hires strategies": {"args": [{"strategies": strategies, "first_pass": True}]}},
            },
        )
        if answer.status_code != 200:
            raise RuntimeError(f"The WebUI refused seed {seed} with status {answer.status_code}: {answer.text}")
        body = answer.json()
        for record in json.loads(body["info"])["hires_strategies"]:
            if record["error"]:
                raise RuntimeError(f"{record['strategy']} failed at seed {seed}: {record['error']}")
            image = Image.open(io.BytesIO(base64.b64decode(body["images"][record["index"]]))).convert("RGB")
            if record["kind"] == "first_pass":
                yield "", image, record
            elif record["kind"] == "variant":
                yield strategies[record["variant"]], image, record
                for text in record["same_as"] or ():
                    yield text, image, record

    def _row(self, seed: int, text: str, picture: np.ndarray, first: np.ndarray, record: dict[str, Any]) -> Row:
        heads = find_heads(picture)
        size = (picture.shape[1], picture.shape[0])
        strength, cost = None, 1.0
        if text:
            strategy = parse(text)
            strength = record["denoising_strength"]
            cost = plan_cost(make_plan(strategy, FirstPass(SIDE, SIDE, self.steps, "Euler", "Automatic")))
        return Row(
            seed,
            text,
            strength,
            record["start_sigma"],
            record["seconds"] or 0.0,
            cost,
            len(heads),
            measures.is_keeper(heads),
            measures.layout_kept(first, picture),
            measures.sharpness(picture, size) / measures.sharpness(first, size),
            measures.color_moved(first, picture),
        )


def picture_name(text: str) -> str:
    """A strategy as a part of a file's name."""
    return "".join(sign if sign.isalnum() or sign in ".+" else "_" for sign in text or "first pass")
