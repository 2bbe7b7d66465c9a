"""The plan: sizes by the host's rule, one node for what is one picture, parents before children."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from hires_strategies.control_units import ControlUnits
from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.report import as_text, remarks, warnings
from hires_strategies.planning.tree import make_plan
from hires_strategies.stage_options import OPTIONS, Option
from hires_strategies.strategy import Stage, Strategy
from hires_strategies.value_kinds import Flag, Name, Number, Pixels, Text, TileSize
from hires_strategies.where import Where
from tests.engine.generators import strategies

NO_LIMITS = Limits(longest_side=10**9, variants=10**6)
sides = st.integers(64, 2048)


def distinct(plan: Plan) -> list[int]:
    """The variants that are not the same picture as an earlier one."""
    return [index for index, variant in enumerate(plan.variants) if variant.same_as is None]


def plan_of(text: str, size: tuple[int, int] = (512, 512), steps: int = 20, **more: object) -> Plan:
    return make_plan(parse(text), FirstPass(*size, steps, **more))  # type: ignore[arg-type]


def sizes(plan: Plan) -> list[tuple[int, int]]:
    return [(node.width, node.height) for node in plan.stages]


# The host's rule in words: "resize to" covers the wanted size with the ratio kept, rounded down, and cuts whole latents
# from both ends of the side that is too long; "upscale by" multiplies and rounds down. Latents are whole eighths.


def covering_size(source: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    width, height = source
    by_width, by_height = Fraction(wanted[0], width), Fraction(wanted[1], height)
    if by_width > by_height:
        return wanted[0], int(height * by_width)
    return int(width * by_height), wanted[1]


def latents_left(covering: int, wanted: int) -> int:
    rows = list(range(covering // 8))
    cut = (covering - wanted) // 8
    before, after = cut // 2, cut - cut // 2
    return len(rows[before : len(rows) - after])


@given(sides, sides, st.floats(0.25, 8))
def test_scales_round_down(width: int, height: int, scale: float) -> None:
    exact = (int(width * scale), int(height * scale))
    first_pass = FirstPass(width, height, 20)
    chains = [
        Strategy((Stage("Lanczos", scale=scale),)),
        Strategy((Stage("Latent", scale=scale, denoising_strength=0.5),)),
    ]
    chains += [
        Strategy((Stage("Lanczos", scale=scale, denoising_strength=0.5),)),
        Strategy((Stage("Direct", scale=scale),)),
    ]
    only_upscaled, latent, sampled, direct = make_plan(chains, first_pass, NO_LIMITS).stages
    assert (only_upscaled.width, only_upscaled.height) == exact
    for node in (latent, sampled, direct):
        assert (node.width, node.height) == (exact[0] // 8 * 8, exact[1] // 8 * 8)
    for node in (only_upscaled, latent, sampled):
        assert node.upscale is not None and (node.upscale.width, node.upscale.height) == exact
    assert direct.upscale is None


@given(sides, sides, sides, sides)
def test_resize_to_covers_and_crops(width: int, height: int, to_width: int, to_height: int) -> None:
    first_pass = FirstPass(width, height, 20)
    chains = [
        Strategy((Stage("Lanczos", width=to_width, height=to_height),)),
        Strategy((Stage("Latent", width=to_width, height=to_height, denoising_strength=0.5),)),
    ]
    only_upscaled, sampled = make_plan(chains, first_pass, NO_LIMITS).stages
    covering = covering_size((width, height), (to_width, to_height))
    for node in (only_upscaled, sampled):
        assert node.upscale is not None and (node.upscale.width, node.upscale.height) == covering
    assert (only_upscaled.width, only_upscaled.height) == (to_width, to_height)
    assert sampled.width == latents_left(covering[0], to_width) * 8
    assert sampled.height == latents_left(covering[1], to_height) * 8


def calculate_target_resolution(size: tuple[int, int], scale: float, resize: tuple[int, int]) -> tuple[int, int]:
    """A1111's own (modules/processing.py), line by line, and what its sample_hr_pass leaves: pixels of the result."""
    width, height = size
    truncate_x = truncate_y = 0
    if resize == (0, 0):
        hr_upscale_to_x, hr_upscale_to_y = int(width * scale), int(height * scale)
    else:
        target_w, target_h = resize
        src_ratio = width / height
        dst_ratio = target_w / target_h
        if src_ratio < dst_ratio:
            hr_upscale_to_x, hr_upscale_to_y = target_w, target_w * height // width
        else:
            hr_upscale_to_x, hr_upscale_to_y = target_h * width // height, target_h
        truncate_x = (hr_upscale_to_x - target_w) // 8
        truncate_y = (hr_upscale_to_y - target_h) // 8
    return (hr_upscale_to_x // 8 - truncate_x) * 8, (hr_upscale_to_y // 8 - truncate_y) * 8


@given(sides, sides, st.floats(0.25, 8), st.tuples(sides, sides), st.sampled_from(["Latent", "Lanczos"]))
def test_any_size_is_the_hosts(width: int, height: int, scale: float, wanted: tuple[int, int], upscaler: str) -> None:
    by_scale = Strategy((Stage(upscaler, scale=scale, denoising_strength=0.5),))
    by_size = Strategy((Stage(upscaler, width=wanted[0], height=wanted[1], denoising_strength=0.5),))
    plan = make_plan([by_scale, by_size], FirstPass(width, height, 20), NO_LIMITS)
    reached = [(plan.stages[variant.node].width, plan.stages[variant.node].height) for variant in plan.variants]
    assert reached[0] == calculate_target_resolution((width, height), scale, (0, 0))
    assert reached[1] == calculate_target_resolution((width, height), 0, wanted)


def test_sizes_go_on_from_the_stage_before() -> None:
    plan = plan_of("Lanczos x1.3 > Latent x1.5 @0.5 > Lanczos x1.01 > Lanczos x2 @0.4", (510, 770))
    assert sizes(plan) == [(663, 1001), (992, 1496), (1001, 1510), (2000, 3016)]


# A merge is right exactly where the host would take the same steps of the same schedule.


def host_schedule(steps: int, denoising_strength: float) -> tuple[int, int]:
    """Length and first index of the schedule that runs, for `steps` steps of a second pass."""
    whole = int(steps / min(denoising_strength, 0.999))
    return whole, whole - steps


@given(st.integers(1, 150), st.floats(0.01, 1), st.floats(0.01, 1))
def test_strengths_merge_exactly_when_they_start_at_the_same_step(steps: int, one: float, other: float) -> None:
    chains = [Strategy((Stage("Latent", scale=2, denoising_strength=value),)) for value in (one, other)]
    plan = make_plan(chains, FirstPass(512, 512, steps))
    same = host_schedule(steps, one) == host_schedule(steps, other)
    assert (len(plan.stages) == 1) == same
    assert plan.variants[1].same_as == (0 if same else None)
    sampling = plan.stages[0].sampling
    assert sampling is not None and (sampling.total, sampling.total - sampling.steps) == host_schedule(steps, one)


@pytest.mark.parametrize(
    ("steps", "one", "other", "merged"),
    [(15, 0.95, 1, True), (18, 0.95, 1, True), (19, 0.95, 1, False), (10, 0.85, 0.9, True), (20, 0.85, 0.9, False),
     (20, 0.999, 1, True)],
)  # fmt: skip
def test_known_merges(steps: int, one: float, other: float, merged: bool) -> None:
    plan = plan_of(f"Latent x2 @{{{one},{other}}}", steps=steps)
    assert len(plan.stages) == (1 if merged else 2)
    assert distinct(plan) == ([0] if merged else [0, 1])
    assert plan.stages[0].text == f"Latent x2 @{one}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Latent x2 @0.5", "Latent 1024x1024 @0.5"),
        ("Latent x2 @0.5", "Latent x2.001 @0.5"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [20 steps]"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [sampler Euler a; scheduler Karras; cfg 7]"),
        ("Direct x2", "Direct 1024x1031 [20 steps]"),
        ("None x2 > Latent x2 @0.5", "None 1024x1024 > Latent x2 @0.5"),
    ],
)
def test_other_words_for_the_same_picture(one: str, other: str) -> None:
    plan = plan_of(f"{one}\n{other}", sampler="Euler a", scheduler="Karras", cfg=7.0)
    assert plan.variants[1].same_as == 0
    assert [variant.text for variant in plan.variants] == [one, other]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Latent x2 @0.5", "Latent (bicubic) x2 @0.5"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [21 steps]"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [sampler Euler]"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [scheduler Uniform]"),
        ("Latent x2 @0.5", "Latent x2 @0.5 [cfg 7.5]"),
        ("Latent x2 @0.5", 'Latent x2 @0.5 [prompt ""]'),
        ('Latent x2 @0.5 [prompt "a"]', 'Latent x2 @0.5 [negative "a"]'),
        ("Lanczos x2", "Lanczos x2 @0.5"),
        ("Lanczos x2", "Lanczos x2.01"),
        ("Lanczos x2 @0.5", "Lanczos 1024x1031 @0.5"),
        ("Direct x2", "None x2 @1"),
        ("Lanczos x2", "Lanczos x2 > Lanczos x1"),
    ],
)
def test_what_is_not_the_same_picture(one: str, other: str) -> None:
    plan = plan_of(f"{one}\n{other}", (513, 512), sampler="Euler a", scheduler="Karras", cfg=7.0)
    assert distinct(plan) == [0, 1]


