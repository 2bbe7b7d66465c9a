"""Memory of a run: latents live as long as a later branch needs them."""

from __future__ import annotations

import weakref

from hires_strategies.running.run import run
from tests.engine.fake_host import FakeHost, first_picture, plan_of


def test_finished_branches_are_dropped_before_the_next_stage() -> None:
    plan = plan_of("Latent x2 @0.5 > Latent x1.5 @0.5\nLatent x2 @0.5 > Lanczos x2 @0.4\nLanczos x2 @0.5\nNone x2")
    host = FakeHost()
    run(plan, host, first_picture())
    assert [job.partition(": ")[2] for job in host.jobs] == [
        "Latent x2 @0.5", "Latent x1.5 @0.5", "Lanczos x2 @0.4", "Lanczos x2 @0.5", "None x2"
    ]  # fmt: skip
    # The third stage still needs what the first one sampled; nobody needs what the second one did.
    assert host.alive_at_job == [[], ["sample"], ["sample"], [], []]
    assert host.alive() == []


def test_an_upscale_lives_until_its_last_use() -> None:
    host = FakeHost()
    run(plan_of("Latent x2 @{0.3,0.5,0.7}\nNone x2"), host, first_picture())
    assert host.alive_at_job == [[], ["latent_upscale"], ["latent_upscale"], []]


def test_a_long_sweep_holds_no_more_than_a_short_one() -> None:
    host = FakeHost()
    run(plan_of("Lanczos x2 @{0.1..0.9..0.02} > Latent x1.5 @0.5"), host, first_picture())
    assert max(map(len, host.alive_at_job)) == 2


def test_a_chain_holds_only_what_its_next_stage_starts_from() -> None:
    host = FakeHost()
    run(plan_of(" > ".join(["Latent x1 @0.5"] * 6)), host, first_picture())
    assert host.alive_at_job == [[], *[["sample"]] * 5]


def test_a_failed_stage_holds_nothing_when_memory_is_freed() -> None:
    # Without care the exception's traceback keeps the arrays of the call that ran out of memory.
    host = FakeHost(fail_at=1)
    run(plan_of("Latent x2 @0.5\nNone x2"), host, first_picture())
    assert host.failures
    assert host.alive_after_failure == []


def test_a_run_keeps_no_first_pass() -> None:
    picture = first_picture()
    latents = weakref.ref(picture.latents)
    result = run(plan_of("Latent x2 @0.5"), FakeHost(), picture)
    del picture
    assert latents() is None
    assert result.stages[0].images is not None
