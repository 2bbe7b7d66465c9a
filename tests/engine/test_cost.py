"""Model evaluations and cost of a plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import (
    node_cost,
    node_evaluations,
    plan_cost,
    plan_evaluations,
    sampler_evaluations,
)
from hires_strategies.planning.plan import FirstPass, Plan, make_plan


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
        # A second pass of DDIM leaves its first timestep out.
        ("DDIM", 20, 19),
        ("DPM adaptive", None, None),
    ],
)
def test_evaluations_of_a_sampler(sampler: str | None, first: int | None, second: int | None) -> None:
    assert sampler_evaluations(sampler, 20, second_pass=False) == first
    assert sampler_evaluations(sampler, 20, second_pass=True) == second


@pytest.mark.parametrize("sampler", ["Euler", "Heun", "DDIM", "DPM++ SDE"])
def test_one_step_is_one_evaluation(sampler: str) -> None:
    assert sampler_evaluations(sampler, 1, second_pass=True) == 1


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
    assert plan_evaluations(plan_of("Latent x2 @0.5", "DDIM")) == 20 + 19
    assert plan_evaluations(plan_of("Direct x2", "DDIM")) == 20


def test_cost_is_steps_times_pixels() -> None:
    plan = plan_of("Latent x2 @0.5 > Lanczos x2 > Latent x0.5 @0.3 [5 steps]\nDirect x1.5")
    assert [node_cost(node, plan.first_pass) for node in plan.stages] == [4, 0, 1, 2.25]
    assert [node_evaluations(node, plan.first_pass) for node in plan.stages] == [20, 0, 5, 20]
    assert plan_cost(plan) == 1 + 4 + 1 + 2.25
    assert plan_cost(plan_of("Direct x2")) == 4
    assert plan_cost(plan_of("Lanczos x2")) == 1
