"""The pictures of a batch on their way from stage to stage, and what several stages share of them."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from PIL.Image import Image

from hires_strategies.planning.plan import Node
from hires_strategies.planning.sizes import Upscale

from .cropping import crop_image, crop_latents
from .host import Host, Latents


@dataclass
class Picture:
    """A batch as latents, as pictures or as both, never neither. A missing form is made once, on demand.

    `generator` is where torch's generator stood after pictures were enlarged and encoded: what an inpainting model
    wants of them is encoded next, and draws on from there.
    """

    latents: Latents | None = None
    images: list[Image] | None = None
    generator: Any = None

    def as_images(self, host: Host) -> list[Image]:
        if self.images is None:
            self.images = host.decode(self.latents)
        return self.images

    def as_latents(self, host: Host) -> Latents:
        if self.latents is None:
            assert self.images is not None
            host.rewind_generator()
            self.latents = host.encode(self.images)
        return self.latents


class Fork:
    """A picture, the stages still to start from it, and the upscales that several of them share.

    An upscale is made once and dropped after its last use.
    """

    def __init__(self, host: Host, source: Picture | None, nodes: list[Node]) -> None:
        self.host = host
        self.source = source
        self.waiting = deque(nodes)
        self.uses = Counter(self._key(node) for node in nodes)
        self.made: dict[tuple[Upscale | None, bool], Picture] = {}

    def upscaled(self, node: Node) -> Picture:
        key = self._key(node)
        if key not in self.made:
            self.made[key] = self._make(node)
        return self.made[key]

    def done_with(self, node: Node) -> None:
        key = self._key(node)
        self.uses[key] -= 1
        if not self.uses[key]:
            self.made.pop(key, None)

    def _make(self, node: Node) -> Picture:
        upscale = node.upscale
        assert upscale is not None and self.source is not None
        if upscale.latent:
            return Picture(
                latents=crop_latents(self.host.latent_upscale(self.source.as_latents(self.host), upscale), upscale)
            )
        source = self.source.as_images(self.host)
        self.host.rewind_generator()
        images = self.host.pixel_upscale(source, upscale)
        if node.sampling is None:
            return Picture(images=[crop_image(image, upscale) for image in images])
        latents = crop_latents(self.host.encode(images), upscale)
        cropped = [crop_image(image, upscale) for image in images]
        return Picture(latents=latents, images=cropped, generator=self.host.generator_state())

    @staticmethod
    def _key(node: Node) -> tuple[Upscale | None, bool]:
        return node.upscale, node.sampling is not None
