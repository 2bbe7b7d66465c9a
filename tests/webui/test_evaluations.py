"""The model runs as often as the plan says, and as the records say, counted at the model."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import sampler_evaluations
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.samplers import SAMPLERS
from tests.evaluations import plan_evaluations


def generate(api: Callable[..., Any], text: str, sampler: str, **fields: Any) -> list[dict[str, Any]]:
    """The records of a generation of 64 x 64 pixels in 4 steps."""
    argument = {"strategies": text.splitlines(), "reuse_first_pass": False}
    answer = api(
        prompt="a house", seed=1, steps=4, width=64, height=64, sampler_name=sampler,
        alwayson_scripts={"Hires strategies": {"args": [argument]}}, **fields,
    )  # fmt: skip
    records: list[dict[str, Any]] = json.loads(answer.info)["hires_strategies"]
    return records


@pytest.mark.parametrize("sampler", ["Euler", "Euler a", "DPM++ 2M"])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Latent x1.5 @0.6", 4 + 4),
        ("Latent x1.5 @{0.95,1}", 4 + 4),  # one picture
        ("Latent x1.5 @{0.3..0.7..0.2}", 4 + 3 * 4),
        ("Latent x1.5 @0.6 > Lanczos x1.2 @{0.3,0.5} [3 steps]", 4 + 4 + 2 * 3),  # the first stage runs once
        ("Lanczos x2 > Nearest x2", 4),
        ("Direct x1.5 [5 steps]", 5),
    ],
)
def test_evaluations(api: Callable[..., Any], counted: list[float], text: str, expected: int, sampler: str) -> None:
    generate(api, text, sampler)
    plan = make_plan(parse(text), FirstPass(64, 64, 4, sampler))
    assert len(counted) == plan_evaluations(plan) == expected


@pytest.mark.parametrize("steps", [1, 4])
def test_the_table_is_right_for_every_sampler(api: Callable[..., Any], counted: list[float], steps: int) -> None:
    from modules import sd_samplers

    known = [sampler.name for sampler in sd_samplers.all_samplers]
    assert {"Euler", "DPM++ SDE", "Heun", "DDIM"} <= set(known)
    for name in known:
        from_noise, from_picture = SAMPLERS[name].fewest
        if steps < from_noise:
            continue  # refused, see planning/few_steps.py
        counted.clear()
        records = generate(api, f"Direct x1 [sampler {name}; {steps} steps]", "Euler")
        assert len(counted) == sampler_evaluations(name, steps, second_pass=False), name
        assert records[0]["model_evaluations"] == len(counted), name
        if (name, steps) == ("DDIM", 1) or steps < from_picture:
            continue  # DDIM's second pass has no timestep at all
        counted.clear()
        records = generate(api, f"Latent x1 @0.6 [sampler {name}; {steps} steps]", "Euler")
        assert len(counted) - 4 == sampler_evaluations(name, steps, second_pass=True), name
        assert records[0]["model_evaluations"] == len(counted) - 4, name


def test_a_sampler_that_the_table_does_not_know_is_counted_and_remembered(
    api: Callable[..., Any], counted: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    from modules import sd_samplers

    from hires_strategies.webui.api.routes import plan_answer
    from hires_strategies.webui.files import timing_file

    heun = sd_samplers.find_sampler_config("Heun")
    assert heun is not None
    mine = heun._replace(name="My own")
    monkeypatch.setattr(sd_samplers, "all_samplers", [*sd_samplers.all_samplers, mine])
    monkeypatch.setitem(sd_samplers.all_samplers_map, "My own", mine)
    asked = {"strategies": "Latent x2 @0.5", "width": 64, "height": 64, "steps": 4}
    assert plan_answer({**asked, "sampler_name": "My own"})["seconds"] is None
    records = generate(api, "Latent x2 @0.5", "My own")
    assert records[0]["model_evaluations"] == 7 and len(counted) == 14
    assert timing_file().evaluations()["My own"] == 7 / 4
    answer = plan_answer({**asked, "sampler_name": "My own"})
    assert answer["seconds"] > 0 and answer["cost"] == 5
    euler = plan_answer({**asked, "sampler_name": "Euler", "strategies": "Latent x2 @0.5 [sampler My own]"})
    assert euler["cost"] == 1 + 4 * 7 / 4
