"""What the stages of a batch start from: the first pass, or Hires. fix's result if that is on."""

from __future__ import annotations

from copy import copy
from typing import Any

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.planning.few_steps import Steps, check_steps
from hires_strategies.planning.sizes import LATENT_SIDE, whole_latents
from hires_strategies.planning.tree import schedule_length
from hires_strategies.running.run import Picture
from hires_strategies.webui.host import pixels
from hires_strategies.webui.host.forks.samplers import hires_scheduler_of
from hires_strategies.webui.host.processing import Processing


def expected_size(p: Processing) -> tuple[int, int]:
    """Pixels of what the stages will start from: the first pass, or Hires. fix's result if that is on.

    For a first pass it is the requested size, which scales apply to, though it comes out in whole latents.
    """
    if not p.enable_hr:
        return p.width, p.height
    q = copy(p)
    q.extra_generation_params = {}
    q.calculate_target_resolution()
    return (
        (q.hr_upscale_to_x // 8 - q.truncate_x) * 8,
        (q.hr_upscale_to_y // 8 - q.truncate_y) * 8,
    )


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


def picture_size(p: Processing, picture: Picture) -> tuple[int, int]:
    """The size that scales apply to: the expected one, unless the picture came out at another size."""
    if picture.images is not None:
        size = picture.images[0].size
    else:
        assert picture.latents is not None
        rows, columns = picture.latents.shape[-2:]
        size = columns * LATENT_SIDE, rows * LATENT_SIDE
    expected = expected_size(p)
    return expected if whole_latents(expected) == size else size


def check_hires_fix(p: Processing, limits: Limits) -> None:
    """Check the host's own second pass, which a strategy starts from, like a stage."""
    steps = p.hr_second_pass_steps or p.steps
    total = schedule_length(steps, p.denoising_strength or 1)
    scheduler = hires_scheduler_of(p)
    check_steps("Hires. fix", Steps(p.hr_sampler_name or p.sampler_name, scheduler, steps, total, True), limits)
