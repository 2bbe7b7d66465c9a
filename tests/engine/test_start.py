"""A start sigma as the last steps of a schedule, and as a list of sigmas of its own."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.errors import StrategyError
from hires_strategies.planning.plan import Sampling
from hires_strategies.planning.schedules import start_sigma
from hires_strategies.planning.start import (
    Start,
    find_start,
    from_flow,
    nearest,
    nearest_strength,
    own_sigmas,
    strength_of,
    to_flow,
    written,
)

STEPS = 10


def karras(total: int) -> list[float]:
    low, high = 0.03 ** (1 / 7), 14.6 ** (1 / 7)
    return [(high + (low - high) * index / max(total - 1, 1)) ** 7 for index in range(total)] + [0.0]


def sigma_of(total: int) -> float:
    return karras(total)[total - STEPS]


@pytest.mark.parametrize("total", [10, 11, 17, 20, 333])
def test_the_sigma_of_a_schedule_is_that_schedule(total: int) -> None:
    found = find_start(written(sigma_of(total)), STEPS, sigma_of)
    assert found is not None and found.hit
    assert (found.total, found.sigma) == (total, sigma_of(total))


@given(st.floats(0.1, 14))
def test_any_other_is_between_two(sigma: float) -> None:
    found = find_start(sigma, STEPS, sigma_of)
    assert found is not None
    if not found.hit:
        assert sigma_of(found.total) > sigma > sigma_of(found.total + 1)


def test_above_and_below_all_of_them_is_refused() -> None:
    with pytest.raises(StrategyError, match=r"largest start sigma here is 14\.6, found 20"):
        find_start(20, STEPS, sigma_of)
    with pytest.raises(StrategyError, match=r"smallest start sigma of 10 steps here is 0\.03\d+, found 0\.03"):
        find_start(0.03, STEPS, sigma_of)
    with pytest.raises(StrategyError, match="smallest"):
        find_start(0.2, STEPS, sigma_of, longest=20)


def test_an_unknown_schedule_is_no_answer() -> None:
    assert find_start(1, STEPS, lambda total: None) is None


def test_noise_alone_is_above_everything() -> None:
    def flow(total: int) -> float:
        return from_flow(1 - (total - STEPS) / total)

    assert flow(STEPS) == math.inf
    assert find_start(1000, STEPS, flow) == Start(STEPS, math.inf, False)
    assert find_start(1.0, STEPS, flow) == Start(20, 1.0, True)


def test_flow_time_and_noise_over_signal() -> None:
    assert [from_flow(t) for t in (0, 0.5, 0.75, 1)] == [0, 1, 3, math.inf]
    assert [to_flow(sigma) for sigma in (0, 1, 3, math.inf)] == [0, 0.5, 0.75, 1]


@given(st.integers(1, 150), st.integers(0, 2000))
def test_a_strength_that_the_host_makes_that_schedule_of(steps: int, more: int) -> None:
    total = steps + more
    assert int(steps / min(strength_of(steps, total), 0.999)) == total


def test_the_shortest_such_strength() -> None:
    assert [strength_of(20, total) for total in (20, 28, 40, 50)] == [1, 0.7, 0.5, 0.4]


@given(st.floats(0.1, 14))
def test_an_own_list_begins_there_and_keeps_the_schedules_form(sigma: float) -> None:
    found = find_start(sigma, STEPS, sigma_of)
    assert found is not None
    theirs, first = karras(found.total), found.total - STEPS
    if found.hit or theirs[first] == sigma:
        return
    ours = own_sigmas(theirs, first, sigma)
    assert ours is not None
    assert len(ours) == len(theirs) and ours[:first] == theirs[:first]
    assert ours[first] == sigma and ours[-2:] == theirs[-2:]
    tail, before = ours[first:-1], theirs[first:-1]
    assert all(one > other for one, other in zip(tail, tail[1:], strict=False))
    assert all(one <= other * (1 + 1e-9) for one, other in zip(tail, before, strict=True))
    assert all(one >= after * (1 - 1e-9) for one, after in zip(tail, before[1:], strict=False))


def test_at_a_sigma_of_the_schedule_the_own_list_is_the_schedule() -> None:
    theirs = karras(20)
    ours = own_sigmas(theirs, 10, theirs[10])
    assert ours == pytest.approx(theirs)


def test_one_step_and_schedules_that_do_not_end_at_zero() -> None:
    assert own_sigmas([9, 4, 0], 1, 3) == [9, 3, 0]
    assert own_sigmas([9, 4, 1], 1, 2) == [9, 2, 1]
    assert own_sigmas([9, 4, 1, 0], 1, 0.5) is None
    assert own_sigmas([9, 4, 0], 1, 5) is None


def test_a_schedule_that_ends_in_steps_without_noise() -> None:
    """Seen of Forge Neo's schedule types with a flow-matching model: no noise at all is never the nearest."""
    assert nearest_strength(0.9, 4, lambda total: 2.0 if total < 8 else 0.0) == strength_of(4, 7)
    assert nearest(0.9, Start(7, 2.0, False), lambda total: 0.0) == Start(7, 2.0, False)


@given(st.floats(0.05, 14), st.integers(1, 150), st.sampled_from(["Automatic", "Karras", "Exponential", "SGM Uniform"]))
def test_a_found_strength_has_two_digits_and_starts_nearby(sigma: float, steps: int, scheduler: str) -> None:
    def sigma_of(total: int) -> float | None:
        sampling = Sampling(steps=steps, total=total, denoising_strength=1, scheduler=scheduler)
        return start_sigma(sampling, "Euler", "Automatic")

    strength = nearest_strength(sigma, steps, sigma_of)
    assert strength is not None and 0 < strength <= 1
    if strength_of(steps, 5000) < strength < 1:
        assert float(f"{strength:.2g}") == strength
        found = sigma_of(int(steps / min(strength, 0.999)))
        lower = sigma_of(int(steps / max(strength - 0.02, 1e-3)))
        higher = sigma_of(int(steps / min(strength + 0.02, 0.999)))
        assert found is not None and lower is not None and higher is not None
        assert abs(math.log(found / sigma)) <= max(abs(math.log(lower / sigma)), abs(math.log(higher / sigma)))


def test_with_very_few_steps_less_noise_is_better_than_far_too_much() -> None:
    sigmas = {1: 14.6, 2: 0.03}
    assert nearest_strength(0.8, 1, sigmas.get) == strength_of(1, 2)
    assert nearest_strength(12.5, 1, sigmas.get) == 1
