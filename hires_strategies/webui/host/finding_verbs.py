"""The verb of the engine's Host that finds a stage's denoising strength."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from modules import sd_samplers
from numpy.typing import NDArray
from PIL.Image import Image

from hires_strategies.errors import StageFailed
from hires_strategies.finding.blur import blur_floor
from hires_strategies.finding.change import Ends
from hires_strategies.finding.search import look_at_ends, search
from hires_strategies.planning.plan import Node
from hires_strategies.planning.sought import Found, Sought
from hires_strategies.planning.tiling import autoencoder_in_tiles, everywhere
from hires_strategies.running.host import Latents, SearchStart

from . import generator, tiled_sampling
from .model_verbs import ModelVerbs
from .noise import starts_by_length
from .probing import Probe, detailed, largest_of, strength_at, untraced
from .processing import Processing
from .tiled_autoencoder import in_tiles


class FindingVerbs(ModelVerbs):
    """`remembered` gives the start sigma that is known for something, None if it is to be looked for (see Starts);
    `accepted` the change of the layout that the user accepts, 0 to 1."""

    remembered: Callable[[Sought, bool], float | None]
    accepted: float
    measures = False

    @abstractmethod
    def decode(self, latents: Latents, tiled: bool = False) -> list[Image]: ...

    @abstractmethod
    def encode(self, images: list[Image], tiled: bool = False) -> Latents: ...

    @abstractmethod
    def note(self, node: Node, sentence: str) -> None: ...

    @abstractmethod
    def _stage_p(self, node: Node, alone: int | None = None) -> Processing: ...

    @abstractmethod
    def _image_conditioning(self, q: Processing, latents: Latents, images: list[Image] | None) -> Any: ...

    def find_strength(self, start: SearchStart, node: Node, sought: Sought) -> Found:
        """Search by single evaluations of the model, with the stage's own noise, conditioning, networks and control.

        On all of the picture, wherever the stage is sampled: what is found is remembered for any.
        """
        node = everywhere(node, self.first_pass)
        assert node.auto is not None
        q = self._with_sampler(node)
        sigma = self.remembered(sought, node.auto.anew)
        if sigma is not None:
            return Found(strength_at(q, node, sigma), sigma)
        largest = largest_of(q, node)
        with untraced(q):
            floor = self._blur_floor(start, node)
            with self._probe(start, node) as probe:
                look = search(probe.predict, start.latents, largest, self.accepted, floor)
        ends = look.ends.least, look.ends.most
        return Found(strength_at(q, node, look.sigma), look.sigma, look.evaluations, look.points, ends)

    def layout_ends(self, start: SearchStart, node: Node) -> Ends:
        """With the stage's own noise, conditioning, networks and control."""
        q = self._with_sampler(node)
        largest = largest_of(q, node)
        with untraced(q), self._probe(start, node) as probe:
            return look_at_ends(probe.predict, start.latents, largest)

    def moved(self, start: SearchStart, node: Node, alone: int | None = None) -> NDArray[np.float32]:
        """By one evaluation with the stage's own noise, conditioning, networks and control; images x rows x columns."""
        q = self._with_sampler(node)
        assert node.sampling is not None
        sigma = node.sampling.start_sigma or starts_by_length(q, node.steps)(node.sampling.total)
        if sigma is None:
            raise StageFailed(f"the sampler {q.sampler_name} does not tell where it starts")
        with untraced(q), self._probe(start, node, alone) as probe:
            predicted = probe.predict(sigma)
        moved: torch.Tensor = (predicted - start.latents).abs().float()
        each: NDArray[np.float32] = moved.flatten(1, -3).mean(1).cpu().numpy()
        if not np.isfinite(each).all():
            raise StageFailed("the model predicts something that is not a picture")
        return each

    def _with_sampler(self, node: Node) -> Processing:
        """A stage's copy of `p` with the sampler that it will run, to be asked where it starts."""
        q = self._stage_p(node)
        q.sampler = sd_samplers.create_sampler(q.sampler_name, q.sd_model)
        return q

    def _probe(self, start: SearchStart, node: Node, alone: int | None = None) -> Probe:
        """In the order of `sample`: what is encoded for a stage draws where it does then."""
        assert node.sampling is not None
        q, tiled = self._stage_p(node, alone), autoencoder_in_tiles(node)
        self.control.before_stage(q, node, lambda: start.images or self.decode(start.latents, tiled))
        probe = Probe(q, start.latents)
        probe.in_tiles = tiled_sampling.over(self, q, node, start.latents)
        with in_tiles(tiled):
            probe.image_conditioning = self._image_conditioning(q, start.latents, start.images)
        probe.noise = generator.noise_for(q, start.latents.shape[1:])
        probe.prepare(*self.control.marked(*self.conditioning.for_stage(q, node)), node.sampling)
        return probe

    def _blur_floor(self, start: SearchStart, node: Node) -> float | None:
        """The noise that draws over the blur of a latent upscale; None for a pixel upscale."""
        upscale = node.upscale
        if upscale is None or not upscale.latent:
            return None
        self.rewind_generator()
        sharp = self.encode(detailed(start.before, upscale), node.tiles is not None)
        width, height = start.before[0].size
        return blur_floor(start.latents, sharp, (height // upscale.factor, width // upscale.factor))