def test_prefixes_are_shared() -> None:
    plan = plan_of(
        "Latent x2 @0.7 > {None,Lanczos} x2\nLatent x2 @0.7\nLatent x2 @{0.7,0.5} > None x2 > None x2", (512, 256)
    )
    assert [(node.text, node.parent) for node in plan.stages] == [
        ("Latent x2 @0.7", None),
        ("None x2", 0),
        ("Lanczos x2", 0),
        ("None x2", 1),
        ("Latent x2 @0.5", None),
        ("None x2", 4),
        ("None x2", 5),
    ]
    assert [variant.node for variant in plan.variants] == [1, 2, 0, 3, 6]
    assert [node.index for node in plan.children(None)] == [0, 4]
    assert [node.index for node in plan.path(3)] == [0, 1, 3]
    assert [node.index for node in plan.subtree(0)] == [0, 1, 2, 3]
    assert [node.index for node in plan.subtree(4)] == [4, 5, 6]


@given(st.lists(strategies(), min_size=1, max_size=5), st.integers(1, 150))
@settings(suppress_health_check=[HealthCheck.filter_too_much])  # many start where no schedule does
def test_the_tree_of_any_strategies(chains: list[Strategy], steps: int) -> None:
    try:
        plan = make_plan(chains, FirstPass(64, 96, steps), NO_LIMITS)
    except StrategyError as error:
        reasons = ("needs at least", "too low", "cannot start there", "lies outside", "leaves nothing of that")
        assert any(each in error.message for each in reasons), error.message
        reject()
    assert [variant.text for variant in plan.variants] == [format_strategy(chain) for chain in chains]
    assert [node.index for node in plan.stages] == list(range(len(plan.stages)))
    assert all(node.parent is None or node.parent < node.index for node in plan.stages)
    for chain, variant in zip(chains, plan.variants, strict=True):
        path = plan.path(variant.node)
        assert len(path) == len(chain.stages)
        for node, stage in zip(path, chain.stages, strict=True):
            assert node.steps == ((stage.steps or steps) if stage.is_sampled else 0)
            assert node.width > 0 and node.height > 0
            assert not stage.is_sampled or (node.width % 8, node.height % 8) == (0, 0)
        if variant.same_as is not None:
            assert plan.variants[variant.same_as].node == variant.node
            assert plan.variants[variant.same_as].same_as is None
    assert len({plan.variants[index].node for index in distinct(plan)}) == len(distinct(plan))
    # No node stands for nothing, and none twice.
    used = {node.index for variant in plan.variants for node in plan.path(variant.node)}
    assert used == set(range(len(plan.stages)))
    assert len({(node.parent, node.text) for node in plan.stages}) == len(plan.stages)


