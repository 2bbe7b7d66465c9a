"""The engine's Host on a running WebUI, for one batch of one generation.

The verbs do what the host's own sample_hr_pass (modules/processing.py) does, in its order, so that one stage is bit for
bit the result of built-in Hires. fix.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import torch
from modules import devices, errors, sd_models, sd_samplers, sd_samplers_common, shared
from PIL.Image import Image

from hires_strategies.planning.plan import FirstPass, Node, Plan
from hires_strategies.planning.tiling import autoencoder_in_tiles
from hires_strategies.running.host import Latents, Sampled
from hires_strategies.wording import describe

from . import (
    attachments,
    each_image,
    generator,
    one_image,
    parameters,
    pixels,
    progress,
    refining,
    structure_lock,
    tiled_sampling,
)
from .conditioning import Conditioning
from .control import Control
from .finding_verbs import FindingVerbs
from .forks import latent_shape
from .forks.guidance import Guidance, distilled_cfg, heeds_distilled_cfg
from .forks.job import stops_after_this_image
from .forks.models import loaded as loaded_checkpoint
from .forks.second_pass import before_sampling
from .own_options import ON_P, set_own_options
from .picture_verbs import PictureVerbs
from .processing import Processing
from .sampler_watch import SamplerWatch
from .stage_prompts import StagePrompts
from .start_sigma import start_at
from .tiled_autoencoder import in_tiles


class WebuiHost(PictureVerbs, FindingVerbs):
    """Verbs for the batch that `p` is sampling, after `first_pass`. `close()` restores what they change: the loaded
    checkpoint, networks, shift and control."""

    def __init__(self, p: Processing, prompts: StagePrompts, control: Control, first_pass: FirstPass) -> None:
        super().__init__(p, control, first_pass)
        self.conditioning = Conditioning(p, prompts)
        self.written: dict[int | None, dict[str, Any]] = {}  # generation parameters by stage index
        self._guidance = Guidance()
        self._last_sampling = Sampled()

    def batch_size(self) -> int:
        """The host's own batch, of which p.seeds has one for each image."""
        return len(self.p.seeds)

    def joined(self, parts: list[Latents]) -> Latents:
        """Concatenated along the batch."""
        return torch.cat(parts)

    def sample(self, latents: Latents, images: list[Image] | None, node: Node, alone: int | None = None) -> Latents:
        """Run the stage's sampler with sample_img2img over the latents, as sample_hr_pass does."""
        q, tiled = self._stage_p(node, alone), autoencoder_in_tiles(node)
        self.control.before_stage(q, node, lambda: images or self.decode(latents, tiled))
        q.sampler = sd_samplers.create_sampler(q.sampler_name, q.sd_model)
        with in_tiles(tiled):
            image_conditioning = self._image_conditioning(q, latents, images)
        noise = generator.noise_for(q, latents.shape[1:])

        def sampling(c: Any, uc: Any, noise: torch.Tensor) -> Latents:
            with structure_lock.over(q, node, latents), tiled_sampling.over(self, q, node, latents):
                return q.sampler.sample_img2img(
                    q, latents, noise, c, uc, steps=node.steps, image_conditioning=image_conditioning
                )

        return self._with_model(q, node, latents, noise, sampling)

    def direct(self, node: Node, alone: int | None = None) -> Latents:
        """Run the stage's sampler from noise alone, as the host's txt2img `sample` does for a first pass."""
        q = self._stage_p(node, alone)
        self.control.before_stage(q, node, None)
        q.sampler = sd_samplers.create_sampler(q.sampler_name, q.sd_model)
        noise = generator.noise_for(q, latent_shape.noise_shape(node.width, node.height))

        def sampling(c: Any, uc: Any, noise: torch.Tensor) -> Latents:
            return q.sampler.sample(q, noise, c, uc, image_conditioning=q.txt2img_image_conditioning(noise))

        return self._with_model(q, node, noise, noise, sampling)

    def detail(self, images: list[Image], node: Node) -> list[Image]:
        """Do to each picture what the host's process_images does to each finished image."""
        self.rewind_generator()
        q = each_image.of_batch(self.p)
        loaded = loaded_checkpoint()
        try:
            finished = [each_image.at_own_size(q, position, image) for position, image in enumerate(images)]
        finally:  # scripts run whole generations meanwhile
            self.checkpoints.go_back_to(loaded)
            self.conditioning.forget_active()
            sd_models.apply_token_merging(q.sd_model, self.p.get_token_merging_ratio())
        self.written.setdefault(node.id, {}).update(parameters.of_stage(self.p, q))
        return finished

    def last_sampling(self) -> Sampled:
        """What SamplerWatch saw of the host's sampler in the last successful `sample` or `direct`."""
        return self._last_sampling

    def next_job(self, node: Node, text: str) -> None:
        """Begin the job on the host's progress bar, if it is ours, and show `text` as shared.state.textinfo."""
        bar = progress.bar_of(self.p)
        if bar is not None:
            (bar.search if node.auto else bar.stage)(node.id)
        progress.say(text)

    def replanned(self, plan: Plan) -> None:
        """Leave out of the progress bar, if it is ours, what turned out equal."""
        bar = progress.bar_of(self.p)
        if bar is not None:
            bar.keep([node.id for node in plan.stages], [node.id for node in plan.searches()])

    def stopped(self) -> str | None:
        """What shared.state's `interrupted` and `skipped` say, which the host's process_images checks, too."""
        return progress.stopped()

    def ending(self) -> bool:
        """Whether shared.state's `stopping_generation` is set, which the host's process_images checks, too.

        Of a folder of pictures, the one that runs is finished.
        """
        return stops_after_this_image() and not attachments.held(self.p, attachments.OF_FOLDER, object)

    def failed(self, node: Node, error: Exception) -> None:
        """Print the stage's error with the host's errors.report, then free memory with devices.torch_gc."""
        errors.report(f"Hires strategies: '{node.text}' failed", exc_info=True)
        devices.torch_gc()

    def release(self) -> None:
        """Free memory with the host's devices.torch_gc, as sample_hr_pass does before it samples."""
        devices.torch_gc()

    def close(self) -> None:
        """Leave the host as it was before the stages, whatever happened in them. What cannot be restored is reported,
        and costs no picture."""
        progress.say(None)
        for restore in (
            self.control.close,
            self._guidance.restore,
            self.restore_model,
            self.conditioning.restore_networks,
            self.rewind_generator,  # other scripts draw from it, too: what they do does not depend on what else ran
        ):
            try:
                restore()
            except Exception as error:
                errors.report("Hires strategies: the WebUI could not be left as it was before", exc_info=True)
                self.p.comment(f"Hires strategies: the WebUI could not be left as it was before: {describe(error)}")

    def _stage_p(self, node: Node, alone: int | None = None) -> Processing:
        """A copy of `p` for one stage, so that what host and scripts write into it stays with this stage."""
        assert node.sampling is not None
        p, q, sampling = self.p, copy(self.p), node.sampling
        q.extra_generation_params = parameters.Recorded(p.extra_generation_params)
        if hasattr(p, "lora_hashes"):
            q.lora_hashes = dict(p.lora_hashes)
        q.is_hr_pass = sampling.denoising_strength is not None
        q.steps = p.steps if q.is_hr_pass else sampling.steps
        for first, *others in ON_P.values():
            for attribute in others:
                setattr(q, attribute, getattr(p, first, None))
        set_own_options(q, sampling)
        self._guidance.use(q, sampling.distilled_cfg or distilled_cfg(p))
        if sampling.distilled_cfg and not heeds_distilled_cfg(q.sd_model):
            self.note(node, f"'distilled cfg {sampling.distilled_cfg:g}' changes nothing with this checkpoint.")
        target = node.upscale
        q.hr_upscale_to_x, q.hr_upscale_to_y = (target.width, target.height) if target else (node.width, node.height)
        if not q.is_hr_pass:
            q.width, q.height = node.width, node.height
        refining.give(q, self.refiner(node), node.steps)
        if alone is not None:
            one_image.keep_only(q, alone)
        return q

    def note(self, node: Node, sentence: str) -> None:
        """Kept for the stage's record, and shown with the image."""
        notes = self.control.notes
        notes[node.id] = tuple(dict.fromkeys((*notes.get(node.id, ()), sentence)))

    def say(self, sentence: str) -> None:
        """Print it, with who says so."""
        print(f"Hires strategies: {sentence}")

    def _with_model(self, q: Processing, node: Node, x: torch.Tensor, noise: torch.Tensor, sampling: Any) -> Latents:
        """Run `sampling` with the stage's networks, conditioning and token merging, then put token merging back."""
        one_image.show_progress(q)
        devices.torch_gc()
        c, uc = self.control.marked(*self.conditioning.for_stage(q, node))
        watch = SamplerWatch(q.sampler, q.sd_model, x if q.is_hr_pass else None)
        assert node.sampling is not None
        try:
            prepared = before_sampling(q, x, noise, c, uc)
            set_own_options(q, node.sampling)  # scripts may have set theirs meanwhile
            total, told = start_at(q, node)
            strength = q.denoising_strength  # a script may change it while it samples
            with parameters.written_by_encoder():  # again, for a refiner
                samples = sampling(*prepared)
            self.written[node.id] = self.told(q, node)
        finally:
            sd_models.apply_token_merging(q.sd_model, self.p.get_token_merging_ratio())
        if told:
            self.note(node, told)
        self._last_sampling = replace(watch.saw(node.steps, total, not q.is_hr_pass), denoising_strength=strength)
        return self._checked(samples, "the model")

    def _image_conditioning(self, q: Processing, latents: Latents, images: list[Image] | None) -> Any:
        """What inpainting models need besides the prompt; next to nothing for all others.

        Encoding it draws from torch's generator, which stands where the encode of `images` left it.
        """
        if images is not None:
            one_image.draw_for_those_before(q, latents.shape[1:])
            return q.img2img_image_conditioning(pixels.to_tensor(latent_shape.fitting(images, latents)), latents)
        self.rewind_generator()
        one_image.draw_for_those_before(q, latents.shape[1:])
        if getattr(q, "inpainting_mask_weight", shared.opts.inpainting_mask_weight) < 1.0:
            decoded = sd_samplers_common.decode_first_stage(shared.sd_model, latents)
            return q.img2img_image_conditioning(decoded, latents)
        width, height = latent_shape.size_of(latents)  # the host itself would take the first pass's
        return q.txt2img_image_conditioning(latents, width=width, height=height)
