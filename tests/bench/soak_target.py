"""The WebUI that a soak runs on: the workbench in this process, or another by its URL."""

from __future__ import annotations

import ctypes
import gc
import json
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import requests
from PIL import Image

from tests.bench.soak_generations import Names
from tests.live.client import Answer, Refused, WebUI, decode

ROOT = Path(__file__).resolve().parents[2]
PIXEL = ("Lanczos", "Nearest", "None", "realesr-animevideov3-x2")
SLOW = ("DPM adaptive", "PLMS")


class Target(ABC):
    """Generates, and tells what it holds."""

    @abstractmethod
    def generate(self, body: dict[str, Any]) -> Answer:
        """Raises Refused for any status but 200."""

    @abstractmethod
    def held(self) -> dict[str, float]:
        """Numbers that have to stay as they are while generations come and go; "megabytes" among them."""

    @abstractmethod
    def names(self) -> Names: ...


class Local(Target):
    """The workbench, with its data and its temporary files in `folder`."""

    def __init__(self, folder: Path) -> None:
        sys.path[:0] = [str(ROOT / "tests" / "workbench")]
        import start

        self.folder = folder
        (folder / "temp").mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(folder / "temp")
        start.boot(["--data-dir", str(folder / "data"), "--extension", str(ROOT / "tests" / "live" / "faults")])
        from fastapi import FastAPI
        from modules import call_queue
        from modules.api.api import Api

        self.api = Api(FastAPI(), call_queue.queue_lock)

    def generate(self, body: dict[str, Any]) -> Answer:
        from modules.api.models import StableDiffusionTxt2ImgProcessingAPI

        try:
            answer = self.api.text2imgapi(StableDiffusionTxt2ImgProcessingAPI(**body))
        except Exception as error:
            own = vars(error)
            raise Refused(own.get("status_code", 500), str(own.get("detail") or error)) from None
        return Answer([_loaded(image) for image in answer.images], json.loads(answer.info))

    def held(self) -> dict[str, float]:
        import torch

        gc.collect()
        _give_back()
        return {
            "megabytes": _megabytes(),
            "tensors": sum(issubclass(type(each), torch.Tensor) for each in gc.get_objects()),
            "threads": threading.active_count(),
            "files in the data folder": _files(self.folder / "data"),
            "files in the temporary folder": _files(self.folder / "temp"),
        }

    def names(self) -> Names:
        from modules import sd_samplers, sd_schedulers
        from parts.variants import VARIANTS

        return Names(
            PIXEL,
            tuple(sampler.name for sampler in sd_samplers.all_samplers if sampler.name not in SLOW),
            tuple(scheduler.label for scheduler in sd_schedulers.schedulers),
            tuple(variant.name for variant in VARIANTS if (variant.shape.channels, variant.shape.factor) == (4, 8)),
        )


class Remote(Target):
    """A WebUI with the extensions of tests/live/faults and tests/bench/timers; only its memory can be asked for."""

    def __init__(self, url: str) -> None:
        self.webui = WebUI(url)

    def generate(self, body: dict[str, Any]) -> Answer:
        return self.webui.answer_to(body)

    def held(self) -> dict[str, float]:
        return {"megabytes": self.webui.get("/bench/timers")["megabytes"]}

    def names(self) -> Names:
        labels = [each["label"] for each in self.webui.get("/sdapi/v1/schedulers")]
        models = [each["model_name"] for each in self.webui.get("/sdapi/v1/sd-models")]
        known = set(self.webui.names("upscalers"))
        samplers = [name for name in self.webui.names("samplers") if name not in SLOW]
        return Names(tuple(name for name in PIXEL if name in known), tuple(samplers), tuple(labels), tuple(models))


def target(url: str | None, folder: Path) -> Target:
    if url is None:
        return Local(folder)
    requests.get(url, timeout=60).raise_for_status()
    return Remote(url)


def _loaded(text: str) -> Image.Image:
    image = decode(text)
    image.load()
    return image


def _files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def _give_back() -> None:
    """Memory that is free already but not yet the system's again, where the C library can be told to."""
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    except (OSError, AttributeError):
        return


def _megabytes() -> float:
    """What the process holds; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))
