"""What stages start from: a batch as latents, as pictures or both, and the upscales that several of them share."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PIL.Image import Image

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sizes import Upscale
from hires_strategies.planning.tiling import autoencoder_in_tiles

from .cropping import crop_as_latents, crop_image, crop_latents
from .host import Host, Latents

T = TypeVar("T")


@dataclass
class Picture:
    """A batch as latents, as pictures or as both, never neither. A missing form is made once, on demand.

    `space` is the latent space of `latents`; a first pass gets that of the model which is loaded when the walk begins.
    `generator` is where torch's generator stood after pictures were enlarged and encoded: what an inpainting model
    wants of them is encoded next, and draws on from there. `plain` are the enlarged pictures as large as their latents.
    `tiled`: it goes through the autoencoder in tiles.
    """

    latents: Latents | None = None
    images: list[Image] | None = None
    space: Hashable = None
    generator: Any = None
    plain: list[Image] | None = None
    tiled: bool = False
    _encoded: dict[str | None, Latents] = field(default_factory=dict)  # the pictures' latents, by checkpoint

    def as_images(self, host: Host) -> list[Image]:
        if self.images is None:
            self.images = host.decode(self.latents, self.tiled)
        return self.images

    def as_latents(self, host: Host, checkpoint: str | None) -> Latents:
        """Latents for a stage that works with that checkpoint, which is loaded.

        Latents that mean something else to its model go through pixels.
        """
        if self.latents is not None and self.space == host.latent_space():
            return self.latents
        if checkpoint not in self._encoded:
            assert self.images is not None
            host.rewind_generator()
            self._encoded[checkpoint] = host.encode(self.images, self.tiled)
        return self._encoded[checkpoint]


class Fork:
    """A picture that stages start from, and the upscales that several of them share.

    An upscale is made once and dropped after its last use.
    """

    def __init__(self, host: Host, source: Picture | None) -> None:
        self.host = host
        self.source = source
        self.made: dict[Hashable, Picture] = {}
        self._enlarged: dict[Hashable, tuple[list[Image], Any]] = {}  # with the generator's state after it
        self._seconds: dict[Hashable, float] = {}

    def upscaled(self, node: Node, checkpoint: str | None) -> Picture:
        """The upscale that a stage begins with; `checkpoint` is the one it works with, which is loaded."""
        key = _key(node)
        if key not in self.made:
            self.made[key] = self._make(node, checkpoint)
        return self.made[key]

    def made_ahead(self, node: Node, seconds: float) -> None:
        """Note how long a stage's upscale took, which was made before any stage that begins with it."""
        self._seconds[_key(node)] = seconds

    def seconds_ahead(self, node: Node) -> float:
        """How long a stage's upscale took that was made before the stage; it is the first to begin with it."""
        return self._seconds.pop(_key(node), 0.0)

    def keep_for(self, nodes: Iterable[Node]) -> None:
        """Drop the upscales that none of the stages which are still to start here needs."""
        nodes = list(nodes)
        self.made = _only(self.made, {_key(node) for node in nodes})
        self._enlarged = _only(self._enlarged, {_key_of_enlarged(node) for node in nodes})

    def _make(self, node: Node, checkpoint: str | None) -> Picture:
        upscale = node.upscale
        assert upscale is not None and self.source is not None
        if upscale.latent:
            latents = self.host.latent_upscale(self.source.as_latents(self.host, checkpoint), upscale)
            return Picture(latents=crop_latents(latents, upscale), space=self.host.latent_space())
        images = self._enlarge(node, upscale)
        if node.sampling is None:
            return Picture(images=[crop_image(image, upscale) for image in images])
        latents = crop_latents(self.host.encode(images, autoencoder_in_tiles(node)), upscale)
        cropped = [crop_image(image, upscale) for image in images]
        plain = [crop_as_latents(image, upscale) for image in images]
        return Picture(latents=latents, images=cropped, generator=self.host.generator_state(), plain=plain)

    def _enlarge(self, node: Node, upscale: Upscale) -> list[Image]:
        """The pictures, not yet cropped, and torch's generator where the upscaler left it: once for what is encoded in
        several ways or not at all, as by a stage that begins again in tiles."""
        assert self.source is not None
        key = _key_of_enlarged(node)
        if key not in self._enlarged:
            source = self.source.as_images(self.host)
            self.host.rewind_generator(node)
            self._enlarged[key] = self.host.pixel_upscale(source, upscale), self.host.generator_state()
        images, state = self._enlarged[key]
        self.host.restore_generator(state)
        return images


def _only(made: dict[Hashable, T], keys: set[Hashable]) -> dict[Hashable, T]:
    return {key: each for key, each in made.items() if key in keys}


def _key_of_enlarged(node: Node) -> tuple[Hashable, ...]:
    """The upscaler begins where a stage's own model leaves torch's generator."""
    return node.upscale, node.sampling.checkpoint if node.sampling else None


def _key(node: Node) -> Hashable:
    """Pictures are encoded by the stage's own model, and in tiles if it is sampled so."""
    if node.sampling is None:
        return node.upscale
    return *_key_of_enlarged(node), autoencoder_in_tiles(node)
