"""The walk: what is shared runs once, nothing converts without need, every branch is alone with its path."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hires_strategies.planning.plan import Plan
from hires_strategies.running.outcome import Result
from hires_strategies.running.run import run
from tests.engine.fake_host import SIZE, FakeHost, first_latents, first_picture, plan_of, same_images
from tests.evaluations import plan_evaluations
from tests.properties import examples

_stages = st.sampled_from(
    ["Latent x2 @0.5", "Latent x2 @0.7", "Latent (bicubic) x1.5 @0.5", "Lanczos x2", "Lanczos x2 @0.5", "None x1.3",
     "Lanczos 96x48 @0.4", "Latent 48x64 @0.5 [7 steps]", "None 40x72", 'Lanczos x2 @0.5 [prompt "b"]', "Lanczos x2 @1",
     "Latent x2 @0.5 [checkpoint b]", "Lanczos x2 @0.5 [checkpoint b]", "Latent x2 @0.5 [checkpoint xl]",
     "Lanczos x2 @0.5 [checkpoint xl; refiner r]", "Latent x2 @0.5 [refiner r]", "Lanczos x2 @0.5 [color match]",
     "Latent x2 @0.5 [checkpoint xl; color match]", "None x1.3 [color match]"]
)  # fmt: skip
_chains = st.lists(_stages, min_size=1, max_size=3).map(" > ".join)
_direct = st.lists(_stages, max_size=2).map(lambda stages: " > ".join(["Direct x1.5", *stages]))
variants = st.lists(st.one_of(_chains, _chains, _direct), min_size=1, max_size=5)


def run_all(plan: Plan, host: FakeHost) -> Result:
    """A run that keeps the pictures of every stage."""
    picture = first_picture() if plan.needs_first_pass else None
    return run(plan, host, picture, [node.index for node in plan.stages])


def log_of(text: str) -> list[str]:
    host = FakeHost()
    run(plan_of(text), host, first_picture())
    return host.log


@pytest.mark.parametrize(
    ("text", "log"),
    [
        ("Latent x2 @0.5", ["latent_upscale", "sample", "decode"]),
        ("Lanczos x2", ["decode", "pixel_upscale"]),
        ("Lanczos x2 @0.5", ["decode", "pixel_upscale", "encode", "sample", "decode"]),
        ("Direct x2", ["direct", "decode"]),
        # Neither goes through the autoencoder between its stages.
        ("Lanczos x2 > None x2", ["decode", "pixel_upscale", "pixel_upscale"]),
        ("Latent x2 @0.5 > Latent x2 @0.5", ["latent_upscale", "sample", "latent_upscale", "sample", "decode"]),
        ("Lanczos x2 > Latent x2 @0.5", ["decode", "pixel_upscale", "encode", "latent_upscale", "sample", "decode"]),
        # Shared prefixes, shared upscales, shared conversions.
        ("Latent x2 @{0.5,0.7}", ["latent_upscale", "sample", "decode", "sample", "decode"]),
        ("Lanczos x2 @{0.5,0.7}", ["decode", "pixel_upscale", "encode", "sample", "decode", "sample", "decode"]),
        ("Lanczos x2\nLanczos x2 @0.5", ["decode", "pixel_upscale", "encode", "sample", "decode"]),
        ("{None,Lanczos} x2", ["decode", "pixel_upscale", "pixel_upscale"]),
        ("Latent x2 @1 > {None,Lanczos} x2", ["latent_upscale", "sample", "decode", "pixel_upscale", "pixel_upscale"]),
        ("Latent x2 @{0.95,1}", ["latent_upscale", "sample", "decode"]),
        ("Lanczos x2\nLanczos x2 > None x2", ["decode", "pixel_upscale", "pixel_upscale"]),
        ("Latent x2 @0.5\nLatent x2 @0.5 > Latent x2 @0.5",
         ["latent_upscale", "sample", "decode", "latent_upscale", "sample", "decode"]),
        # Other scripts work on pixels; a stage with it is another stage, which shares the upscale.
        ("Latent x2 @0.5 [detail]", ["latent_upscale", "sample", "decode", "detail"]),
        ("Lanczos x2 [detail] > None x2", ["decode", "pixel_upscale", "detail", "pixel_upscale"]),
        ("Latent x2 @0.5 [detail] > Latent x2 @0.5",
         ["latent_upscale", "sample", "decode", "detail", "encode", "latent_upscale", "sample", "decode"]),
        ("Lanczos x2\nLanczos x2 [detail]", ["decode", "pixel_upscale", "detail"]),
        ("Latent x2 @0.5\nLatent x2 @0.5 [detail]",
         ["latent_upscale", "sample", "decode", "sample", "decode", "detail"]),
        ("Lanczos x1 > Latent x2 @{0.5,0.7}",
         ["decode", "pixel_upscale", "encode", "latent_upscale", "sample", "decode", "sample", "decode"]),
    ],
)  # fmt: skip
def test_what_the_host_is_asked_for(text: str, log: list[str]) -> None:
    host = FakeHost()
    run(plan_of(text, steps=15), host, first_picture())
    assert host.log == log


def test_no_script_works_on_a_stage_that_was_interrupted() -> None:
    host = FakeHost(stop_at=1)
    (outcome,) = run(plan_of("Latent x2 @0.5 [detail]"), host, first_picture()).stages
    assert "detail" not in host.log
    assert outcome.reached is None and outcome.error is not None and "was not finished" in outcome.error


@given(variants)
def test_every_stage_runs_once_and_takes_the_plans_steps(lines: list[str]) -> None:
    plan = plan_of("\n".join(lines))
    host = FakeHost()
    result = run_all(plan, host)
    assert len(host.jobs) == len(plan.stages)
    assert host.sampled_steps == sum(node.steps for node in plan.stages)
    first_pass_steps = plan.first_pass.steps if plan.needs_first_pass else 0
    assert first_pass_steps + host.sampled_steps == plan_evaluations(plan)
    assert sum(outcome.model_evaluations or 0 for outcome in result.stages) == host.sampled_steps
    calls = Counter(host.log)
    assert calls["sample"] + calls["direct"] == sum(1 for node in plan.stages if node.sampling)
    assert calls["pixel_upscale"] + calls["latent_upscale"] == len(
        {
            (node.parent, node.upscale, node.sampling.checkpoint if node.sampling else None)
            for node in plan.stages
            if node.upscale
        }
    )


def test_evaluations_are_those_that_the_host_counted() -> None:
    host = FakeHost()
    host.counts = True
    stages = run_all(plan_of("Latent x1.5 @0.5 [sampler Mine] > Lanczos x2\nDirect x2 [4 steps]", steps=3), host).stages
    assert [outcome.model_evaluations for outcome in stages] == [6, 0, 8]
    host.counts = False
    stages = run_all(plan_of("Latent x1.5 @0.5 [sampler Mine]\nDirect x2 [4 steps]", steps=3), host).stages
    assert [outcome.model_evaluations for outcome in stages] == [None, 4]


@given(variants)
def test_every_stage_is_finished_in_its_size(lines: list[str]) -> None:
    plan = plan_of("\n".join(lines))
    for node, outcome in zip(plan.stages, run_all(plan, FakeHost()).stages, strict=True):
        assert outcome.error is None and outcome.reached == node.index
        assert outcome.images is not None
        assert {image.size for image in outcome.images} == {(node.width, node.height)}
        assert outcome.start_sigma == (node.sampling.total if node.sampling else None)
        assert outcome.seconds >= 0


@given(st.data())
def test_a_variant_does_not_depend_on_the_others(data: st.DataObject) -> None:
    lines = data.draw(variants)
    order = data.draw(st.permutations(lines))
    together = plan_of("\n".join(order))
    outcomes = run_all(together, FakeHost()).stages
    for line, variant in zip(order, together.variants, strict=True):
        alone = plan_of(line)
        wanted = run_all(alone, FakeHost()).stages[alone.variants[0].node]
        assert same_images(outcomes[variant.node].images, wanted.images)


@pytest.mark.parametrize(
    "before", ["Lanczos x2 @0.5", "Latent (bicubic) x1.5 @0.5", "Lanczos x2", "Lanczos x2 > None x1 @0.2"]
)
@pytest.mark.parametrize("text", ["Lanczos x1.5 > Latent x1.5 @0.5", "None x1.3 @0.5", "Lanczos x2 @0.3"])
def test_an_encode_does_not_depend_on_what_drew_before(before: str, text: str) -> None:
    alone, after = plan_of(text), plan_of(f"Lanczos x1.5 > {before}\n{before}\n{text}")
    wanted = run_all(alone, FakeHost()).stages[-1].images
    assert same_images(run_all(after, FakeHost()).stages[after.variants[2].node].images, wanted)


def test_different_stages_make_different_pictures() -> None:
    # What the fake host makes has to tell stages apart, or the tests above could not fail.
    plan = plan_of(
        "Latent x2 @{0.5,0.7}\nLatent (bicubic) x2 @0.5\n{Lanczos,None} x2\n{Lanczos,None} x2 @0.5\nDirect x2"
    )
    images = [outcome.images for outcome in run_all(plan, FakeHost()).stages]
    assert not any(same_images(one, other) for index, one in enumerate(images) for other in images[:index])


def test_only_variants_are_decoded_unless_more_is_asked_for() -> None:
    plan = plan_of("Latent x2 @0.5 > Latent x2 @0.5")
    host = FakeHost()
    result = run(plan, host, first_picture())
    assert [outcome.images is None for outcome in result.stages] == [True, False]
    assert result.first_pass is None and host.log.count("decode") == 1
    host = FakeHost()
    result = run(plan, host, first_picture(), [0, None])
    assert [outcome.images is None for outcome in result.stages] == [False, False]
    assert result.first_pass is not None and result.first_pass[0].size == SIZE
    assert host.log.count("decode") == 3


def test_the_first_pass_is_decoded_once() -> None:
    host = FakeHost()
    result = run(plan_of("Lanczos x2"), host, first_picture(), [None])
    assert host.log == ["decode", "pixel_upscale"]
    assert same_images(result.first_pass, FakeHost().decode(first_latents()))


def test_plans_of_direct_run_without_a_first_pass() -> None:
    plan = plan_of("Direct x2 > Lanczos x2\nDirect x2 > Latent x2 @0.5")
    host = FakeHost()
    result = run(plan, host, None, [None])
    assert all(outcome.error is None for outcome in result.stages)
    assert result.first_pass is None
    assert host.log[0] == "direct" and host.log.count("direct") == 1


def test_the_jobs_are_named_and_numbered() -> None:
    host = FakeHost()
    run(plan_of("Latent x2 @0.5 > Lanczos x2\nNone x2"), host, first_picture())
    assert host.jobs == [
        "Hires stage 1 of 3: Latent x2 @0.5", "Hires stage 2 of 3: Lanczos x2", "Hires stage 3 of 3: None x2"
    ]  # fmt: skip


# Crops of "resize to": the middle, in whole latents or in pixels.


def test_a_pixel_crop_keeps_the_middle() -> None:
    # 64x48 to 40x72: covered by 96x72, of which 28 pixels go on either side.
    host = FakeHost()
    result = run(plan_of("None 40x72\nNone 96x72"), host, first_picture())
    cropped, whole = (outcome.images for outcome in result.stages)
    assert cropped is not None and whole is not None
    assert [image.tobytes() for image in cropped] == [image.crop((28, 0, 68, 72)).tobytes() for image in whole]


def test_a_latent_crop_takes_whole_latents_from_both_ends() -> None:
    # 8x6 latents to 5 columns and 9 rows: covered by 12x9, of which 3 go left and 4 right.
    plan = plan_of("Latent 40x72 @0.5")
    seen = []

    class Watching(FakeHost):
        def sample(self, latents, images, node, alone=None):
            seen.append(latents.copy())
            return super().sample(latents, images, node)

    run(plan, Watching(), first_picture())
    upscale = plan.stages[0].upscale
    assert upscale is not None
    whole = FakeHost().latent_upscale(first_latents(), upscale)
    assert whole.shape[2:] == (9, 12)
    assert np.array_equal(seen[0], whole[:, :, :, 3:8])


@settings(max_examples=examples(50))
@given(st.integers(16, 200), st.integers(16, 200), st.sampled_from(["Latent", "Lanczos"]))
def test_crops_of_any_size_fit_the_plan(width: int, height: int, upscaler: str) -> None:
    plan = plan_of(f"{upscaler} {width}x{height} @0.5\nNone {width}x{height} > Latent x1.5 @0.5")
    result = run_all(plan, FakeHost())
    assert [outcome.error for outcome in result.stages] == [None] * 3
