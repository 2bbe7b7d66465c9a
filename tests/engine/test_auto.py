"""Denoising strengths that are found while a plan runs: '@auto'."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hires_strategies.auto import Auto, read_auto
from hires_strategies.errors import StrategyError
from hires_strategies.notation.json_form import strategy_from_object
from hires_strategies.notation.text import format_strategy, parse
from hires_strategies.planning.completion import Complete
from hires_strategies.planning.cost import search_cost
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.schedules import by_formula
from hires_strategies.planning.sought import Found, Sought
from hires_strategies.planning.start import Starts
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.outcome import Result
from hires_strategies.running.run import run

from .fake_host import SIZE, FakeHost, first_picture, plan_of, same_images


def maker(text: str) -> Complete:
    return lambda finds: make_plan(parse(text), FirstPass(*SIZE, 20, "Euler"), finds=finds)


def ran(text: str, host: FakeHost | None = None, keep_all: bool = False) -> Result:
    plan = plan_of(text)
    keep = {node.index for node in plan.stages} if keep_all else set()
    return run(plan, host or FakeHost(), first_picture(), keep, maker(text))


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("auto", "auto"), ("auto!", "auto!"), ("auto-0.1", "auto-0.1"), ("auto + .05", "auto+0.05"),
        ("auto!-0.20", "auto!-0.2"), ("auto-0", "auto"),
    ],
)  # fmt: skip
def test_the_word_has_one_form(text: str, canonical: str) -> None:
    strategy = parse(f"Latent x2 @{text}")[0]
    assert format_strategy(strategy) == f"Latent x2 @{canonical}"
    assert parse(format_strategy(strategy)) == [strategy]
    read = read_auto(canonical)
    assert read is not None and read.text == canonical


@pytest.mark.parametrize("text", ["automatic", "auto2", "auto-", "auto-1.5", "auto 0.4", "Auto!!", "auto!!"])
def test_anything_else_is_an_error_in_its_place(text: str) -> None:
    with pytest.raises(StrategyError) as error:
        parse(f"Latent x2 @{text}")
    assert error.value.column == 12


def test_programs_write_it_where_the_number_would_stand() -> None:
    stage = {"upscaler": "Latent", "scale": 2, "denoising_strength": "auto"}
    assert format_strategy(strategy_from_object({"stages": [stage]})) == "Latent x2 @auto"
    with pytest.raises(StrategyError, match="'auto'"):
        strategy_from_object({"stages": [{**stage, "denoising_strength": "most"}]})


def test_beside_what_is_found_stays_a_strength() -> None:
    assert Auto(-0.1).strength(0.42) == 0.32
    assert Auto(-0.5).strength(0.42) == 0.01
    assert Auto(0.9).strength(0.42) == 1


def test_what_was_found_gives_the_same_bits_as_its_number() -> None:
    found = ran("Latent x2 @auto")
    assert found.plan.variants[0].text.startswith("Latent x2 @0.")
    again = ran(found.plan.variants[0].text)
    assert same_images(found.stages[0].images, again.stages[0].images)
    node = found.plan.stages[0]
    assert node.found is not None and node.found.evaluations == 7 and node.auto is None


def test_stages_that_turn_out_equal_run_once() -> None:
    host = FakeHost()
    host.strength = 0.7
    result = ran("Latent x2 @{auto,0.7,0.5} > Lanczos x1.5", host)
    assert host.log.count("sample") == 2 and host.log.count("find_strength") == 1
    assert [variant.same_as for variant in result.plan.variants] == [None, 0, None]
    alone = ran("Latent x2 @{0.7,0.5} > Lanczos x1.5")
    for variant, other in ((0, 0), (1, 0), (2, 1)):
        images = result.stages[result.plan.variants[variant].node].images
        assert same_images(images, alone.stages[alone.plan.variants[other].node].images)


def test_the_equal_one_may_come_first_or_in_another_strategy() -> None:
    host = FakeHost()
    host.strength = 0.7
    result = ran("Lanczos x1.5 @0.4\nLatent x2 @0.7 > Lanczos x1.5\nLatent x2 @auto > Lanczos x1.2\nNone x2 @0.3", host)
    assert host.log.count("sample") == 3
    alone = ran("Lanczos x1.5 @0.4\nLatent x2 @0.7 > Lanczos x1.5\nLatent x2 @0.7 > Lanczos x1.2\nNone x2 @0.3")
    assert [v.text for v in result.plan.variants] == [v.text for v in alone.plan.variants]
    for one, other in zip(result.stages, alone.stages, strict=True):
        assert same_images(one.images, other.images) and one.reached == other.reached


def test_one_search_serves_what_is_beside_it() -> None:
    host = FakeHost()
    host.strength = 0.5
    result = ran("Latent x2 @{auto-0.1,auto,auto+0.1}", host)
    assert [variant.text for variant in result.plan.variants] == [
        f"Latent x2 @{strength}" for strength in (0.4, 0.5, 0.6)
    ]
    assert host.log.count("find_strength") == 1


def test_a_later_stage_is_found_after_the_one_before_it() -> None:
    host = FakeHost()
    result = ran("Latent x2 @{0.3,0.9} > Lanczos x1.5 @auto", host, keep_all=True)
    assert host.log.count("find_strength") == 2
    for variant in result.plan.variants:
        alone = ran(variant.text)
        images = result.stages[variant.node].images
        assert same_images(images, alone.stages[alone.plan.variants[0].node].images)


def test_another_branch_does_not_change_what_is_found() -> None:
    alone = ran("Latent x2 @auto")
    among = ran("Lanczos x2 @0.4 > Latent x1.5 @0.6\nLatent x2 @0.9\nLatent x2 @auto")
    assert among.plan.variants[2].text == alone.plan.variants[0].text
    assert same_images(among.stages[among.plan.variants[2].node].images, alone.stages[0].images)


@pytest.mark.parametrize("call", range(9))
def test_a_failure_anywhere_leaves_the_other_variants(call: int) -> None:
    text = "Latent x2 @auto > Lanczos x1.5\nLanczos x2 @0.4"
    host = FakeHost(fail_at=call)
    result = ran(text, host)
    whole = ran(text)
    assert [bool(outcome.error) for outcome in result.stages].count(False) >= 1 or call in (0,)
    for variant, other in zip(result.plan.variants, whole.plan.variants, strict=True):
        outcome = result.stages[variant.node]
        if outcome.error is None:
            assert same_images(outcome.images, whole.stages[other.node].images)
        else:
            assert "Trouble" in outcome.error or "no memory" in outcome.error


def test_a_search_that_fails_says_so_and_loses_nothing_else() -> None:
    host = FakeHost(fail_at=1)  # the latent upscale is the first call
    result = ran("Latent x2 @auto > Lanczos x1.5\nLatent x2 @0.5", host)
    error = result.stages[result.plan.variants[0].node].error
    assert error is not None and error.startswith("'Latent x2 @auto' did not run: its denoising strength was not found")
    assert result.stages[result.plan.variants[1].node].error is None


@pytest.mark.parametrize("reason", ["interrupted", "skipped", "stopped"])
def test_stopping_while_it_searches(reason: str) -> None:
    host = FakeHost(stop_at=1, reason=reason)
    result = ran("Latent x2 @auto\nLatent x2 @0.5", host)
    assert all(outcome.error and "the user" in outcome.error for outcome in result.stages)
    assert "sample" not in host.log


def test_a_search_releases_what_it_held() -> None:
    host = FakeHost()
    ran("Latent x2 @auto\nLanczos x2 @0.4\nLatent x2 @0.5", host)
    assert host.log.count("latent_upscale") == 1
    assert host.alive() == []


def test_a_search_that_fails_holds_nothing_while_others_run() -> None:
    host = FakeHost(fail_at=2)
    ran("Latent x2 @auto\nLatent x1.5 @0.5", host)
    assert host.log[1:3] == ["latent_upscale", "find_strength"] and len(host.jobs) == 2
    assert "latent_upscale" not in host.alive_at_job[1]


def test_a_remembered_sigma_is_in_the_plan_before_it_runs() -> None:
    asked: list[tuple[Sought, bool]] = []

    def remembered(sought: Sought, anew: bool) -> float | None:
        asked.append((sought, anew))
        return None if anew else 1.55

    first = FirstPass(512, 768, 20, "Euler", "Automatic", cfg=7, checkpoint="anime")
    plan = make_plan(parse("Latent x2 @{auto,auto!}"), first, starts=Starts(by_formula, remembered=remembered))
    assert [variant.text for variant in plan.variants] == ["Latent x2 @0.5", "Latent x2 @auto!"]
    assert asked[0] == (Sought("anime", "Latent", 2.0, 7), False)
    assert len(plan.searches()) == 1
    assert plan.told[0][1] == "'Latent x2 @auto': the denoising strength is 0.5, remembered for this checkpoint."


def test_a_remembered_sigma_beyond_the_schedule_is_its_end() -> None:
    starts = Starts(by_formula, remembered=lambda sought, anew: 90.0)
    plan = make_plan(parse("Latent x2 @auto"), FirstPass(512, 512, 20, "Euler"), starts=starts)
    assert plan.variants[0].text == "Latent x2 @1"


def test_direct_has_nothing_to_find() -> None:
    with pytest.raises(StrategyError, match="Direct"):
        parse("Direct x2 @auto")


def test_the_changes_of_a_sweep_are_measured_if_wanted() -> None:
    host = FakeHost()
    host.layout_kept, host.measures = 0.6, True
    plan = plan_of("Latent x2 @{0.5,0.7}\nLanczos x2 @0.4")
    result = run(plan, host, first_picture())
    assert [outcome.change for outcome in result.stages] == [pytest.approx(0.5), pytest.approx(0.5), None]
    assert host.log.count("layout_ends") == 1
    host = FakeHost()
    host.layout_kept = 0.6
    assert run(plan, host, first_picture()).stages[0].change is None
    assert "layout_ends" not in host.log


def test_a_sweep_in_places_has_no_changes() -> None:
    """Most of each prediction is what it started from, whatever the strength."""
    host = FakeHost()
    host.layout_kept, host.measures = 0.6, True
    result = run(plan_of("Lanczos x2 @{0.5,0.7} [where 4 6 20 16]"), host, first_picture())
    assert [(outcome.error, outcome.change) for outcome in result.stages] == [(None, None), (None, None)]
    assert "layout_ends" not in host.log


def test_a_search_costs_all_of_the_picture_wherever_it_is_sampled() -> None:
    texts = "Lanczos x4 @auto [where 4 6 20 16; tile 64]", "Lanczos x4 @auto [tile 64]"
    placed, whole = (plan_of(text) for text in texts)
    assert search_cost(placed.stages[0], placed.first_pass) == search_cost(whole.stages[0], whole.first_pass)


def test_a_sweep_around_what_was_found_needs_no_further_look() -> None:
    host = FakeHost()
    host.layout_kept, host.measures = 0.6, True
    text = "Latent x2 @{auto-0.1,auto}"
    result = run(plan_of(text), host, first_picture(), complete=maker(text))
    assert [outcome.change for outcome in result.stages] == [pytest.approx(0.4), pytest.approx(0.4)]
    assert "layout_ends" not in host.log


def test_measuring_changes_no_picture() -> None:
    plan = plan_of("Latent x2 @{0.5,0.7} > Lanczos x1.5 @{0.3,0.5}")
    host = FakeHost()
    host.layout_kept, host.measures = 0.6, True
    plain, measured = run(plan, FakeHost(), first_picture()), run(plan, host, first_picture())
    for one, other in zip(plain.stages, measured.stages, strict=True):
        assert same_images(one.images, other.images)


def test_a_sweep_that_cannot_be_measured_runs_all_the_same() -> None:
    host = FakeHost(fail_at=1)
    host.layout_kept, host.measures = 0.6, True
    result = run(plan_of("Latent x2 @{0.5,0.7}"), host, first_picture())
    assert host.log[1] == "layout_ends"
    assert [(outcome.error, outcome.change) for outcome in result.stages] == [(None, None), (None, None)]


STAGES = st.builds(
    "{} x{} @{}".format,
    st.sampled_from(["Latent", "Lanczos"]),
    st.sampled_from(["1", "1.5"]),
    st.sampled_from(
        ["auto", "auto!", "auto-0.1", "0.5", "0.7 [checkpoint xl]", "auto [checkpoint xl]", "auto [cfg 3]"]
    ),
)
TEXTS = st.lists(st.lists(STAGES, min_size=1, max_size=3).map(" > ".join), min_size=1, max_size=4).map("\n".join)


@given(text=TEXTS, strength=st.sampled_from([None, 0.5, 0.6, 0.7]))
@settings(max_examples=60, deadline=None)
def test_each_variant_is_what_its_numbers_give_alone(text: str, strength: float | None) -> None:
    """Whatever else is found, merged and loaded in the same run."""
    host = FakeHost()
    host.strength = strength
    result = ran(text, host)
    assert host.alive() == []
    assert len({node.id for node in result.plan.stages}) == len(result.plan.stages)
    assert "auto" not in " ".join(variant.text for variant in result.plan.variants)
    assert host.log.count("sample") == len(result.plan.stages)
    for variant in result.plan.variants:
        assert result.stages[variant.node].error is None
        alone = ran(variant.text)
        images = alone.stages[alone.plan.variants[0].node].images
        assert same_images(result.stages[variant.node].images, images)


@given(text=TEXTS, call=st.integers(0, 30), stop=st.booleans())
@settings(max_examples=60, deadline=None)
def test_trouble_anywhere_leaves_an_outcome_for_each_stage(text: str, call: int, stop: bool) -> None:
    host = FakeHost(stop_at=call) if stop else FakeHost(fail_at=call)
    result = ran(text, host)
    assert len(result.stages) == len(result.plan.stages)
    for variant in result.plan.variants:
        outcome = result.stages[variant.node]
        if outcome.error is None:
            alone = ran(variant.text)
            images = alone.stages[alone.plan.variants[0].node].images
            assert same_images(outcome.images, images)
    assert host.alive() == [] or host.failures


class Clock:
    """Time that passes in the host alone."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


