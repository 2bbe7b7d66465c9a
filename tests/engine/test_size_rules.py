"""Sizes where they are not rounded to 8 pixels: other models, and a WebUI that rounds Hires. fix differently."""

from __future__ import annotations

import math

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.cropping import crop_latents
from hires_strategies.size_rules import ORDINARY, SizeRules

FLUX_2 = SizeRules(factor=16)
SD_3 = SizeRules(multiple=16)
NEO = SizeRules(step=64)


class Latents:
    """The rows and columns that a crop leaves."""

    def __init__(self, rows: int, columns: int) -> None:
        self.shape = (1, 4, 1, rows, columns)

    def __getitem__(self, cut: tuple[object, slice, slice]) -> tuple[int, int]:
        every, rows, columns = cut
        assert every is ...
        return len(range(self.shape[-2])[rows]), len(range(self.shape[-1])[columns])


def plan_of(text: str, rules: SizeRules, size: tuple[int, int] = (512, 512)) -> Plan:
    return make_plan(parse(text), FirstPass(*rules.requested(size), 20, size_rules=rules))


def sizes(text: str, rules: SizeRules, size: tuple[int, int] = (512, 512)) -> list[tuple[int, int]]:
    return [(node.width, node.height) for node in plan_of(text, rules, size).stages]


@pytest.mark.parametrize(
    ("rules", "text", "expected"),
    [
        (ORDINARY, "None x1.3 @0.5", (664, 664)),
        (FLUX_2, "None x1.3 @0.5", (656, 656)),
        (FLUX_2, "Latent x1.3 @0.5", (656, 656)),
        (FLUX_2, "Direct x1.3", (656, 656)),
        (FLUX_2, "None x2 @0.5", (1024, 1024)),
        (FLUX_2, "Direct x2", (1024, 1024)),
        (FLUX_2, "Lanczos x1.3", (665, 665)),
        (FLUX_2, "Latent 1000x760 @0.5", (992, 752)),
        (SD_3, "None x1.3 @0.5", (656, 656)),  # 83 latents are odd: the host itself would fail
        (SD_3, "Latent x1.25 @0.5", (640, 640)),
        (SD_3, "Latent 760x1000 @0.5", (752, 992)),
        (SD_3, "Direct x1.3", (656, 656)),
        (SD_3, "Lanczos x1.3", (665, 665)),
        (NEO, "None x1.3 @0.5", (640, 640)),  # 665.6 is nearer to 640 than to 704
        (NEO, "Latent x1.32 @0.5", (704, 704)),
        (NEO, "None 1000x1500 @0.5", (1024, 1472)),
        (NEO, "Direct x1.3", (664, 664)),
        (NEO, "Lanczos x1.3", (665, 665)),
        (NEO, "Lanczos 1000x1500", (1000, 1500)),
        (SizeRules(step=8), "Latent x1.3 @0.5", (664, 664)),
    ],
)  # fmt: skip
def test_the_size_of_a_stage(rules: SizeRules, text: str, expected: tuple[int, int]) -> None:
    assert sizes(text, rules) == [expected]


def test_what_is_sampled_fits_the_model_whatever_is_asked_for() -> None:
    for side in range(512, 544):
        for text in (f"None {side}x{1056 - side} @0.5", f"Latent {side}x600 @0.5", f"None x{side / 512} @0.5"):
            for rules in (FLUX_2, SD_3):
                assert all(length % 16 == 0 for size in sizes(text, rules, (512, 768)) for length in size), text


def test_a_size_that_fits_the_model_is_left_as_the_host_makes_it() -> None:
    """165 pixels are 20 whole latents, which SD 3 can sample: the picture is enlarged to 165, as Hires. fix does."""
    plan = plan_of("None x1.29 @0.5", SD_3, (128, 128))
    upscale = plan.stages[0].upscale
    assert upscale is not None
    assert (upscale.width, plan.stages[0].width) == (165, 160)


@pytest.mark.parametrize("rules", [ORDINARY, FLUX_2, SD_3])
def test_the_crop_leaves_what_the_plan_says(rules: SizeRules) -> None:
    for width in range(512, 560, 3):
        for height in range(400, 640, 7):
            node = plan_of(f"Latent {width}x{height} @0.5", rules, (512, 768)).stages[0]
            assert node.upscale is not None
            rows, columns = crop_latents(Latents(*node.upscale.latent_size), node.upscale)
            assert (columns * rules.factor, rows * rules.factor) == (node.width, node.height)


def test_a_host_that_stretches_does_not_crop() -> None:
    node = plan_of("None 1000x1500 @0.5", NEO).stages[0]
    assert node.upscale is not None
    assert (node.upscale.width, node.upscale.height) == (node.upscale.crop_width, node.upscale.crop_height)
    cropped = plan_of("Lanczos 1000x1500", NEO).stages[0].upscale
    assert cropped is not None and cropped.width == 1500


@pytest.mark.parametrize("step", [8, 16, 64, 256])
def test_the_step_is_forge_neos_own_rounding(step: int) -> None:
    for width in range(512, 700, 13):
        for scale in (1.1, 1.25, 1.5, 1.7, 2):
            theirs = math.floor(width * scale / step + 0.5) * step
            assert sizes(f"None x{scale} @0.5", SizeRules(step=step), (width, width)) == [(theirs, theirs)]


def test_a_first_pass_is_made_of_whole_latents() -> None:
    assert FirstPass(500, 700, 20, size_rules=FLUX_2).made == (496, 688)
    assert FirstPass(500, 700, 20).made == (496, 696)


@pytest.mark.parametrize(
    ("rules", "text", "sentence"),
    [
        (FLUX_2, "None x0.02 @0.5", "makes 0x0 pixels here, and a side needs at least 16."),
        (SD_3, "None 512x8 @0.5", "makes 512x0 pixels here, and a side needs at least 16."),
        (SD_3, "Latent 8x512 @0.5", "makes 0x512 pixels here, and a side needs at least 16."),
        (NEO, "None 512x31 @0.5", "makes 512x0 pixels here, and a side needs at least 8."),
        (FLUX_2, "Lanczos 15x15 > Latent x4 @0.5",
         "'Latent x4 @0.5' starts from 15x15 pixels here, and a side of it needs at least 16."),
        (ORDINARY, "Lanczos 4x512 > Latent x4 @0.5",
         "'Latent x4 @0.5' starts from 4x512 pixels here, and a side of it needs at least 8."),
    ],
)  # fmt: skip
def test_sizes_that_are_too_small_are_refused(rules: SizeRules, text: str, sentence: str) -> None:
    with pytest.raises(StrategyError) as error:
        plan_of(text, rules)
    assert sentence in str(error.value)
