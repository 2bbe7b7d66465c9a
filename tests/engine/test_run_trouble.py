"""The walk when a stage fails or the user stops it: finished work is kept, the rest is marked, others go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.planning.plan import Plan
from hires_strategies.running.outcome import Result
from hires_strategies.running.run import run
from hires_strategies.wording import describe
from tests.engine.fake_host import FakeHost, first_latents, first_picture, plan_of, same_images
from tests.engine.test_run import run_all, variants

TEXT = "Latent x2 @0.5 > {None,Lanczos} x2\nLanczos x2 @{0.4,0.6} > Latent x1.5 @0.5\nDirect x1.5 > None x2"


def calls_of(plan: Plan) -> int:
    host = FakeHost()
    run_all(plan, host)
    return len(host.log)


def check_kept(plan: Plan, result: Result, host: FakeHost) -> list[int]:
    """Every stage is finished with its right pictures, or shows the last finished one before it. Returns the lost."""
    wanted = run_all(plan, FakeHost()).stages
    first = FakeHost().decode(first_latents())
    lost = []
    for node, outcome in zip(plan.stages, result.stages, strict=True):
        if outcome.error is None:
            assert outcome.reached == node.index
            assert same_images(outcome.images, wanted[node.index].images)
            assert node.parent not in lost
            continue
        lost.append(node.index)
        finished = [earlier.index for earlier in plan.path(node.index) if result.stages[earlier.index].error is None]
        assert outcome.reached == (finished[-1] if finished else None)
        assert (outcome.start_sigma, outcome.model_evaluations, outcome.seconds) == (None, 0, 0)
        if outcome.reached is not None:
            assert same_images(outcome.images, wanted[outcome.reached].images)
        elif plan.needs_first_pass:
            assert same_images(outcome.images, first)
        else:  # nothing was finished; what the very first stage had when it was interrupted is shown
            begun = outcome.error is not None and "not finished" in outcome.error and host.jobs and len(host.jobs) == 1
            assert (outcome.images is not None) == bool(begun)
    return lost


@given(variants, st.data())
def test_whatever_call_fails_only_its_stage_and_what_follows_is_lost(lines: list[str], data: st.DataObject) -> None:
    plan = plan_of("\n".join(lines))
    host = FakeHost(fail_at=data.draw(st.integers(0, calls_of(plan) - 1)))
    result = run_all(plan, host)
    lost = check_kept(plan, result, host)
    ((failed, message),) = host.failures
    assert lost == [node.index for node in plan.stages if failed in [each.index for each in plan.path(node.index)]]
    verb = host.log[host.fail_at or 0]
    for index in lost:
        assert result.stages[index].error == f"'{plan.stages[failed].text}' failed: {message}."
    assert message == f"{verb} has no memory for 3 numbers"


@pytest.mark.parametrize("index", range(calls_of(plan_of(TEXT))))
@pytest.mark.parametrize("trouble", ["fail_at", "stop_at"])
def test_every_single_call(trouble: str, index: int) -> None:
    plan = plan_of(TEXT)
    host = FakeHost(**{trouble: index})  # type: ignore[arg-type]
    assert check_kept(plan, run_all(plan, host), host)


@given(variants, st.data())
def test_stop_after_the_current_image_finishes_the_stage_that_runs_and_begins_no_other(
    lines: list[str], data: st.DataObject
) -> None:
    plan = plan_of("\n".join(lines))
    host = FakeHost(stop_at=data.draw(st.integers(0, calls_of(plan) - 1)), reason="stopped")
    result = run_all(plan, host)
    lost = check_kept(plan, result, host)
    assert len(lost) == len(plan.stages) - len(host.jobs)
    for index in lost:
        assert "did not run: the user stopped it." in (result.stages[index].error or "")


def test_one_sentence_for_all_that_did_not_run() -> None:
    sweep = plan_of("Latent x2 @{0.4..0.8..0.1}")
    result = run_all(sweep, FakeHost(stop_at=3, reason="stopped"))
    assert [outcome.error is None for outcome in result.stages] == [True, True, False, False, False]
    assert result.troubles == ["'Latent x2 @0.6' did not run: the user stopped it. Of 5 stages 3 did not run."]
    assert run_all(sweep, FakeHost(stop_at=7)).troubles == [
        "'Latent x2 @0.7' was not finished: the user interrupted it.",
        "'Latent x2 @0.8' did not run: the user interrupted it.",
    ]


@pytest.mark.parametrize("reason", ["interrupted", "skipped", "stopped"])
def test_a_stop_before_sampling_from_noise_alone_still_gives_a_picture(reason: str) -> None:
    host = FakeHost(reason=reason)
    host.pressed = True
    result = run_all(plan_of("Direct x2\nDirect x1.5"), host)
    assert host.log == ["direct", "decode"]
    assert result.stages[0].images is not None and result.stages[1].images is None
    assert (result.stages[0].reached, result.stages[0].error) == (
        (0, None) if reason == "stopped" else (None, f"'Direct x2' was not finished: the user {reason} it.")
    )


@given(variants, st.sampled_from(["interrupted", "skipped"]), st.data())
def test_stopping_keeps_what_is_finished(lines: list[str], reason: str, data: st.DataObject) -> None:
    plan = plan_of("\n".join(lines))
    host = FakeHost(stop_at=data.draw(st.integers(0, calls_of(plan) - 1)), reason=reason)
    result = run_all(plan, host)
    lost = check_kept(plan, result, host)
    assert not host.failures
    running = len(host.jobs)
    assert len(plan.stages) - len(lost) in (running - 1, running)
    errors = [result.stages[index].error or "" for index in lost]
    assert all(f"the user {reason} it" in error for error in errors)
    unfinished = [index for index in lost if "was not finished" in errors[lost.index(index)]]
    assert unfinished == ([node.index for node in plan.subtree(unfinished[0])] if unfinished else [])


def test_stopped_before_the_first_stage() -> None:
    host = FakeHost()
    host.pressed = True
    result = run(plan_of("Latent x2 @0.5 > None x2"), host, first_picture())
    assert host.jobs == [] and host.log == ["decode"]
    assert [outcome.error for outcome in result.stages] == [
        "'Latent x2 @0.5' did not run: the user interrupted it."
    ] * 2
    assert result.stages[1].images is not None and result.stages[1].images[0].size == (64, 48)


def test_what_happened_in_words() -> None:
    host = FakeHost(stop_at=1)
    result = run(plan_of("Latent x2 @0.5 > Latent x2 @0.5\nNone x2"), host, first_picture())
    assert [outcome.error for outcome in result.stages] == [
        "'Latent x2 @0.5' was not finished: the user interrupted it.",
        "'Latent x2 @0.5' was not finished: the user interrupted it.",
        "'None x2' did not run: the user interrupted it.",
    ]


def test_when_the_fallback_fails_too_the_sentence_says_so() -> None:
    class Broken(FakeHost):
        def decode(self, latents, tiled=False):
            raise ValueError("NaN in the picture")

    plan = plan_of("Latent x2 @0.5\nLatent x1.5 @0.5 > None x2")
    result = run(plan, Broken(), first_picture())
    assert [outcome.images for outcome in result.stages] == [None, None, None]
    assert result.stages[0].error == (
        "'Latent x2 @0.5' failed: NaN in the picture. "
        "The stage before it could not be shown either: NaN in the picture."
    )
    assert result.stages[1].error is None


def test_a_first_pass_that_cannot_be_shown_loses_nothing_else() -> None:
    plan = plan_of("Latent x2 @0.5")
    host = FakeHost(fail_at=calls_of(plan))
    result = run(plan, host, first_picture(), [None])
    assert result.first_pass is None
    assert result.first_pass_error == "The first pass could not be shown: decode has no memory for 3 numbers."
    assert result.stages[0].error is None and result.stages[0].images is not None


def test_a_plan_that_lacks_its_first_pass_fails_stage_by_stage() -> None:
    result = run(plan_of("Latent x2 @0.5 > None x2\nDirect x2"), FakeHost(), None)
    assert [outcome.error is None for outcome in result.stages] == [False, False, True]
    assert result.stages[1].images is None


def test_what_is_no_exception_is_not_held_back() -> None:
    class Quitting(FakeHost):
        def sample(self, latents, images, node, alone=None):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(plan_of("Latent x2 @0.5"), Quitting(), first_picture())


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("no memory"), "no memory."),
        (ValueError("No memory!\nmore lines"), "No memory!"),
        (ValueError(), "ValueError."),
        (ValueError("  \n"), "ValueError."),
    ],
)
def test_an_error_ends_a_sentence(error: Exception, sentence: str) -> None:
    assert describe(error) == sentence