class TimedHost(FakeHost):
    """An upscaler takes 5 seconds, a search 7, sampling 20."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def _call(self, verb: str) -> None:
        super()._call(verb)
        self.clock.now += {"pixel_upscale": 5, "find_strength": 7, "sample": 20}.get(verb, 0)


@pytest.mark.parametrize("text", ["Lanczos x2 @auto", "Lanczos x2 @{auto,0.7}", "Lanczos x2 @{0.7,auto}"])
def test_the_time_of_a_search_is_not_the_stages(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The upscale before it is the first stage's, as without a search."""
    clock = Clock()
    monkeypatch.setattr("hires_strategies.running.run.time", clock)
    result = ran(text, TimedHost(clock))
    plain = ran(text.replace("auto", "0.55"), TimedHost(clock))
    assert [each.seconds for each in result.stages] == [each.seconds for each in plain.stages]
    found = {node.found for node in result.plan.stages if node.found}
    assert [each.seconds for each in found] == [7]


def test_the_host_is_told_of_each_new_plan() -> None:
    host = FakeHost()
    host.strength = 0.7
    ran("Latent x2 @{auto,0.7} > Lanczos x1.5 @auto", host)
    assert [[node.id for node in plan.stages] for plan in host.plans] == [[0, 1], [0, 1]]
    assert [len(plan.searches()) for plan in host.plans] == [1, 0]


def test_beside_what_is_found_stays_within_what_the_sampler_takes() -> None:
    """DDIM has 1000 timesteps, and a strength of 0.01 would be the last 20 of 2000."""
    first, found = FirstPass(512, 512, 20, "DDIM", "Automatic"), Found(0.05, 0.2, 7)
    plan = make_plan(parse("Latent x2 @{auto-0.9,auto}"), first, finds={(0, 0): found, (1, 0): found})
    assert [node.sampling.total for node in plan.stages if node.sampling] == [1000, 400]


def test_a_strength_far_from_what_was_found_says_so() -> None:
    starts = Starts(by_formula, remembered=lambda sought, anew: 0.8)
    plan = make_plan(
        parse("Latent x2 @0.5 > Latent x2 @auto [1 steps]"), FirstPass(512, 512, 20, "Euler"), starts=starts
    )
    (_, found), (_, far) = plan.told
    assert found.startswith("Stage 2, 'Latent x2 @auto [1 steps]': the denoising strength is ")
    assert far.startswith("With so few steps no strength starts near the sigma that was found, 0.8, but at 0.0")
    near = make_plan(parse("Latent x2 @auto [4 steps]"), FirstPass(512, 512, 20, "Euler"), starts=starts)
    assert len(near.told) == 1