def test_only_direct_needs_no_first_pass() -> None:
    assert not plan_of("Direct x2 > None x2\nDirect 512x512").needs_first_pass
    assert plan_of("Direct x2\nNone x2").needs_first_pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "None x2 > Latent x16 @0.5",
            "'Latent x16 @0.5' makes 16384x16384 pixels here, and the longest side may have 8000",
        ),
        ("None x1 > None 8001x10", "longest side may have 8000"),
        # The cut picture is small, the one that is cut is not.
        (
            "None x1 > Lanczos 4000x10 > Lanczos 10x4000",
            "'Lanczos 10x4000' makes 10x4000 pixels here, cut out of an upscale to 1600000x4000, and the longest",
        ),
        (
            "None x1 > None 64x512 > Latent 2000x8 @0.4",
            "'Latent 2000x8 @0.4' makes 2000x8 pixels here, cut out of an upscale to 2000x16000, and the longest",
        ),
        ("None x1 > Latent x0.01 @0.5", "makes 0x0 pixels here, and a side needs at least 8"),
        ("None x1 > Latent 7x7 @0.5", "a side needs at least 8"),
        ("None x1 > None x0.001", "makes 0x0 pixels here, and a side needs at least 1"),
        ("None x1 > None x2 @0.000001", "The denoising strength of 'None x2 @0.000001' is too low"),
        ("None x1 > None x2 @0." + "0" * 322 + "1", "is too low"),
    ],
)
def test_what_cannot_be_planned_is_refused_at_its_stage(text: str, message: str) -> None:
    with pytest.raises(StrategyError) as caught:
        plan_of("None x1\n" + text)
    assert message in caught.value.message
    assert caught.value.line == 2
    assert caught.value.column == text.rindex("> ") + 3


