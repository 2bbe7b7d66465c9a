"""What a soak draws: the same for a seed and a number, and texts that can be read."""

from __future__ import annotations

from dataclasses import replace

from hires_strategies.notation.text import parse
from hires_strategies.stage_options import OPTIONS
from tests.bench.soak_generations import FAULTS, Generation, Names, generation

NAMES = Names(("Lanczos", "None"), ("Euler", "DPM++ 2M"), ("Automatic", "Karras"), ("figures", "figures-shifted"))


def lines_of(made: Generation) -> list[str]:
    return [] if made.argument is None else made.argument["strategies"]


def test_a_number_repeats_its_generation_and_another_seed_is_another_soak() -> None:
    assert [generation(1, number, NAMES) for number in range(50)] == [generation(1, n, NAMES) for n in range(50)]
    assert generation(1, 7, NAMES) != generation(2, 7, NAMES) != generation(2, 8, NAMES)


def test_every_text_is_a_strategy_and_every_option_and_fault_comes_up() -> None:
    soak = [generation(0, number, NAMES) for number in range(1500)]
    used = set()
    for made in soak:
        for strategy in parse("\n".join(lines_of(made))) if made.argument else ():
            used |= {option.field for stage in strategy.stages for option in OPTIONS if getattr(stage, option.field)}
    assert used == {option.field for option in OPTIONS}
    assert {made.fault["where"] for made in soak if made.fault} == set(FAULTS)
    assert {made.exact for made in soak} == {True, False}


def test_an_option_that_the_webui_lacks_is_left_out() -> None:
    lacking = replace(NAMES, lacking=frozenset({"lock"}))
    assert not any("lock" in line for number in range(300) for line in lines_of(generation(0, number, lacking)))


def test_an_error_is_explained_by_the_fault_that_was_injected_and_by_no_other() -> None:
    made = next(each for each in (generation(0, n, NAMES) for n in range(99)) if each.fault)
    failing = Generation(0, None, {"where": "decode", "call": 1}, made.fields)
    assert failing.explains("'None x2' failed: CUDA out of memory.") and not failing.explains("KeyError: 'x'.")
    assert not Generation(0, None, None, made.fields).explains("CUDA out of memory.")
