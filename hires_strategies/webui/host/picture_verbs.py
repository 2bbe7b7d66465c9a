"""The verbs of the engine's Host that make pictures and latents of each other, or larger, as sample_hr_pass does."""

from __future__ import annotations

from typing import Any

from modules import devices, processing, sd_samplers_common, shared
from PIL.Image import Image

from hires_strategies.planning.sizes import Upscale
from hires_strategies.running.host import Latents

from . import pixels
from .forks import latent_shape
from .forks.not_a_number import require_numbers
from .forks.second_pass import forget_reference_latent
from .forks.upscalers import latent_modes
from .processing import Processing
from .tiled_autoencoder import in_tiles


class PictureVerbs:
    """With the loaded model's autoencoder and the host's upscalers, for the batch that `p` is sampling."""

    p: Processing

    def decode(self, latents: Latents, tiled: bool = False) -> list[Image]:
        """Decode with the host's decode_latent_batch, in full quality even after an interrupt."""
        self._checked(latents, "the model")
        state = shared.state
        was_interrupted, state.interrupted = state.interrupted, False
        # With "live preview fast interrupt" the host would decode with its preview's small, blurred approximation.
        try:
            with in_tiles(tiled):
                decoded = processing.decode_latent_batch(
                    shared.sd_model, latents, target_device=devices.cpu, check_for_nans=True
                )
        finally:
            state.interrupted = state.interrupted or was_interrupted
        return pixels.from_decoded(self._checked(decoded, "the autoencoder"))

    def encode(self, images: list[Image], tiled: bool = False) -> Latents:
        """Encode with the host's images_tensor_to_samples, by the VAE type that the settings choose for encoding."""
        method = shared.opts.sd_vae_encode_method
        how = sd_samplers_common.approximation_indexes.get(method)
        with in_tiles(tiled):
            latents = latent_shape.encoded(
                pixels.to_tensor(images), lambda some: sd_samplers_common.images_tensor_to_samples(some, how)
            )
        forget_reference_latent()
        return self._checked(latents, "the autoencoder")

    def _checked(self, samples: Any, maker: str) -> Any:
        """The same, if it has numbers; a part of the batch is not looked at."""
        if len(samples) >= len(self.p.seeds):
            require_numbers(samples, maker)
        return samples

    def latent_upscale(self, latents: Latents, upscale: Upscale) -> Latents:
        """Interpolate in the host's latent upscale mode of that name, as sample_hr_pass does."""
        return latent_shape.interpolated(latents, upscale.latent_size, latent_modes()[upscale.upscaler])

    def pixel_upscale(self, images: list[Image], upscale: Upscale) -> list[Image]:
        """Resize each picture with the host's images.resize_image, as sample_hr_pass does (see pixels.upscale)."""
        return [pixels.upscale(image, upscale) for image in images]