def test_without_a_text_an_error_has_no_place() -> None:
    with pytest.raises(StrategyError) as caught:
        make_plan([Strategy((Stage("None", scale=16),))], FirstPass(512, 512, 20))
    assert (caught.value.line, caught.value.column) == (None, None)


def test_limits_are_the_callers() -> None:
    chains = parse("None x2\nNone x3")
    assert make_plan(chains, FirstPass(512, 512, 20), Limits(longest_side=1536, variants=2))
    with pytest.raises(StrategyError, match="1535"):
        make_plan(chains, FirstPass(512, 512, 20), Limits(longest_side=1535, variants=2))
    with pytest.raises(StrategyError, match="2 variants are more than 1"):
        make_plan(chains, FirstPass(512, 512, 20), Limits(variants=1))
    with pytest.raises(StrategyError, match="no strategy"):
        make_plan([], FirstPass(512, 512, 20))


@pytest.mark.parametrize(
    "values", [(0, 8, 20), (8, -1, 20), (8, 8, 0), (8, 8.0, 20), (8, 8, True), (10**400, 1, 1), (8, 8, 10**400)]
)
def test_a_first_pass_has_whole_numbers(values: tuple[int, int, int]) -> None:
    with pytest.raises(StrategyError, match="first pass"):
        FirstPass(*values)


