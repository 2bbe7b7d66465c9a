"""The start sigma that is shown beforehand, and the one that the sampler takes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hires_strategies.notation.text import parse
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.schedules import ScheduleOptions, start_sigma
from hires_strategies.planning.tree import make_plan

# The host's name of a setting -> a value, and what the engine calls it.
SETTINGS: dict[str, tuple[Any, str]] = {
    "rho": (3.0, "rho"),
    "sigma_min": (0.2, "sigma_min"),
    "sigma_max": (9.0, "sigma_max"),
    "use_old_karras_scheduler_sigmas": (True, "old_karras"),
    "always_discard_next_to_last_sigma": (True, "always_discard"),
}
ONE_AND_ALL = [(), *((name,) for name in SETTINGS), tuple(SETTINGS)]


@pytest.fixture
def model(api: Callable[..., Any]) -> Any:
    from modules import shared

    return shared.sd_model


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    from modules import shared

    def change(*names: str, **values: Any) -> None:
        for name, value in {**{name: SETTINGS[name][0] for name in names}, **values}.items():
            monkeypatch.setitem(shared.opts.data, name, value)

    return change


def planned(text: str, **first: Any) -> list[float | None]:
    from hires_strategies.webui.api.routes import plan_answer

    answer = plan_answer({"strategies": text.splitlines(), "width": 64, "height": 64, "steps": 4, **first})
    return [stage["start_sigma"] for stage in answer["stages"]]


def ran(api: Callable[..., Any], text: str, **first: Any) -> list[float | None]:
    """The start sigmas of the variants' records."""
    answer = api(
        prompt="a house", seed=1, steps=4, width=64, height=64,
        alwayson_scripts={"Hires strategies": {"args": [text]}}, **first,
    )  # fmt: skip
    return [record["start_sigma"] for record in json.loads(answer.info)["hires_strategies"]]


