"""What a stage needs of memory, by size and rung of the ladder. Prints a table for docs/benchmarks.md.

    python tests/bench/memory.py [--sizes 256 512 1024] [--images 2]

Runs the workbench in this process. Each verb of the host is asked for what each rung does: the whole batch, one image
after the other, in tiles. On the CPU, the bytes of all tensors that are alive are counted at every operation, those
that an operation needs inside itself excepted; with CUDA it is torch's own account. What was there before (the model)
does not count.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.soak_target import Local

RUNGS = ("the whole batch", "one image after the other", "in tiles")
PROMPT = "1girl, red hair, blue dress, standing, full body, outdoors, trees, day, smile"


@dataclass
class Peak:
    """In bytes: the largest tensor, and all that were alive at once."""

    largest: int = 0
    most: int = 0


class LiveTensors(TorchDispatchMode):
    """Counts the storages that operations make, from when they are made to when nothing holds them any more."""

    def __init__(self) -> None:
        super().__init__()
        self.peak = Peak()
        self.alive: dict[int, tuple[weakref.ref[Any], int]] = {}
        self.bytes = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {id(each.untyped_storage()) for each in tree_iter((args, kwargs)) if isinstance(each, torch.Tensor)}
        made = func(*args, **(kwargs or {}))
        for each in tree_iter(made):
            if isinstance(each, torch.Tensor) and id(each.untyped_storage()) not in given:
                self._add(each.untyped_storage())
        return made

    def _add(self, storage: Any) -> None:
        key = id(storage)
        if key in self.alive:
            return
        size = storage.nbytes()
        self.alive[key] = weakref.ref(storage, lambda _: self._drop(key)), size
        self.bytes += size
        self.peak.largest = max(self.peak.largest, size)
        self.peak.most = max(self.peak.most, self.bytes)

    def _drop(self, key: int) -> None:
        self.bytes -= self.alive.pop(key)[1]


@contextmanager
def measured() -> Iterator[Peak]:
    """What is needed inside this context."""
    if torch.cuda.is_available():
        peak = Peak()
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        yield peak
        torch.cuda.synchronize()
        peak.most = torch.cuda.max_memory_allocated() - before
        return
    with LiveTensors() as live:
        yield live.peak


@dataclass
class Bench:
    """Peaks by what is done and in which rung; `stage` is filled while a generation runs its only stage."""

    tile: int
    peaks: dict[tuple[str, int], Peak] = field(default_factory=dict)
    tiles: str = "none"

    def install(self) -> None:
        """From now on the only stage's verbs are measured instead of simply run."""
        from hires_strategies.webui.host.stages import WebuiHost

        sample, decode, encode = WebuiHost.sample, WebuiHost.decode, WebuiHost.encode

        def sampled(host: Any, latents: Any, images: Any, node: Any, alone: int | None = None) -> Any:
            from hires_strategies.planning.tiling import cut_into_tiles

            own = [images and [image] for image in images or [None] * len(latents)]
            ways = [lambda: sample(host, latents, images, node)]
            ways.append(lambda: [sample(host, latents[i : i + 1], own[i], node, i) for i in range(len(latents))])
            tiled = cut_into_tiles(node, replace(host.first_pass, tile=self.tile))
            if tiled is not None and tiled.tiles is not None:
                ways.append(lambda: [sample(host, latents[i : i + 1], own[i], tiled, i) for i in range(len(latents))])
                self.tiles = f"{len(tiled.tiles)} of {self.tile}"
            return self._each("sampling", ways)

        def decoded(host: Any, latents: Any, tiled: bool = False) -> Any:
            one = [latents[i : i + 1] for i in range(len(latents))]
            return self._each("decoding", _ways(lambda: decode(host, latents), decode, host, one))

        def encoded(host: Any, images: Any, tiled: bool = False) -> Any:
            one = [[image] for image in images]
            return self._each("encoding", _ways(lambda: encode(host, images), encode, host, one))

        for name, verb in (("sample", sampled), ("decode", decoded), ("encode", encoded)):
            setattr(WebuiHost, name, verb)

    def _each(self, done: str, ways: list[Callable[[], Any]]) -> Any:
        """What the first of the ways gives; the largest peak counts where a verb is asked more than once."""
        first = None
        for rung, way in enumerate(ways):
            with measured() as peak:
                made = way()
            first = made if rung == 0 else first
            before = self.peaks.get((done, rung), Peak())
            self.peaks[done, rung] = max(before, peak, key=lambda each: each.most)
        return first


def _ways(whole: Callable[[], Any], verb: Any, host: Any, one: list[Any]) -> list[Callable[[], Any]]:
    return [whole, lambda: [verb(host, each) for each in one], lambda: [verb(host, each, True) for each in one]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 512, 1024], help="sides of the stage in pixels")
    parser.add_argument("--images", type=int, default=2, help="of the batch")
    parser.add_argument("--tile", type=int, default=256, help="side of the sampling's tiles in pixels")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="memory") as folder:
        _run(Local(Path(folder)), options)


def _run(webui: Local, options: argparse.Namespace) -> None:
    bench = Bench(options.tile)
    bench.install()
    print(f"{options.images} images, megabytes: most at once (largest tensor)\n")
    print(f"| side | | {' | '.join(RUNGS)} |\n|---|---|{'---|' * len(RUNGS)}")
    for size in options.sizes:
        bench.peaks.clear()
        scripts = {"Hires strategies": {"args": [f"Lanczos {size}x{size} @0.5 [1 steps]"]}}
        fields = {"prompt": PROMPT, "seed": 1, "steps": 1, "width": 128, "height": 128, "sampler_name": "Euler"}
        webui.generate({**fields, "batch_size": options.images, "alwayson_scripts": scripts})
        for done in ("sampling", "decoding", "encoding"):
            cells = (bench.peaks.get((done, rung)) for rung in range(len(RUNGS)))
            print(f"| {size} | {done} | {' | '.join(_cell(peak) for peak in cells)} |", flush=True)
    print(f"\nTiles of the last: {bench.tiles} pixels.")


def _cell(peak: Peak | None) -> str:
    if peak is None:
        return "–"
    largest = f" ({peak.largest / 1e6:.1f})" if peak.largest else ""
    return f"{peak.most / 1e6:.1f}{largest}"


if __name__ == "__main__":
    main()