def test_a_strength_of_0_is_the_upscale_alone() -> None:
    plan = make_plan(parse("{None,Latent} x1.3 @{0..1..0.5}\nNone x1.3"), FirstPass(100 // 8 * 8, 96, 20))
    pixel, latent = plan.stages[plan.variants[0].node], plan.stages[plan.variants[3].node]
    assert pixel.sampling is None and (pixel.width, pixel.height) == (124, 124)
    assert latent.sampling is None and (latent.width, latent.height) == (120, 120)
    assert plan.variants[6].same_as == 0
    assert [variant.same_as for variant in plan.variants[:6]] == [None] * 6


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.field)
def test_what_makes_samplings_equal_is_every_option(option: Option) -> None:
    """An option that is added later counts without anybody thinking of it."""
    first = FirstPass(512, 512, 20, "Euler", "Automatic", 7, refiner="one")
    value = EXAMPLES[type(option.kind)](option.kind)
    whole: dict[str, Any] = {option.part_of[0]: 512} if option.part_of else {}
    stages = [Stage("None", scale=2, denoising_strength=0.5, **{**whole, option.field: each}) for each in (None, value)]
    assert len(make_plan([Strategy((stage,)) for stage in stages], first).stages) == 2


EXAMPLES: dict[type, Callable[[Any], Any]] = {
    Number: lambda kind: kind.high,
    Name: lambda kind: "other",
    Text: lambda kind: "other",
    Flag: lambda kind: True,
    ControlUnits: lambda kind: "off",
    TileSize: lambda kind: 512,  # of 1024: a tile that holds the whole picture is none
    Pixels: lambda kind: 256,
    Where: lambda kind: "10 20 64 64",
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Latent x2 @0", ["'Latent x2 @0' is the upscale alone", "a blur"]),
        ("Latent x2 @0.5", []),
        ("R-ESRGAN 4x+ x2 @0", []),
        ("R-ESRGAN 4x+ x1 @0.4", ["'R-ESRGAN 4x+ x1 @0.4' does without its upscaler"]),
        ("R-ESRGAN 4x+ x0.5", ["'R-ESRGAN 4x+ x0.5' does without its upscaler"]),
        ("None x2 > R-ESRGAN 4x+ 512x1024 @1", ["'R-ESRGAN 4x+ 512x1024 @1' does without its upscaler"]),
        ("R-ESRGAN 4x+ x1", []),  # used all the same
        ("R-ESRGAN 4x+ 512x1024", []),  # one side grows
        ("Lanczos x0.5", []),
        ("None x1 @0.5", []),
        ("Direct x1", []),
        ("Latent x2 @{0,0.5,0}", ["'Latent x2 @0' is the upscale alone"]),
    ],
)
def test_a_stage_that_does_something_else_than_it_says_is_told(text: str, words: list[str]) -> None:
    plan = plan_of(text)
    told = remarks(plan)
    assert len(told) == bool(words)
    for word in words:
        assert word in told[0]
        assert told[0] in as_text(plan).splitlines()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Latent x2 @0.49", "'Latent x2 @0.49' will"),
        ("Latent x2 @{0.3..0.6..0.1}", "'Latent x2 @0.3' and 1 more stage will"),
        ("Lanczos x2 > Latent (bicubic) x1.5 @0.2", "'Latent (bicubic) x1.5 @0.2' will"),
        ("Latent x2 @0.5", None),
        ("Latent x1 @0.3", None),  # nothing is enlarged
        ("Latent x2 @0", None),  # told in other words
        ("R-ESRGAN 4x+ x2 @0.2", None),
        ("Direct x2", None),
    ],
)
def test_a_latent_upscale_with_little_sampling_is_said_to_be_blurred(text: str, named: str | None) -> None:
    plan = plan_of(text)
    told = warnings(plan)
    assert len(told) == bool(named)
    if named:
        assert told[0].startswith(named) and "Use 0.5 to 0.7, or a pixel upscaler" in told[0]
        assert told[0] in as_text(plan).splitlines() and told[0] not in remarks(plan)


@pytest.mark.parametrize(
    ("text", "used"),
    [("Lanczos x1", True), ("Lanczos 512x512", True), ("Lanczos x1 @0.5", False), ("Lanczos x1.5", False),
     ("Lanczos 512x256", True), ("Lanczos 256x256", False), ("Lanczos x1 @0", True), ("Latent x1 @0", False)],
)  # fmt: skip
def test_an_upscaler_without_sampling_is_used_at_the_pictures_own_size(text: str, used: bool) -> None:
    upscale = plan_of(text).stages[0].upscale
    assert upscale is not None and upscale.at_own_size is used


def test_the_report_tells_the_size_that_comes_out() -> None:
    assert "First pass: 128x128 (asked for 135x128), 20 steps" in as_text(plan_of("None x2", size=(135, 128)))
    assert "First pass: 128x128, 20 steps" in as_text(plan_of("None x2", size=(128, 128)))


def test_the_words_of_the_strategy_that_goes_on() -> None:
    plan = make_plan(parse("Latent x2 @0.95 > None x2\nLatent x2 @1 > Lanczos x2\nLatent x2 @1"), FirstPass(64, 64, 15))
    shared, first, second = plan.stages
    assert format_strategy(plan.strategy_to(shared.index)) == "Latent x2 @0.95"
    assert format_strategy(plan.strategy_to(shared.index, first.index)) == "Latent x2 @0.95"
    assert format_strategy(plan.strategy_to(shared.index, second.index)) == "Latent x2 @1"


def test_what_is_to_be_known_of_detail() -> None:
    plan = make_plan(parse("None x1.5 @0.4 [detail] > Latent x2 @0.5\nNone x1.5 @0.4"), FirstPass(64, 64, 20))
    with_it, after, without = plan.stages
    assert [node.detail for node in plan.stages] == [True, False, False]
    assert (with_it.upscale, with_it.steps) == (without.upscale, without.steps) and after.parent == with_it.index
    cost, encoded = remarks(plan)
    assert "no cost" in cost and after.text in encoded and "encoded" in encoded
    pixels = make_plan(parse("Lanczos x2 [detail]\nLanczos x2"), FirstPass(64, 64, 20))
    assert len(pixels.stages) == 2 and pixels.variants[1].same_as is None
