"""Upscalers for tests only: models whose own scale is 1, and one whose model cannot be had."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from urllib.error import URLError

from modules import errors, shared
from modules.upscaler import Upscaler, UpscalerData
from PIL import ImageFilter

ADDRESS = "https://models.invalid/test-missing.pth"


class UpscalerTestModels(Upscaler):
    """A1111 finds the class by itself."""

    def __init__(self, dirname=None):
        self.name = "TestModels"
        super().__init__()
        paths = {
            "Test sharpen": "sharpen.pth",  # changes pixels, not their number
            "Test same": "same.pth",  # may leave every pixel as it is, by its own scale
            "Test missing": ADDRESS,
            "Test quiet": "quiet.pth",  # fails, and only prints why
            "Test silent": "silent.pth",  # gives a copy back, and says nothing
        }
        self.scalers = [UpscalerData(name, path, self, 4) for name, path in paths.items()]

    def do_upscale(self, img, selected_model):
        if selected_model == "quiet.pth":
            report("bad file inside quiet.pth")
            report("argument of type 'NoneType' is not iterable")
            return img
        try:
            model = self.load_model(selected_model)
        except Exception as error:
            print(f"Unable to load {selected_model}: {error}", file=sys.stderr)
            return img
        return model.run(img)

    def load_model(self, path):
        if path == ADDRESS:
            raise URLError("Name or service not known")
        if path == "sharpen.pth":
            return SimpleNamespace(scale=1, run=lambda img: img.filter(ImageFilter.SHARPEN))
        return SimpleNamespace(scale=1 if path == "same.pth" else 4, run=lambda img: img.copy())


def report(text):
    try:
        raise RuntimeError(text)
    except RuntimeError:
        errors.report("Unable to load the test's model", exc_info=True)


if shared.sd_upscalers and not any(data.name == "Test sharpen" for data in shared.sd_upscalers):
    shared.sd_upscalers += UpscalerTestModels().scalers
