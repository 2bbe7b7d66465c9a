"""The verbs of the engine's Host that have to do with which model is loaded."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import torch
from modules import sd_models, shared

from hires_strategies.errors import StageFailed
from hires_strategies.planning.plan import FirstPass, Node

from . import checkpoints, generator, parameters, refining
from .conditioning import Conditioning
from .control import Control
from .forks import latent_shape, models
from .forks.second_pass import forget_reference_latent, is_inpainting_model
from .processing import Processing


class ModelVerbs:
    """For the batch that `p` is sampling, after `first_pass`; `restore_model` goes back to what it began with."""

    conditioning: Conditioning

    def __init__(self, p: Processing, control: Control, first_pass: FirstPass) -> None:
        self.p = p
        self.control = control
        self.first_pass = first_pass
        self.checkpoints = checkpoints.Checkpoints(p, self.rewind_generator)
        self._after_first_pass: dict[str, torch.Tensor] | None = None

    def changes_model(self, node: Node, checkpoint: str | None) -> bool:
        """By the host's own record of what is loaded: a refiner may not have got its turn."""
        return self.refiner(node) is not None or not self.checkpoints.is_loaded(checkpoint)

    def use_model(self, checkpoint: str | None) -> None:
        """Load it as Hires. fix loads a checkpoint of its own; networks have to be activated in it anew."""
        try:
            changed = self.checkpoints.use(checkpoint)
        except Exception:
            self.conditioning.forget_active()
            raise
        if changed:
            self.conditioning.forget_active()
        if latent_shape.size_rules() != self.first_pass.size_rules:
            raise StageFailed(
                f"the sizes that the checkpoint '{checkpoint}' works with are others than the first pass's"
            )

    def latent_space(self) -> Hashable:
        """See forks.models: the families' latents differ even where they have as many channels."""
        return models.latent_space()

    def rewind_generator(self, node: Node | None = None) -> None:
        """Set torch's generator to where the first pass left it: seeded for the noise of the batch's last image and,
        for an inpainting model, after the encode of what that was conditioned on.

        Only a first stage has a second pass of the host's to be equal to, which may have created its model by then.
        """
        if not self.control.rewind():
            self._rewind()
        if node is not None and node.parent is None:
            self.checkpoints.restore_generator(node.sampling.checkpoint if node.sampling else None)

    def _rewind(self) -> None:
        if self._after_first_pass is None:
            generator.rewind(int(self.p.seeds[-1]))
            if is_inpainting_model():
                self.p.txt2img_image_conditioning(torch.zeros(len(self.p.seeds), 1, 1, 1, device=shared.device))
                forget_reference_latent()
            self._after_first_pass = generator.states()
        generator.restore(self._after_first_pass)

    def generator_state(self) -> dict[str, torch.Tensor]:
        """The states of torch's generators, see host.generator."""
        return generator.states()

    def restore_generator(self, state: dict[str, torch.Tensor]) -> None:
        """Set torch's generators to such states."""
        generator.restore(state)

    def refiner(self, node: Node) -> refining.Refiner | None:
        return None if node.sampling is None else refining.of_stage(self.p, node.sampling, self.first_pass)

    def told(self, q: Processing, node: Node) -> dict[str, Any]:
        """What a stage's texts say besides the strategy."""
        written = refining.told(parameters.of_stage(self.p, q), self.refiner(node))
        named = checkpoints.find(node.sampling.checkpoint) if node.sampling else None
        return written if named is None else {**written, "Stage checkpoint": named.short_title}

    def restore_model(self) -> None:
        """Load the checkpoint that the stages started with, as the first pass had it; an error is reported."""
        if self.checkpoints.close():
            self.conditioning.forget_active()
            sd_models.apply_token_merging(self.p.sd_model, self.p.get_token_merging_ratio())
