"""The table of samplers."""

from __future__ import annotations

import pytest

from hires_strategies.samplers import SAMPLERS, find_sampler, split_name


def test_a_sampler_is_one_row() -> None:
    assert {name: row.name for name, row in SAMPLERS.items()} == {name: name for name in SAMPLERS}
    assert {row.automatic for row in SAMPLERS.values()} == {"Uniform", "Karras", "Exponential"}


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Euler a", ("Euler a", None)),
        ("DPM++ 2M Karras", ("DPM++ 2M", "Karras")),
        ("DPM++ 2M SDE Heun Exponential", ("DPM++ 2M SDE Heun", "Exponential")),
        ("Mine Karras", ("Mine", "Karras")),
        ("Karras", ("Karras", None)),
    ],
)
def test_hosts_without_schedulers_write_the_schedule_type_into_the_name(
    name: str, split: tuple[str, str | None]
) -> None:
    assert split_name(name) == split
    assert find_sampler(name) is SAMPLERS.get(split[0])


def test_only_the_image_itself_counts_where_that_was_checked() -> None:
    # DPM adaptive takes its step for the whole batch. A wrong "independent" would show a wrong remembered picture.
    together = {row.name for row in SAMPLERS.values() if not row.independent}
    assert {"DPM adaptive", "HeunPP2", "DDPM", "DPM++ 2M CFG++"} <= together
    assert {"Euler", "Euler a", "DPM++ 2M", "UniPC", "LCM"}.isdisjoint(together)
