"""The progress bar, as a host reckons it from two numbers: it never falls, and each job takes its share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.shares import job_numbers, weights
from hires_strategies.planning.timing import Task, second_pass_task, tasks_of
from hires_strategies.planning.tree import make_plan

costs = st.lists(st.floats(0, 1e4), min_size=1, max_size=30)


def readings(jobs: list[float], start: float = 0.0, steps: int = 4) -> list[list[float]]:
    """What the host shows at each step of each job, and after its last."""
    seen, done = [], start
    for index, cost in enumerate(jobs):
        job_no, job_count = job_numbers(done, cost, sum(jobs[index:]))
        seen.append([job_no / job_count + 1 / job_count * step / steps for step in range(steps)])
        done = (job_no + 1) / job_count  # the host's nextjob
        seen[-1].append(done)
    return seen


@given(costs, st.floats(0, 1))
def test_the_bar_never_falls_and_ends_full(jobs: list[float], start: float) -> None:
    shown = [min(value, 1.0) for job in readings(jobs, start) for value in job]
    assert shown == sorted(shown)
    assert shown[-1] == pytest.approx(1.0, abs=1e-6) if sum(jobs) else True


def test_each_job_takes_the_part_that_its_cost_is_of_the_whole() -> None:
    shown = readings([100.0, 4.0, 16.0, 40.0])
    assert [job[0] for job in shown] == pytest.approx([0, 100 / 160, 104 / 160, 120 / 160])
    assert shown[0][2] == pytest.approx(50 / 160)


def test_what_others_add_to_the_count_is_taken_up() -> None:
    job_no, job_count = job_numbers(0.0, 1.0, 2.0)
    done = (job_no + 1) / (job_count + 2)  # another extension has two jobs more
    assert job_numbers(done, 1.0, 1.0)[0] / job_numbers(done, 1.0, 1.0)[1] == pytest.approx(done)


def test_unknown_times_are_reckoned_at_the_rate_of_the_known() -> None:
    tasks = [Task("first pass", 100, 1000.0), Task("sampled latent", 400, 4000.0), Task("Lanczos", 400, 400.0)]
    assert weights(tasks, [None] * 3) == [1000.0, 4000.0, 400.0]
    assert weights(tasks, [2.0, None, None]) == pytest.approx([2.0, 8.0, 0.8])
    assert weights(tasks, [2.0, 9.0, 0.1]) == [2.0, 9.0, 0.1]


def test_a_sampler_that_nobody_knows_weighs_as_many_evaluations_as_steps() -> None:
    plan = make_plan(parse("Latent x2 @0.5 [10 steps]"), FirstPass(64, 64, 20, "Somebody's"))
    tasks = tasks_of(plan, 2)
    assert [task.work for task in tasks] == [20 * 64 * 64 * 2, 10 * 128 * 128 * 2]
    assert not any(task.known for task in tasks)


def test_the_hosts_own_second_pass_weighs_as_a_stage_of_its_kind() -> None:
    stage = tasks_of(make_plan(parse("Lanczos x2 @0.5"), FirstPass(64, 64, 20, "Heun")), 1)[1]
    assert second_pass_task(FirstPass(128, 128, 20, "Heun"), "Lanczos", 1) == stage
