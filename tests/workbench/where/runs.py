"""Whole second passes beside those that are sampled only where the model would change most, on the workbench."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from figures import measures
from figures.scene import make_scene
from figures.study_report import Value, number, per_keeper, percent, table
from finder import lab as bench

from where.course import Row, read

TILE = 128  # pixels: what the model was trained on, and as large as a first pass
EVERY = 9  # tiles of the whole picture
WHOLE, FUSED, ALONE = "Lanczos x2 @0.3", f"Lanczos x2 @0.3 [where fused; tile {TILE}]", "Lanczos x2"
_TILES = re.compile(r"(\d+) of \d+ tiles")


def run(seeds: Sequence[int], file: Path, report: Callable[[str], None]) -> None:
    """Makes the rows that are missing: a line for each picture."""
    from tests.bench.soak_target import Local

    known = {row["seed"] for row in read(file)}
    with tempfile.TemporaryDirectory(prefix="where") as folder:
        webui, notes = Local(Path(folder)), _notes()
        for seed in (seed for seed in seeds if seed not in known):
            notes.clear()
            rows = [json.dumps(row, separators=(",", ":")) for row in _rows(webui, seed, notes)]
            with file.open("a", encoding="utf-8") as output:
                output.write("\n".join(rows) + "\n")
            report(f"ran seed {seed}")


def _notes() -> list[str]:
    """What stages have to say from now on."""
    from hires_strategies.webui.host.stages import WebuiHost

    notes: list[str] = []
    note = WebuiHost.note

    def noting(host: Any, node: Any, sentence: str) -> None:
        notes.append(sentence)
        note(host, node, sentence)

    setattr(WebuiHost, "note", noting)  # noqa: B010
    return notes


def _rows(webui: Any, seed: int, notes: list[str]) -> list[Row]:
    argument = {"strategies": [ALONE, WHOLE, FUSED], "first_pass": True, "reuse_first_pass": False}
    size = {"width": bench.SIDE, "height": bench.SIDE, "steps": bench.STEPS, "cfg_scale": 4, "sampler_name": "Euler"}
    caption = make_scene(seed, (bench.SIDE, bench.SIDE), bench.FRAMING).caption()
    scripts = {"Hires strategies": {"args": [argument]}}
    answer = webui.generate({"prompt": caption, "seed": seed, **size, "alwayson_scripts": scripts})
    pictures: dict[str, np.ndarray] = {}
    for record in answer.info["hires_strategies"]:
        if record["error"]:
            raise RuntimeError(f"{record['strategy']} failed at seed {seed}: {record['error']}")
        kind = "" if record["kind"] == "first_pass" else (ALONE, WHOLE, FUSED)[record["variant"]]
        pictures[kind] = np.asarray(answer.images[record["index"]].convert("RGB"))
    tiles = next(int(found[1]) for found in map(_TILES.search, notes) if found)
    costs = {"": 1.0, ALONE: 1.0, WHOLE: 5.0, FUSED: 1 + EVERY / bench.STEPS + tiles}
    return [
        {"seed": seed, "at": at, "cost": round(costs[at], 3), "tiles": tiles, **bench.measure(picture, pictures[""])}
        for at, picture in pictures.items()
    ]


def of(rows: Sequence[Row], at: str) -> dict[int, Row]:
    return {row["seed"]: row for row in rows if row["at"] == at}


def section(rows: Sequence[Row]) -> list[str]:
    """Keepers, and what one costs in first passes."""
    first = of(rows, "")
    head = (
        "strategy",
        "keepers",
        "repaired",
        "broken",
        "cost of a run",
        "cost of a keeper",
        "fewer keepers than whole",
    )
    lines = []
    for at in ("", ALONE, WHOLE, FUSED):
        each = of(rows, at)
        kept = measures.share([bool(row["keeper"]) for row in each.values()])
        cost = float(np.mean([row["cost"] for row in each.values()]))
        shares = (
            [bool(row["keeper"]) == good for seed, row in each.items() if bool(first[seed]["keeper"]) != good]
            for good in (True, False)
        )
        changed = [percent(measures.share(share)) for share in shares] if at else ["–", "–"]
        less = number(_paired(of(rows, WHOLE), each)) if at in (ALONE, FUSED) else "–"
        name = f"`{at}`" if at else "first passes alone"
        lines.append([name, percent(kept), *changed, f"{cost:.1f}", per_keeper(cost, kept), less])
    tiles = [row["tiles"] for row in of(rows, FUSED).values()]
    told = (
        f"{len(first)} seeds. Sampled where the model would change most: {min(tiles)} to {max(tiles)} of {EVERY} "
        f"tiles of {TILE} pixels, {np.mean(tiles):.1f} on average. Costs are in first passes, the evaluation "
        "that says where and the overlaps of tiles included; the last column is paired."
    )
    return ["## Whole, in places, or rolled again", told, table(head, lines)]


def _paired(one: dict[int, Row], other: dict[int, Row]) -> Value:
    return measures.mean([one[seed]["keeper"] - other[seed]["keeper"] for seed in one])
