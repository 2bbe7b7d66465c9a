"""First passes of the page's latest generations, which the page may ask for, to compare a picture before and after.

Latents are decoded only then, and only with the model and autoencoder that they belong to.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import torch
from modules import call_queue, devices, processing, shared
from PIL.Image import Image

from hires_strategies.running.picture import Picture
from hires_strategies.webui import settings
from hires_strategies.webui.host import pixels
from hires_strategies.webui.host.forks import loaded
from hires_strategies.wording import describe

_GONE = "The first pass is not remembered any more."
_OTHER_MODEL = "The first pass cannot be shown: another checkpoint or VAE is loaded than the one that made it."


@dataclass(frozen=True)
class _Kept:
    """One image's first pass: latents C,H/8,W/8 on the CPU, or the picture if it was decoded; what decodes it."""

    latents: torch.Tensor | None
    image: Image | None
    model: tuple[Any, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        if self.image is not None:
            return self.image.width * self.image.height * len(self.image.getbands())
        return 0 if self.latents is None else self.latents.numel() * self.latents.element_size()


_kept: dict[str, _Kept] = {}  # the latest last


def keep(picture: Picture) -> tuple[str, ...]:
    """Keep a batch's first pass, within the limits for remembered ones; returns a name for each image.

    No names if the settings say that none is to be remembered. A name cannot be guessed: who has it may see the image.
    """
    if not settings.remembers_first_passes():
        _kept.clear()
        return ()
    model = _model()
    latents: Any = picture.latents
    images: list[Any] = picture.images if picture.images is not None else [None] * len(latents)
    made = {}
    for position, image in enumerate(images):
        own = None if image is not None else latents[position].detach().to("cpu", copy=True)
        made[uuid4().hex] = _Kept(own, image, model)
    _kept.update(made)
    most, largest = settings.first_pass_limits()
    while _kept and (len(_kept) > most or sum(each.size for each in _kept.values()) > largest):
        del _kept[next(iter(_kept))]
    return tuple(name for name in made)


def as_data_url(name: str) -> tuple[str | None, str | None]:
    """The picture of that name as a "data:" URL; None and a sentence if there is none."""
    kept = _kept.get(name)
    if kept is None:
        return None, _GONE
    try:
        # Not while something is generated: the host moves models to and from the GPU's memory meanwhile.
        with call_queue.queue_lock:
            if kept.image is None and kept.model != _model():
                return None, _OTHER_MODEL
            image = kept.image or _decoded(kept)
    except Exception as error:
        return None, f"The first pass could not be shown: {describe(error)}"
    if name in _kept:
        _kept[name] = _Kept(None, image, kept.model)
    file = io.BytesIO()
    image.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii"), None


def _decoded(kept: _Kept) -> Image:
    assert kept.latents is not None
    with torch.no_grad():
        decoded = processing.decode_latent_batch(
            shared.sd_model, kept.latents[None].to(shared.device), target_device=devices.cpu, check_for_nans=True
        )
    return pixels.from_decoded(decoded)[0]


def _model() -> tuple[Any, ...]:
    """What decodes latents: the checkpoint and the separately loaded autoencoder."""
    model = shared.sd_model
    return getattr(getattr(model, "sd_checkpoint_info", None), "filename", None), loaded.vae_file()
