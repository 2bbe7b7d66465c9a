"""An upscaler creates its model once, which draws from torch's generator, and keeps it.

reForge (3b56b268), Classic (1f95d717) and Neo 2.26 (5692d2d1): `load_model` of ESRGAN and others has an lru_cache;
R-ESRGAN on reForge has it on another method, and its `load_model` gives a path. SwinIR on A1111 (82a973c0), Forge
(dfdcbab6) and reForge: the last one is the upscaler's `_cached_model`. A1111's and Forge's ESRGAN creates it each time,
and so does SwinIR on A1111 1.6 (5ef669de), where `_cached_model` is there and None.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest
import torch
from modules import shared, upscaler
from PIL import Image

LRU_CACHE, ANOTHER_METHOD, ATTRIBUTE = "lru_cache", "lru_cache on another method", "_cached_model"
EACH_TIME, FORGETS = "each time", "_cached_model is None"


class _Enlarging(upscaler.Upscaler):
    name = "Draws"

    def __init__(self) -> None:
        super().__init__(False)
        self.loads = 0
        self.scalers = [upscaler.UpscalerData("Draws", "/models/draws.pth", self, 2)]

    def load_model(self, path: str) -> Any:
        self.loads += 1
        torch.rand(10)
        return object()

    def do_upscale(self, img: Image.Image, selected_model: str) -> Image.Image:
        self.load_model(selected_model)
        return img.resize((img.width * 2, img.height * 2), Image.Resampling.BICUBIC)


class _Decorated(_Enlarging):
    @lru_cache(maxsize=4)  # noqa: B019
    def load_model(self, path: str) -> Any:
        return super().load_model(path)


class _Elsewhere(_Enlarging):
    def load_model(self, path: str) -> Any:
        return path

    def do_upscale(self, img: Image.Image, selected_model: str) -> Image.Image:
        self._create(self.load_model(selected_model))
        return img.resize((img.width * 2, img.height * 2), Image.Resampling.BICUBIC)

    @lru_cache(maxsize=4)  # noqa: B019
    def _create(self, path: str) -> Any:
        return super().load_model(path)


class _Forgetting(_Enlarging):
    _cached_model: Any = None


class _Keeping(_Enlarging):
    _cached_model: Any = None

    def do_upscale(self, img: Image.Image, selected_model: str) -> Image.Image:
        if self._cached_model is None:
            self._cached_model = self.load_model(selected_model)
        return img.resize((img.width * 2, img.height * 2), Image.Resampling.BICUBIC)


_KINDS = {
    LRU_CACHE: _Decorated,
    ANOTHER_METHOD: _Elsewhere,
    ATTRIBUTE: _Keeping,
    EACH_TIME: _Enlarging,
    FORGETS: _Forgetting,
}


def install(monkeypatch: pytest.MonkeyPatch, kind: str) -> _Enlarging:
    """Adds such an upscaler, "Draws", to the workbench's list."""
    scaler = _KINDS[kind]()
    monkeypatch.setattr(shared, "sd_upscalers", [*shared.sd_upscalers, *scaler.scalers])
    return scaler
