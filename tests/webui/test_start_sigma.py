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

from hires_strategies.errors import StrategyError
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
    from modules import sd_models, shared

    with sd_models.SkipWritingToConfig():  # a test before may have loaded another one
        sd_models.reload_model_weights()
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
        assert (formula is None) == (sampler == "DDIM")
        assert (theirs is None) == (sampler == "DDIM" and text.startswith("Direct"))
        if formula is not None:
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


FLOW = {"override_settings": {"sd_model_checkpoint": "figures-flow"}}


@pytest.fixture
def flow(model: Any) -> Iterator[Any]:
    """The workbench's flow-matching model is loaded."""
    from modules import sd_models, shared

    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights(info=sd_models.get_closet_checkpoint_match("figures-flow"))
    yield shared.sd_model
    with sd_models.SkipWritingToConfig():
        sd_models.reload_model_weights()


def test_a_flow_models_start_is_its_noise_over_signal(
    api: Callable[..., Any], first_sigmas: list[float], flow: Any
) -> None:
    """Its samplers' sigma is t, of (1 - t) x0 + t n; from noise alone the number would be infinite."""
    text = "Latent x1 @0.6\nLatent x1 @0.3 [scheduler Karras]\nDirect x1\nLatent x1 @1"
    shown = planned(text)
    assert shown[2:] == [None, None]
    records = ran(api, text, sampler_name="Euler", **FLOW)
    assert records[:2] == pytest.approx(shown[:2], rel=1e-3) and records[2:] == [None, None]
    assert [t / (1 - t) for t in first_sigmas[-4:-2]] == pytest.approx(records[:2], rel=1e-4)
    assert first_sigmas[-2:] == [1, 1]
    assert "start sigma" in page("Latent x2 @0.5") and "start sigma" not in page("Latent x2 @1")


@pytest.mark.parametrize("checkpoint", ["figures", "figures-flow"])
def test_a_stage_starts_where_it_asks(
    api: Callable[..., Any], first_sigmas: list[float], setting: Callable[..., None], checkpoint: str
) -> None:
    from modules import sd_samplers, sd_schedulers

    samplers = [sampler.name for sampler in sd_samplers.all_samplers if sampler.name != "DDIM"]
    texts = [f"Latent x1 @sigma 0.9 [sampler {name}]" for name in samplers]
    texts += [f"Latent x1 @sigma 0.9 [scheduler {each.label}]" for each in sd_schedulers.schedulers]
    fields = {"sampler_name": "Euler", "override_settings": {"sd_model_checkpoint": checkpoint}}
    for names in ((), ("always_discard_next_to_last_sigma",)):
        setting(*names)
        found = ran(api, "\n".join(texts), **fields)
        assert found == pytest.approx([0.9] * len(found), rel=1e-6)
        assert len(found) > 7
    took = [t / (1 - t) if checkpoint == "figures-flow" else t for t in first_sigmas[-len(found) :]]
    assert took == pytest.approx(found, rel=1e-5)


def test_a_strength_and_its_start_sigma_are_one_picture(api: Callable[..., Any], model: Any) -> None:
    from modules import sd_samplers, sd_schedulers

    from hires_strategies.webui.api.routes import plan_answer

    names = [f"sampler {sampler.name}" for sampler in sd_samplers.all_samplers]
    names += [f"scheduler {each.label}" for each in sd_schedulers.schedulers]
    strengths = [f"Latent x1 @0.6 [{name}]" for name in names]
    shown = planned("\n".join(dict.fromkeys(strengths)), steps=6)
    first = plan_answer({"strategies": strengths, "steps": 6, "sampler_name": "Euler"})
    texts = [
        f"Latent x1 @sigma {first['stages'][last]['start_sigma']} [{name}]"
        for name, last in zip(names, first["last_stages"], strict=True)
    ]
    both = plan_answer({"strategies": [*strengths, *texts], "steps": 6, "sampler_name": "Euler"})
    assert both["last_stages"][len(names) :] == both["last_stages"][: len(names)] and shown


def test_the_same_text_gives_the_same_bits_alone_and_beside_its_strength(api: Callable[..., Any], model: Any) -> None:
    strength = planned("Latent x1 @0.5")[0]
    texts = [f"Latent x1 @sigma {strength}", "Latent x1 @0.5", "Latent x1 @sigma 1.1"]
    small = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "Euler"}

    def pictures(*texts: str) -> list[str]:
        argument = {"strategies": list(texts), "reuse_first_pass": False}
        return list(api(**small, alwayson_scripts={"Hires strategies": {"args": [argument]}}).images)

    from tests.live.client import decode, same

    alone = [decode(pictures(text)[0]) for text in texts]
    assert same(alone[0], alone[1]) and not same(alone[1], alone[2])
    together = [decode(each) for each in pictures(*texts)]
    assert len(together) == 2 and same(together[0], alone[0]) and same(together[1], alone[2])


