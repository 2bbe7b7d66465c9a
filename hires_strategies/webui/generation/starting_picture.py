"""What the stages of a batch start from: the first pass, or Hires. fix's result if that is on."""

from __future__ import annotations

from copy import copy
from typing import Any

from PIL.Image import Image

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.planning.few_steps import Steps, check_steps
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import schedule_length
from hires_strategies.running.picture import Picture
from hires_strategies.webui.host import checkpoints, pixels, refining
from hires_strategies.webui.host.forks import latent_shape
from hires_strategies.webui.host.forks.guidance import distilled_cfg
from hires_strategies.webui.host.forks.samplers import hires_scheduler_of, scheduler_of
from hires_strategies.webui.host.forks.trained_size import trained_side
from hires_strategies.webui.host.processing import Processing
from hires_strategies.webui.neighbours import hires_fix_tweaks


def expected_size(p: Processing) -> tuple[int, int]:
    """Pixels of what the stages will start from: the first pass, or Hires. fix's result if that is on.

    For a first pass it is the requested size, which scales apply to, though it comes out in whole latents.
    """
    rules = latent_shape.size_rules()
    if not p.enable_hr:
        return rules.requested((p.width, p.height))
    q = copy(p)
    q.extra_generation_params = {}
    q.calculate_target_resolution()
    return (
        (q.hr_upscale_to_x // rules.factor - q.truncate_x) * rules.factor,
        (q.hr_upscale_to_y // rules.factor - q.truncate_y) * rules.factor,
    )


def expected_start(p: Processing, image: Image | None) -> tuple[tuple[int, int], bool]:
    """The size of what the stages will start from, of the request's `image` if there is one, and whether it is one."""
    return (expected_size(p), False) if image is None else (image.size, True)


def what_stages_follow(p: Processing, size: tuple[int, int], is_picture: bool = False) -> FirstPass:
    """What a plan starts from: something of this size, with the generation's own sampling. `is_picture`: the size is
    that of a picture, not one that is asked for."""
    # Where others set the CFG scale of second passes, a stage that gives the first pass's differs from one without.
    cfg = None if hires_fix_tweaks.sets_cfg(p) else p.cfg_scale
    return FirstPass(
        *size, p.steps, p.sampler_name, scheduler_of(p), cfg,
        size_rules=latent_shape.size_rules(), distilled_cfg=distilled_cfg(p),
        checkpoint=checkpoints.name_of(checkpoints.first_pass_checkpoint(p)), tile=trained_side(),
        is_picture=is_picture, **refining.planned(refining.of_generation(p), p.refiner_switch_at),
    )  # fmt: skip


def first_picture(samples: Any) -> Picture | None:
    if samples is None:
        return None
    if getattr(samples, "already_decoded", False):
        return Picture(images=pixels.from_decoded(samples))
    return Picture(latents=samples)


def check_count(p: Processing, picture: Picture) -> None:
    """Raise StrategyError for another number of images than `p` has seeds: nobody could tell which is which."""
    count = len(picture.images if picture.images is not None else picture.latents)  # type: ignore[arg-type]
    if count != len(p.seeds):
        raise StrategyError(
            f"Another extension made {count} images of this first pass where {len(p.seeds)} were asked for, so it is "
            f"not known which of them a strategy goes on from. Switch that extension or this section off."
        )


def check_frames(p: Processing) -> None:
    """Raise StrategyError for a video: with some models Forge Neo samples a batch as the frames of one."""
    count = latent_shape.frames(p)
    if count > 1:
        raise StrategyError(
            f"This model makes one video of the batch, {count} latents long, and a strategy works on pictures: set the "
            f"batch size to 1."
        )


def picture_size(p: Processing, picture: Picture) -> tuple[int, int]:
    """The size that scales apply to: the expected one, unless the picture came out at another size."""
    rules = latent_shape.size_rules()
    if picture.images is not None:
        size = picture.images[0].size
    else:
        assert picture.latents is not None
        size = latent_shape.size_of(picture.latents)
    expected = expected_size(p)
    return expected if rules.whole(expected) == size else size


def check_hires_fix(p: Processing, limits: Limits) -> None:
    """Check the host's own second pass, which a strategy starts from, like a stage."""
    steps = p.hr_second_pass_steps or p.steps
    total = schedule_length(steps, p.denoising_strength or 1)
    scheduler = hires_scheduler_of(p)
    check_steps("Hires. fix", Steps(p.hr_sampler_name or p.sampler_name, scheduler, steps, total, True), limits)
