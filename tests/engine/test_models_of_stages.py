"""Stages with another checkpoint or a refiner: loaded as seldom as possible, and nothing is lost when that fails."""

from __future__ import annotations

import pytest
from hypothesis import given

from hires_strategies.notation.text import parse
from hires_strategies.planning.order import model_changes, running_order
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.run import run
from tests.engine.fake_host import SIZE, FakeHost, first_picture, plan_of, same_images
from tests.engine.test_run import run_all, variants


@pytest.mark.parametrize(
    ("text", "order", "changes"),
    [
        ("Latent x2 @{0.5,0.7} > None x2", "0 1 2 3", 0),
        # Siblings: those of the loaded checkpoint first, then one after the other.
        ("Latent x2 @0.5 [checkpoint {b,a,b}]\nLatent x2 @0.7\nLatent x2 @0.6 [checkpoint b]", "2 0 3 1", 3),
        # Once for all branches that want it at the same point.
        ("Latent x2 @{0.5,0.7} > None x2 @0.3 [checkpoint b]", "0 2 1 3", 2),
        ("Latent x2 @{0.5,0.7} > None x2 @0.3 [checkpoint b] > None x2 @0.2", "0 3 1 4 2 5", 2),
        # A stage that only upscales needs none, and follows the stage whose picture it is.
        ("Latent x2 @0.5 [checkpoint b] > None x2\nLatent x2 @0.7", "2 0 1", 2),
        ("None x2 > Latent x2 @0.5 [checkpoint b]", "0 1", 2),
        # A refiner is loaded in the middle of a sampling, and what comes next loads its own again.
        ("Latent x2 @{0.5,0.7} [refiner r]", "0 1", 4),
        ("Latent x2 @0.5 [checkpoint b; refiner r]\nLatent x2 @0.6 [checkpoint b]", "0 1", 4),
        ("Direct x2 [checkpoint b] > Latent x2 @0.5", "0 1", 2),
    ],
)
def test_the_order_and_how_often_a_model_is_loaded(text: str, order: str, changes: int) -> None:
    plan = plan_of(text)
    assert " ".join(str(node.index) for node in running_order(plan)) == order
    assert model_changes(plan) == changes
    host = FakeHost()
    run(plan, host, first_picture())
    loads = [call for call in host.log if call.startswith("load ")]
    assert len(loads) + (host.loaded is not None) == changes


@given(variants)
def test_every_load_is_counted(lines: list[str]) -> None:
    plan, host = plan_of("\n".join(lines)), FakeHost()
    run_all(plan, host)
    loads = [call for call in host.log if call.startswith("load ")]
    assert len(loads) + (host.loaded is not None) == model_changes(plan)


def test_what_is_named_and_what_the_first_pass_has_anyway_is_one_stage() -> None:
    first = FirstPass(*SIZE, 20, checkpoint="a", refiner="r", refiner_of_direct="s", refiner_at=0.5)

    def stages(text: str) -> int:
        return len(make_plan(parse(text), first).stages)

    assert stages("Latent x2 @0.5\nLatent x2 @0.5 [checkpoint a; refiner r; refiner at 0.5]") == 1
    assert stages("Latent x2 @0.5\nLatent x2 @0.5 [refiner off]\nLatent x2 @0.5 [refiner off; refiner at 0.3]") == 2
    assert stages("Direct x2\nDirect x2 [refiner s]\nDirect x2 [refiner r]") == 2
    plain = FirstPass(*SIZE, 20)
    assert len(make_plan(parse("Latent x2 @0.5\nLatent x2 @0.5 [refiner off]"), plain).stages) == 1
    assert model_changes(make_plan(parse("Latent x2 @0.5\nLatent x2 @0.6 [refiner off]"), first)) == 2


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
@pytest.mark.parametrize("checkpoint", ["b", "xl"])
def test_another_checkpoint_and_a_refiner_change_the_picture(upscaler: str, checkpoint: str) -> None:
    text = f"{upscaler} x2 @0.5\n{upscaler} x2 @0.5 [checkpoint {checkpoint}]\n{upscaler} x2 @0.5 [refiner r]"
    images = [outcome.images for outcome in run_all(plan_of(text), FakeHost()).stages]
    assert not any(same_images(one, other) for index, one in enumerate(images) for other in images[:index])


def test_latents_that_mean_something_else_go_through_pixels() -> None:
    host = FakeHost()
    run(plan_of("Latent x2 @0.5 [checkpoint xl]"), host, first_picture())
    assert host.log == ["decode", "load xl", "encode", "latent_upscale", "sample", "decode"]
    host = FakeHost()
    run(plan_of("Latent x2 @0.5 [checkpoint b]"), host, first_picture())
    assert host.log == ["decode", "load b", "latent_upscale", "sample", "decode"]


@pytest.mark.parametrize(("checkpoint", "refiner"), [("xl", "b"), ("b", "xl")])
def test_latents_are_those_of_the_refiner_that_finished_them(checkpoint: str, refiner: str) -> None:
    """Its model is loaded then: the next stage with that model takes them as they are."""
    host = FakeHost()
    text = f"Latent x2 @0.5 [checkpoint {checkpoint}; refiner {refiner}] > Latent x1.5 @0.5 [checkpoint {refiner}]"
    result = run(plan_of(text), host, first_picture())
    assert [outcome.error for outcome in result.stages] == [None, None]
    assert host.log[-5:] == ["sample", f"load {refiner}", "latent_upscale", "sample", "decode"]


def test_a_checkpoint_that_does_not_load_loses_nothing_finished() -> None:
    text = "Latent x2 @0.5 > None x2 @0.3 [checkpoint b]\nLatent x2 @0.7 > Latent x1.5 @0.5"
    plan, host = plan_of(text), FakeHost()
    run_all(plan, host)
    host = FakeHost(fail_at=host.log.index("load b"))
    result = run_all(plan, host)
    failed = [outcome for outcome in result.stages if outcome.error]
    assert len(failed) == 1 and failed[0].error is not None and "no memory" in failed[0].error
    assert failed[0].reached == 0 and same_images(failed[0].images, result.stages[0].images)


def test_the_first_pass_is_shown_by_its_own_model() -> None:
    plan = plan_of("Direct x2 > Latent x2 @0.5 [checkpoint b]")
    result = run(plan, FakeHost(), first_picture(), [None])
    assert same_images(result.first_pass, run(plan_of("Direct x2"), FakeHost(), first_picture(), [None]).first_pass)
