"""What a plan says of strengths that are found: before they are, and where they are remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.answer import as_dict
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.report import as_text, start_of, strength_of, warnings
from hires_strategies.planning.schedules import by_formula
from hires_strategies.planning.start import Starts
from hires_strategies.planning.timing import Ran, Timing
from hires_strategies.planning.tree import make_plan

FIRST = FirstPass(512, 512, 20, "Euler", "Karras")


def plan_of(text: str, sigma: float | None = None) -> Plan:
    return make_plan(
        parse(text), FIRST, starts=Starts(by_formula, remembered=lambda sought, anew: None if anew else sigma)
    )


@pytest.mark.parametrize("text", ["Latent x2 @auto", "R-ESRGAN 4x+ x2 @auto-0.1"])
def test_what_is_to_be_found_has_no_number_yet(text: str) -> None:
    plan = plan_of(text)
    (node,) = plan.stages
    assert strength_of(node, FIRST, by_formula) is None and start_of(node, FIRST, by_formula) is None
    assert "7 evaluations to find it" in as_text(plan) and "start sigma" not in as_text(plan)
    (stage,) = as_dict(plan)["stages"]
    assert stage["denoising_strength"] is None and stage["start_sigma"] is None
    assert (stage["to_find"], stage["found"], as_dict(plan)["searches"]) == (True, None, 1)
    assert "cost_from" not in as_dict(plan)


def test_what_may_turn_out_equal_makes_the_cost_a_range() -> None:
    told = as_dict(plan_of("Latent x2 @{auto-0.1,auto,0.7}"))
    assert (told["cost_from"], told["cost"], told["searches"]) == (10.4, 14.4, 1)
    text = as_text(plan_of("Latent x2 @{auto-0.1,auto,0.7}"))
    assert "Cost: about 10.4 to 14.4 first passes" in text
    assert text.count("7 evaluations to find it (1.4 first passes)") == 1
    assert text.count("found by the same evaluations") == 1


def test_what_is_remembered_is_a_number_like_any_other() -> None:
    plan = plan_of("Lanczos x2 @auto", sigma=1.0)
    given = plan_of(plan.variants[0].text)
    assert "evaluations" not in as_text(plan) and "auto" not in plan.variants[0].text
    (stage,), (other,) = as_dict(plan)["stages"], as_dict(given)["stages"]
    found = {"denoising_strength": stage["denoising_strength"], "start_sigma": 1.0, "remembered": True}
    assert stage == {**other, "found": found} and not stage["to_find"]
    assert as_dict(plan_of("Lanczos x2 @auto+0.1", sigma=1.0))["stages"][0]["found"] == found
    assert "evaluations" in as_text(plan_of("Lanczos x2 @auto!", sigma=1.0))


def test_only_strengths_that_people_chose_are_warned_of() -> None:
    low = plan_of("Latent x2 @auto", sigma=0.5)
    sampling = low.stages[0].sampling
    assert sampling is not None and (sampling.denoising_strength or 1) < 0.5
    written = f"Latent x2 @{sampling.denoising_strength}"
    assert warnings(low) == [] and warnings(plan_of("Latent x2 @auto")) == []
    assert warnings(plan_of("Latent x2 @auto-0.1", sigma=0.5)) and warnings(plan_of(written))


def test_the_time_includes_looking(tmp_path: Path) -> None:
    timing = Timing(tmp_path / "timing.json")
    timing.learn(plan_of("Latent x2 @0.7"), [Ran(2.0), Ran(8.0)])
    assert timing.estimate(plan_of("Latent x2 @auto")) == pytest.approx(2 + 8 + 8 * 7 / 20)
    assert timing.estimate(plan_of("Latent x2 @{auto,auto-0.1}")) == pytest.approx(2 + 8 + 8 + 8 * 7 / 20)
    assert timing.estimate(plan_of("Latent x2 @auto", sigma=1.0)) == pytest.approx(10)
