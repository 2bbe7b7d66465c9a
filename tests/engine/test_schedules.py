"""Where a stage starts in the noise."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Sampling
from hires_strategies.planning.schedules import ScheduleOptions, sd1_sigmas, start_sigma
from hires_strategies.planning.tree import make_plan


def sampling_of(text: str, steps: int = 20) -> Sampling:
    sampling = make_plan(parse(text), FirstPass(512, 512, steps)).stages[0].sampling
    assert sampling is not None
    return sampling


def sigma_at(denoising: float, scheduler: str | None, sampler: str | None = "Euler", steps: int = 20) -> float | None:
    return start_sigma(sampling_of(f"Latent x2 @{denoising:f}", steps), sampler, scheduler)


@pytest.mark.parametrize(
    ("scheduler", "sigma"),
    [("Automatic", 1.55), ("Uniform", 1.55), (None, 1.55), ("Karras", 1.18), ("Exponential", 0.60)],
)
def test_the_start_sigma_at_half_strength(scheduler: str | None, sigma: float) -> None:
    assert sigma_at(0.5, scheduler) == pytest.approx(sigma, abs=0.005)


def test_the_range_of_stable_diffusion_1() -> None:
    sigmas = sd1_sigmas()
    assert len(sigmas) == 1000 and list(sigmas) == sorted(sigmas)
    assert sigmas[0] == pytest.approx(0.0292, abs=1e-4)
    assert sigmas[-1] == pytest.approx(14.6146, abs=1e-4)


@pytest.mark.parametrize("scheduler", ["Uniform", "SGM Uniform", "Karras", "Exponential"])
def test_full_strength_and_direct_start_at_the_top(scheduler: str) -> None:
    assert sigma_at(1, scheduler) == pytest.approx(14.6146, abs=1e-3)
    assert start_sigma(sampling_of("Direct x2"), "Euler", scheduler) == pytest.approx(14.6146, abs=1e-3)


@given(st.sampled_from(["Uniform", "SGM Uniform", "Karras", "Exponential"]), st.floats(0.01, 1), st.floats(0.01, 1))
def test_more_strength_is_more_noise(scheduler: str, one: float, other: float) -> None:
    low, high = sigma_at(min(one, other), scheduler), sigma_at(max(one, other), scheduler)
    assert low is not None and high is not None
    assert 0.029 <= low <= high <= 14.62


@pytest.mark.parametrize(
    ("sampler", "meant"),
    [("DPM++ 2M", "Karras"), ("DPM++ SDE", "Karras"), ("DPM++ 2M SDE", "Exponential"), ("Euler a", "Uniform")],
)
def test_automatic_is_what_the_host_has_for_the_sampler(sampler: str, meant: str) -> None:
    assert sigma_at(0.5, "Automatic", sampler) == sigma_at(0.5, meant, sampler)


def test_old_hosts_write_the_schedule_into_the_sampler_name() -> None:
    assert sigma_at(0.5, None, "DPM++ 2M Karras") == sigma_at(0.5, "Karras", "DPM++ 2M")
    assert sigma_at(0.5, None, "Euler Exponential") == sigma_at(0.5, "Exponential", "Euler")


def test_a_stages_own_names_win() -> None:
    sampling = sampling_of("Latent x2 @0.5 [sampler Euler; scheduler Exponential]")
    assert start_sigma(sampling, "DPM++ 2M", "Karras") == sigma_at(0.5, "Exponential")


def test_a_samplers_longer_schedule_counts() -> None:
    # DPM2 makes one sigma more and leaves out the last but one: 41 sigmas from top to bottom instead of 40.
    low, high = (sd1_sigmas()[index] ** (1 / 7) for index in (0, -1))
    assert sigma_at(0.5, "Karras", "DPM2") == pytest.approx((high + (low - high) * 20 / 40) ** 7)


@pytest.mark.parametrize(
    ("sampler", "scheduler"),
    [
        ("DDIM", "Automatic"),
        ("UniPC", "Karras"),
        ("LCM", "Automatic"),
        ("Euler", "Align Your Steps"),
        ("My own", "Karras"),
        ("My own Karras", None),
    ],
)
def test_what_is_not_known_is_not_guessed(sampler: str, scheduler: str) -> None:
    assert sigma_at(0.5, scheduler, sampler) is None


@pytest.mark.parametrize("sampler", ["DPM fast", "DPM adaptive", "Restart"])
def test_samplers_of_steps_of_their_own_start_by_sigma_all_the_same(sampler: str) -> None:
    meant = "Karras" if sampler == "Restart" else "Uniform"
    assert sigma_at(0.5, None, sampler) == sigma_at(0.5, meant, "Euler")


@pytest.mark.parametrize(
    ("scheduler", "changed"),
    [
        ("Uniform", {"always_discard"}),  # goes over the model's own steps
        ("SGM Uniform", {"sigma_max", "sigma_min", "old_karras", "always_discard"}),
        ("Exponential", {"sigma_max", "sigma_min", "old_karras", "always_discard"}),
        ("Karras", {"sigma_max", "sigma_min", "old_karras", "always_discard", "rho"}),
    ],
)
def test_the_hosts_settings_count(scheduler: str, changed: set[str]) -> None:
    sampling, plain = sampling_of("Latent x2 @0.5"), sigma_at(0.5, scheduler)
    settings = {
        "rho": ScheduleOptions(rho=3),
        "sigma_min": ScheduleOptions(sigma_min=0.1),
        "sigma_max": ScheduleOptions(sigma_max=9),
        "old_karras": ScheduleOptions(old_karras=True),
        "always_discard": ScheduleOptions(always_discard=True),
    }
    for name, options in settings.items():
        sigma = start_sigma(sampling, "Euler", scheduler, (), options)
        assert (sigma != plain) == (name in changed), name


def test_the_ends_of_a_schedule_are_those_that_are_set() -> None:
    options = ScheduleOptions(sigma_max=5)
    assert start_sigma(sampling_of("Latent x2 @1"), "Euler", "Karras", (), options) == pytest.approx(5)
    both = ScheduleOptions(sigma_max=5, old_karras=True)
    assert start_sigma(sampling_of("Latent x2 @1"), "Euler", "Exponential", (), both) == pytest.approx(5)
    old = ScheduleOptions(old_karras=True)
    assert start_sigma(sampling_of("Latent x2 @1"), "Euler", "Karras", (), old) == pytest.approx(10)


def test_the_loaded_models_sigmas_are_used() -> None:
    model = [math.exp(index / 100) for index in range(100)]
    sampling = sampling_of("Latent x2 @1")
    assert start_sigma(sampling, "Euler", "Karras", model) == pytest.approx(model[-1])
    assert start_sigma(sampling, "Euler", "Uniform", model) == pytest.approx(model[-1])


def test_one_step_starts_somewhere() -> None:
    assert sigma_at(1, "Karras", steps=1) == pytest.approx(14.6146, abs=1e-3)
    assert sigma_at(0.4, "Uniform", steps=1) is not None
