"""Model evaluations and cost of a plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import (
    least_cost,
    node_cost,
    node_evaluations,
    plan_cost,
    sampler_evaluations,
)
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.tree import make_plan
from tests.evaluations import plan_evaluations


def plan_of(text: str, sampler: str | None = "Euler", steps: int = 20) -> Plan:
    return make_plan(parse(text), FirstPass(512, 512, steps, sampler))


@pytest.mark.parametrize(
    ("sampler", "first", "second"),
    [
        ("Euler", 20, 20),
        ("Euler a", 20, 20),
        ("DPM++ 2M", 20, 20),
        ("DPM++ 2M Karras", 20, 20),
        ("DPM++ 2M SDE Exponential", 20, 20),
        (None, 20, 20),
        # Two in each step, but the last one ends at sigma 0 and takes one.
        ("Heun", 39, 39),
        ("DPM++ SDE Karras", 39, 39),
        ("DPM2 a", 39, 39),
        # DDIM goes from timestep to timestep, PLMS does so twice at first; a second pass leaves the first timestep out.
        ("DDIM", 19, 18),
        ("PLMS", 20, 19),
        ("DPM fast", 20, 20),
        ("HeunPP2", 57, 57),
        ("DPM adaptive", None, None),
        ("Restart", None, None),
        # What the table does not know has no number, rather than one a step.
        ("ER SDE", None, None),
        ("ER SDE Karras", None, None),
        ("My own sampler", None, None),
    ],
)
def test_evaluations_of_a_sampler(sampler: str | None, first: int | None, second: int | None) -> None:
    assert sampler_evaluations(sampler, 20, second_pass=False) == first
    assert sampler_evaluations(sampler, 20, second_pass=True) == second


@pytest.mark.parametrize(("sampler", "count"), [("Euler", 1), ("Heun", 1), ("HeunPP2", 1), ("DDIM", 0), ("PLMS", 0)])
def test_one_step_is_one_evaluation_or_none_between_timesteps(sampler: str, count: int) -> None:
    assert sampler_evaluations(sampler, 1, second_pass=True) == count


@pytest.mark.parametrize(("steps", "between"), [(7, 7), (20, 19), (30, 30), (333, 333), (1000, 999)])
def test_timesteps_are_those_of_the_host(steps: int, between: int) -> None:
    # Every 33rd of 1,000 timesteps for 30 steps: that makes 31.
    assert sampler_evaluations("DDIM", steps, second_pass=False) == between


def test_what_runs_taught_counts_where_the_table_knows_nothing() -> None:
    learnt = {"ER SDE": 2.5, "Euler": 9.0}
    assert sampler_evaluations("ER SDE", 10, False, learnt) == 25
    assert sampler_evaluations("ER SDE Karras", 10, True, learnt) == 25
    assert sampler_evaluations("Euler", 10, False, learnt) == 10
    assert plan_evaluations(plan_of("Latent x2 @0.5 [sampler ER SDE; 10 steps]"), learnt) == 20 + 25


def test_cost_counts_model_evaluations() -> None:
    assert plan_cost(plan_of("Latent x2 @0.5 [sampler Heun]")) == 1 + 4 * 39 / 20
    assert plan_cost(plan_of("Latent x2 @0.5", "Heun")) == 1 + 4
    unknown = plan_of("Latent x2 @0.5 [sampler ER SDE; 10 steps]")
    assert plan_cost(unknown) == 1 + 2  # by steps
    assert plan_cost(unknown, {"ER SDE": 2.0}) == 1 + 4
    assert plan_cost(plan_of("Latent x2 @0.5 [sampler Heun; 10 steps]", "ER SDE")) == 1 + 2
    assert plan_cost(plan_of("Latent x2 @0.5", "DDIM", steps=1)) == 1 + 4  # no evaluation, no division by it


@given(st.lists(st.integers(1, 150), min_size=1, max_size=8, unique=True))
def test_a_sweep_costs_the_first_pass_once(steps: list[int]) -> None:
    plan = plan_of("Latent x2 @0.5 [{" + ",".join(map(str, steps)) + "} steps]")
    assert plan_evaluations(plan) == 20 + sum(steps)


def test_evaluations_of_a_plan() -> None:
    assert plan_evaluations(plan_of("Latent x2 @{0.5,0.7} > None x2")) == 20 + 2 * 20
    assert plan_evaluations(plan_of("Latent x2 @0.5 > Latent x2 @{0.5,0.7}")) == 20 + 20 + 2 * 20
    assert plan_evaluations(plan_of("Latent x2 @{0.95,1}", steps=18)) == 18 + 18
    assert plan_evaluations(plan_of("Direct x2")) == 20
    assert plan_evaluations(plan_of("Direct x2\nNone x2")) == 40
    assert plan_evaluations(plan_of("Latent x2 @0.5 [sampler Heun; 5 steps]")) == 20 + 9
    assert plan_evaluations(plan_of("Latent x2 @0.5 [sampler DPM adaptive]")) is None
    assert plan_evaluations(plan_of("None x2", "DPM adaptive")) is None
    assert plan_evaluations(plan_of("Latent x2 @0.5", "DDIM")) == 19 + 18
    assert plan_evaluations(plan_of("Direct x2", "DDIM")) == 19


def test_cost_is_steps_times_pixels() -> None:
    plan = plan_of("Latent x2 @0.5 > Lanczos x2 > Latent x0.5 @0.3 [5 steps]\nDirect x1.5")
    assert [node_cost(node, plan.first_pass) for node in plan.stages] == [4, 0, 1, 2.25]
    assert [node_evaluations(node, plan.first_pass) for node in plan.stages] == [20, 0, 5, 20]
    assert plan_cost(plan) == 1 + 4 + 1 + 2.25
    assert plan_cost(plan_of("Direct x2")) == 4
    assert plan_cost(plan_of("Lanczos x2")) == 1


def test_with_hires_fix_the_unit_stays_this_images_first_pass() -> None:
    hires = make_plan(parse("Latent x2 @0.7"), FirstPass(512, 512, 20, "Euler"))
    after = make_plan(parse("Latent x2 @0.7"), FirstPass(1024, 1024, 20, "Euler"))
    assert plan_cost(hires) == 1 + 4
    assert plan_cost(after, before=hires) == plan_cost(plan_of("Latent x2 @0.7 > Latent x2 @0.7")) == 1 + 4 + 16
    direct = make_plan(parse("Direct 512x512"), FirstPass(1024, 1024, 20, "Euler"))
    assert plan_cost(direct, before=hires) == 1


def test_a_strength_that_is_to_be_found_costs_seven_evaluations_at_the_stages_size() -> None:
    plan = plan_of("Latent x2 @auto")
    assert plan_cost(plan) == least_cost(plan) == 1 + 4 + 4 * 7 / 20
    assert plan_cost(plan_of("Latent x2 @auto", "Heun")) == pytest.approx(1 + 4 + 4 * 7 / 39)
    assert plan_cost(plan_of("Latent x2 @auto", "ER SDE")) == 1 + 4 + 4 * 7 / 20  # steps stand in for evaluations
    sought = plan_of("Latent x2 @{auto-0.1,auto,auto+0.1}")
    assert plan_cost(sought) == pytest.approx(least_cost(sought)) == 1 + 3 * 4 + 4 * 7 / 20  # one search for all three
    chain = plan_of("Latent x2 @auto > Lanczos x1.5 @auto")
    assert plan_cost(chain) == pytest.approx(least_cost(chain)) == 1 + (4 + 9) * 27 / 20
    assert plan_cost(plan_of("Latent x2 @{0.3,0.5} > Lanczos x1.5 @auto")) == 1 + 2 * 4 + 2 * 9 * 27 / 20


def test_what_may_turn_out_equal_costs_between_once_and_twice() -> None:
    search = 4 * 7 / 20
    sweep = plan_of("Latent x2 @{auto,0.7,0.5}")
    assert (least_cost(sweep), plan_cost(sweep)) == (1 + 2 * 4 + search, 1 + 3 * 4 + search)
    chain = plan_of("Latent x2 @{auto,0.7} > Lanczos x1.5 @0.3")
    assert (least_cost(chain), plan_cost(chain)) == (1 + 13 + search, 1 + 26 + search)
    # What differs in more than the strength never becomes equal.
    other = plan_of("Latent x2 @auto [cfg 3]\nLatent x2 @0.7")
    assert least_cost(other) == plan_cost(other) == 1 + 8 + search
    # One number can be equal to one of those beside each other only.
    beside = plan_of("Latent x2 @{auto-0.1,auto,0.5}")
    assert (least_cost(beside), plan_cost(beside)) == (1 + 8 + search, 1 + 12 + search)
    twice = plan_of("Latent x2 @{auto,0.7} > Lanczos x1.5 @{auto,0.3}")
    later = 9 * 7 / 20
    assert least_cost(twice) == pytest.approx(1 + 4 + search + 9 + later)
    assert plan_cost(twice) == pytest.approx(1 + 8 + search + 4 * 9 + 2 * later)


def test_both_ends_count_hires_fix_before() -> None:
    hires = make_plan(parse("Latent x2 @0.7"), FirstPass(512, 512, 20, "Euler"))
    after = make_plan(parse("Latent x2 @{auto,0.7}"), FirstPass(1024, 1024, 20, "Euler"))
    assert plan_cost(after, before=hires) == 1 + 4 + 2 * 16 + 16 * 7 / 20
    assert least_cost(after, before=hires) == 1 + 4 + 16 + 16 * 7 / 20


def test_without_anything_to_find_both_ends_are_one() -> None:
    for text in ("Latent x2 @{0.5,0.7} > Latent x1.5 @{0.3,0.4}", "Lanczos x2\nDirect x2", "Latent x2 @{sigma 2,0.5}"):
        assert least_cost(plan_of(text)) == pytest.approx(plan_cost(plan_of(text)))