def test_between_two_steps_the_sampler_gets_a_list_of_its_own_and_both_are_told(
    api: Callable[..., Any], model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules.sd_samplers_kdiffusion import KDiffusionSampler

    given: list[list[float]] = []
    run = KDiffusionSampler._run

    def watching(self: Any, p: Any, latent: Any, noised: Any, sigmas: Any, *more: Any) -> Any:
        given.append(sigmas.tolist())
        return run(self, p, latent, noised, sigmas, *more)

    monkeypatch.setattr(KDiffusionSampler, "_run", watching)
    fields = {"prompt": "a house", "seed": 1, "steps": 4, "width": 64, "height": 64, "sampler_name": "DPM++ 2M"}
    text = "Latent x1 @sigma 1.1"
    answer = api(**fields, alwayson_scripts={"Hires strategies": {"args": [f"{text}\nLatent x1 @0.5"]}})
    record = json.loads(answer.info)["hires_strategies"][0]
    sentence = f"'{text}' starts between two steps of its schedule, by a list of sigmas of its own."
    assert record["notes"] == [sentence] and record["denoising_strength"] == 0.57
    own = given[-2]
    assert own[0] == pytest.approx(1.1) and own[-1] == 0 and len(own) == 5
    assert all(one > other for one, other in zip(own, own[1:], strict=False))
    assert sentence.split("starts")[1] in page(text) + preview_line(text)
    assert "Schedule type" not in answer.info or "Hires schedule type" not in answer.info


def test_ddim_takes_the_nearest_step_and_says_so(api: Callable[..., Any], model: Any) -> None:
    text = "Latent x1 @sigma 0.7 [sampler DDIM]"
    found = ran(api, text, sampler_name="Euler")[0]
    assert found == pytest.approx(planned(text)[0], rel=1e-3) and found == pytest.approx(0.7, rel=0.05)
    assert f"starts at {found:.5g}".rstrip("0") in preview_line(text, steps=4)


def test_a_start_outside_the_schedule_is_refused_before_anything_runs(
    api: Callable[..., Any], model: Any, first_sigmas: list[float]
) -> None:
    from fastapi import HTTPException

    sentence = "'Latent x1 @sigma 20' cannot start there. The largest start sigma here is 14.615, found 20."
    assert sentence in preview_line("Latent x1 @sigma 20").replace("&#x27;", "'")
    with pytest.raises((StrategyError, HTTPException), match="largest start sigma here"):
        ran(api, "Latent x1 @sigma 20", sampler_name="Euler")
    assert first_sigmas == []
    assert ran(api, "Latent x1 @sigma 20", sampler_name="Euler", **FLOW) == [pytest.approx(20, rel=1e-4)]


def preview_line(text: str, **more: Any) -> str:
    from hires_strategies.webui.page.preview import preview

    values = {"width": 64, "height": 64, "steps": 20, "sampler": "DPM++ 2M", "scheduler": "Automatic", **more}
    return preview(text, values).line


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


def test_nobody_claims_a_strength_that_another_checkpoint_decides(api: Callable[..., Any], model: Any) -> None:
    """Its schedule is known once it is loaded: the record then says the strength by which the stage started."""
    from hires_strategies.webui.api.routes import plan_answer
    from hires_strategies.webui.page.preview import preview
    from hires_strategies.webui.page.strength_unit import with_other_unit

    text = "Latent x2 @sigma 1.5 [checkpoint figures-shifted]"
    page = {"width": 64, "height": 64, "steps": 4, "sampler": "Euler", "scheduler": "Automatic"}
    (stage,) = plan_answer({"strategies": [text], "width": 64, "height": 64, "steps": 4})["stages"]
    assert (stage["denoising_strength"], stage["start_sigma"]) == (None, 1.5)
    assert "(denoising strength" not in preview(text, page).plan
    assert with_other_unit(text, 0, 0, page) == text
    answer = api(
        prompt="a house", seed=1, steps=4, width=64, height=64,
        alwayson_scripts={"Hires strategies": {"args": [text]}},
    )  # fmt: skip
    (record,) = json.loads(answer.info)["hires_strategies"]
    (above,) = ran(api, f"Latent x2 @{record['denoising_strength']} [checkpoint figures-shifted]")
    assert 0 < record["denoising_strength"] < 1 and above is not None and 1.5 <= above < 3
