"""Samplers that fail with few steps are told with their name and number, before anything runs."""

from __future__ import annotations

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.limits import Limits
from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.tree import check_first_pass, make_plan
from hires_strategies.samplers import SAMPLERS, unipc_fewest

FAIL_AT_ONE = ("DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM fast", "DPM adaptive", "UniPC")


def plan(text: str, sampler: str = "Euler", scheduler: str = "Automatic", limits: Limits | None = None) -> Plan:
    return make_plan(parse(text), FirstPass(64, 64, 20, sampler, scheduler), limits or Limits())


@pytest.mark.parametrize("sampler", sorted(SAMPLERS))
def test_one_step_after_an_upscale(sampler: str) -> None:
    text = f"Latent x2 @0.5 [1 steps; sampler {sampler}]"
    if sampler not in FAIL_AT_ONE:
        plan(text)
        return
    least = 4 if sampler == "UniPC" else 2
    with pytest.raises(StrategyError) as caught:
        plan(text)
    assert caught.value.message == (
        f"'{plan_text(text)}' runs 1 step, and the sampler {sampler} needs at least {least} here."
    )
    assert caught.value.field == "steps"
    plan(text.replace("1 steps", f"{least} steps"))


def plan_text(text: str) -> str:
    from hires_strategies.notation.text import format_strategy

    return format_strategy(parse(text)[0])


def test_the_first_passs_sampler_and_one_with_its_schedule_in_its_name() -> None:
    for sampler in ("DPM++ 2M SDE", "DPM++ 2M SDE Karras"):
        with pytest.raises(StrategyError, match="the sampler DPM\\+\\+ 2M SDE needs at least 2"):
            plan("Latent x2 @0.5 [1 steps]", sampler)


@pytest.mark.parametrize("text", ["Direct x2 [{} steps]", "Direct x2 > Lanczos x2 @0.3 [{} steps]"])
def test_from_noise_alone_others_fail(text: str) -> None:
    plan("Direct x2 [1 steps]", "DPM fast")
    plan("Direct x2 [1 steps]", "DPM adaptive")
    with pytest.raises(StrategyError, match="UniPC needs at least"):
        plan(text.format(2), "UniPC")
    with pytest.raises(StrategyError, match="2M SDE needs at least 2"):
        plan(text.format(1), "DPM++ 2M SDE")
    plan("Direct x2 [3 steps]", "UniPC")


def test_a_schedule_that_does_not_end_at_zero_does_with_one_step() -> None:
    plan("Latent x2 @0.5 [1 steps; scheduler KL Optimal]", "DPM++ 2M SDE")
    with pytest.raises(StrategyError):
        plan("Latent x2 @0.5 [1 steps; scheduler KL Optimal]", "DPM fast")
    plan("Latent x2 @0.16 [1 steps; scheduler DDIM]", "DPM++ 2M SDE")  # its schedule of 6 steps has 7
    with pytest.raises(StrategyError):
        plan("Latent x2 @1 [1 steps; scheduler DDIM]", "DPM++ 2M SDE")


def test_what_the_host_says_of_its_own_samplers() -> None:
    own = Limits(fewest_steps={"DPM++ 2M SDE": (1, 1), "UniPC": unipc_fewest(2)})
    plan("Latent x2 @0.5 [1 steps]", "DPM++ 2M SDE", limits=own)
    plan("Latent x2 @0.5 [3 steps]", "UniPC", limits=own)
    with pytest.raises(StrategyError, match="UniPC needs at least 3"):
        plan("Latent x2 @0.5 [2 steps]", "UniPC", limits=own)


def test_a_schedule_longer_than_the_timesteps_of_a_model() -> None:
    with pytest.raises(
        StrategyError, match="runs the last 20 of 2000 steps, and the sampler DDIM has no more than 1000"
    ):
        plan("Latent x2 @0.01", "DDIM")
    plan("Latent x2 @0.02", "DDIM")
    plan("Latent x2 @0.01", "Euler")


def test_a_first_pass() -> None:
    with pytest.raises(StrategyError, match="The first pass runs 1 step, and the sampler DPM\\+\\+ 3M SDE needs"):
        check_first_pass(FirstPass(64, 64, 1, "DPM++ 3M SDE"))
    check_first_pass(FirstPass(64, 64, 1, "DPM adaptive"))
    check_first_pass(FirstPass(64, 64, 1, "Somebody's"))
