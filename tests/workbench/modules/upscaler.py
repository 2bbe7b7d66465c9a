"""Pixel upscalers."""

from __future__ import annotations

from parts import real_esrgan
from PIL import Image

from modules import errors, shared

LANCZOS = Image.Resampling.LANCZOS
NEAREST = Image.Resampling.NEAREST


class Upscaler:
    """A family of upscalers; `scalers` are its entries in the list."""

    name: str | None = None
    scalers: list[UpscalerData]

    def __init__(self, create_dirs=False):
        self.scale = 1
        self.scalers = []

    def do_upscale(self, img, selected_model):
        """Enlarge once, by the model's own factor. On failure an upscaler returns its input."""
        raise NotImplementedError

    def upscale(self, img, scale, selected_model=None):
        """Enlarge by `scale` to whole eighths: the model up to three times, then Lanczos to size."""
        self.scale = scale
        width, height = (int(side * scale // 8 * 8) for side in img.size)
        for attempt in range(3):
            reached = img.width >= width and img.height >= height
            if (reached and (attempt > 0 or scale != 1)) or shared.state.interrupted:
                break
            before = img.size
            img = self.do_upscale(img, selected_model)
            if img.size == before:
                break
        return img if img.size == (width, height) else img.resize((width, height), resample=LANCZOS)


class UpscalerData:
    """An entry in the list of upscalers. `scale` is what it says of itself, 4 by default."""

    def __init__(self, name, path, upscaler=None, scale=4, model=None):
        self.name = name
        self.data_path = self.local_data_path = path
        self.scaler = upscaler
        self.scale = scale
        self.model = model


class UpscalerNone(Upscaler):
    """No upscaler: the caller's Lanczos."""

    name = "None"

    def __init__(self, dirname=None):
        super().__init__(False)
        self.scalers = [UpscalerData("None", None, self)]

    def do_upscale(self, img, selected_model=None):
        """The input."""
        return img


class UpscalerLanczos(Upscaler):
    """Lanczos resampling."""

    name = "Lanczos"

    def __init__(self, dirname=None):
        super().__init__(False)
        self.scalers = [UpscalerData("Lanczos", None, self)]

    def do_upscale(self, img, selected_model=None):
        """Resized to size at once."""
        return img.resize((int(img.width * self.scale), int(img.height * self.scale)), resample=LANCZOS)


class UpscalerNearest(Upscaler):
    """Nearest neighbour."""

    name = "Nearest"

    def __init__(self, dirname=None):
        super().__init__(False)
        self.scalers = [UpscalerData("Nearest", None, self)]

    def do_upscale(self, img, selected_model=None):
        """Resized to size at once."""
        return img.resize((int(img.width * self.scale), int(img.height * self.scale)), resample=NEAREST)


class _UpscalerRealESRGAN(Upscaler):
    """Real-ESRGAN, fast networks first. The host has all but the first, which doubles."""

    name = "RealESRGAN"
    networks = {
        "realesr-animevideov3-x2": ("realesr-animevideov3-x2", 2),
        "R-ESRGAN AnimeVideo": ("realesr-animevideov3-x4", 4),
        "R-ESRGAN 4x+ Anime6B": ("realesrgan-x4plus-anime", 4),
        "R-ESRGAN 4x+": ("realesrgan-x4plus", 4),
    }

    def __init__(self, dirname=None):
        super().__init__(False)
        self.scalers = [UpscalerData(name, network, self, factor) for name, (network, factor) in self.networks.items()]

    def do_upscale(self, img, selected_model):
        """Enlarged by the network's factor; the input if the network cannot run, as the host does it."""
        factor = next(data.scale for data in self.scalers if data.data_path == selected_model)
        try:
            return real_esrgan.upscale(img, selected_model, factor)
        except Exception:
            errors.report(f"Unable to load RealESRGAN model {selected_model}", exc_info=True)
            return img


def _list() -> list[UpscalerData]:
    """Every upscaler; "None" comes first."""
    families = (UpscalerNone(), UpscalerLanczos(), UpscalerNearest(), _UpscalerRealESRGAN())
    return [data for family in families for data in family.scalers]