@pytest.fixture
def first_sigmas(api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The sigma of the first call of the model in each sampling."""
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    first: list[float] = []
    forward = CFGDenoiser.forward

    def watching(self: Any, x: Any, sigma: Any, *args: Any, **kwargs: Any) -> Any:
        if self.step == 0:
            first.append(float(sigma[0]))
        return forward(self, x, sigma, *args, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", watching)
    yield first


@pytest.mark.parametrize("names", ONE_AND_ALL)
def test_formulas_and_host_agree(model: Any, setting: Callable[..., None], names: tuple[str, ...]) -> None:
    from modules import sd_samplers, sd_schedulers

    from hires_strategies.webui.host.sigmas import Schedules

    setting(*names)
    options = ScheduleOptions(**{SETTINGS[name][1]: SETTINGS[name][0] for name in names})
    own = (((1 - model.alphas_cumprod) / model.alphas_cumprod) ** 0.5).tolist()
    samplers = [sampler.name for sampler in sd_samplers.all_samplers]
    schedulers = [scheduler.label for scheduler in sd_schedulers.schedulers]
    compared = 0
    for sampler, scheduler, text in product(samplers, schedulers, ["Latent x2 @0.3", "Latent x2 @0.97", "Direct x2"]):
        first = FirstPass(64, 64, 7, sampler, scheduler)
        sampling = make_plan(parse(text), first).stages[0].sampling
        assert sampling is not None
        theirs = Schedules().start(sampling, first)
        formula = start_sigma(sampling, sampler, scheduler, own, options)
        assert (theirs is None) == (formula is None) == (sampler == "DDIM")
        if theirs is not None:
            assert formula == pytest.approx(theirs, rel=1e-4), (sampler, scheduler, text)
            compared += 1
    assert compared == (len(samplers) - 1) * len(schedulers) * 3


@pytest.mark.parametrize("names", [(), tuple(SETTINGS)])
def test_what_was_shown_is_what_the_sampler_takes(
    api: Callable[..., Any], first_sigmas: list[float], setting: Callable[..., None], names: tuple[str, ...]
) -> None:
    setting(*names)
    text = "Latent x1 @0.6\nLatent x1 @0.6 [sampler Heun; scheduler SGM Uniform]\nDirect x1 [scheduler Exponential]"
    records = ran(api, text, sampler_name="DPM++ 2M")
    assert records == pytest.approx(planned(text, sampler_name="DPM++ 2M"), rel=1e-3)
    assert records == pytest.approx(first_sigmas[-3:], rel=1e-5)


def test_every_schedule_of_the_host_is_shown(
    api: Callable[..., Any], first_sigmas: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import sd_schedulers

    def mine(n: int, sigma_min: float, sigma_max: float, device: Any) -> torch.Tensor:
        return torch.linspace(sigma_max / 2, 0, n + 1)

    scheduler = sd_schedulers.Scheduler("mine", "Mine", mine)
    monkeypatch.setattr(sd_schedulers, "schedulers", [*sd_schedulers.schedulers, scheduler])
    monkeypatch.setitem(sd_schedulers.schedulers_map, "Mine", scheduler)
    text = "Latent x1 @0.5 [scheduler Mine]"
    assert planned(text) == pytest.approx([14.6146 / 4], abs=1e-3)
    assert ran(api, text, sampler_name="Euler") == pytest.approx(first_sigmas[-1:])
    assert first_sigmas[-1] == pytest.approx(14.6146 / 4, abs=1e-3)


def page(text: str) -> str:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 20, "sampler": "DPM++ 2M", "scheduler": "Automatic"}
    return re.sub("<[^>]*>", "", preview(text, values).plan)


def test_the_page_shows_the_same(model: Any, setting: Callable[..., None]) -> None:
    assert "(start sigma 1.18)" in page("Latent x2 @0.5")
    assert "(start sigma 1.55)" in page("Latent x2 @0.5 [sampler Euler]")
    setting(sigma_max=9.0)
    assert f"(start sigma {planned('Latent x2 @0.5', steps=20, sampler_name='DPM++ 2M')[0]:.2f})" in page(
        "Latent x2 @0.5"
    )


def test_nothing_is_shown_for_a_flow_model_and_the_record_has_what_the_sampler_took(
    api: Callable[..., Any], first_sigmas: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flow model mixes picture and noise: its sigmas end at 1. Here, SD 1 with such a schedule."""
    from modules import sd_samplers_kdiffusion

    class FlowDenoiser(sd_samplers_kdiffusion._EpsDenoiser):
        def __init__(self, model: Any) -> None:
            super().__init__(model)
            self.sigmas = torch.linspace(0.001, 1, 1000)

    monkeypatch.setattr(sd_samplers_kdiffusion, "_EpsDenoiser", FlowDenoiser)
    assert planned("Latent x1 @0.6") == [None]
    assert "start sigma" not in page("Latent x2 @0.5")
    assert ran(api, "Latent x1 @0.6 [scheduler Karras]", sampler_name="Euler") == pytest.approx(first_sigmas[-1:])
    assert first_sigmas[-1] < 1


def test_stable_diffusion_1_is_taken_where_no_model_is_loaded_and_for_no_other(
    model: Any, setting: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import sd_models

    for nothing in (None, SimpleNamespace(cond_stage_model=None)):  # Forge's stand-in until the first generation
        monkeypatch.setattr(sd_models, "model_data", SimpleNamespace(sd_model=nothing))
        assert planned("Latent x2 @0.5", steps=20) == [1.5482]
        assert planned("Latent x2 @0.5", steps=20, sampler_name="DPM++ 2M") == [1.1817]
        assert planned("Latent x2 @0.5", steps=20, sampler_name="DPM++ 2M SDE") == planned(
            "Latent x2 @0.5", steps=20, sampler_name="Euler", scheduler="Exponential"
        )
        with monkeypatch.context() as inner:
            from modules import shared

            inner.setitem(shared.opts.data, "sigma_max", 9.0)
            assert planned("Latent x2 @1", steps=20, scheduler="Karras") == [9.0]
    unknown = SimpleNamespace(sd_checkpoint_info=object())
    monkeypatch.setattr(sd_models, "model_data", SimpleNamespace(sd_model=unknown))
    monkeypatch.setattr("modules.sd_samplers_kdiffusion._EpsDenoiser", lambda model: 1 / 0)  # a host as nobody knows it
    assert planned("Latent x2 @0.5", steps=20) == [None]


def test_nothing_is_shown_where_the_schedule_will_be_rescaled_when_it_runs(
    model: Any, setting: Callable[..., None]
) -> None:
    setting(sd_noise_schedule="Zero Terminal SNR")
    assert planned("Latent x2 @0.5") == [None]
    setting(sd_noise_schedule="Default")
    assert planned("Latent x2 @0.5") != [None]


def test_no_schedule_is_asked_for_that_would_take_long(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from modules.sd_samplers_kdiffusion import KDiffusionSampler

    asked: list[int] = []
    get_sigmas = KDiffusionSampler.get_sigmas

    def counting(self: Any, p: Any, steps: int) -> Any:
        asked.append(steps)
        return get_sigmas(self, p, steps)

    monkeypatch.setattr(KDiffusionSampler, "get_sigmas", counting)
    assert planned("Latent x2 @0.001") == [pytest.approx(0.03, abs=0.01)]
    assert planned("Latent x2 @0.0005") == [None]
    assert planned("Latent x2 @0.5\nLanczos x2 @0.5") == [planned("Latent x2 @0.5")[0]] * 2
    assert asked == [4000, 8, 8]  # once for all stages of one plan


def test_the_table_has_what_the_host_has_behind_automatic(model: Any) -> None:
    from modules import sd_samplers

    from hires_strategies.samplers import find_sampler

    for sampler in sd_samplers.all_samplers:
        row = find_sampler(sampler.name)
        assert row is not None
        assert row.automatic == sampler.options.get("scheduler", "uniform").capitalize()
        assert row.one_longer == sampler.options.get("discard_next_to_last_sigma", False)
