"""The model runs as often as the plan says, counted at the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.cost import plan_evaluations
from hires_strategies.planning.plan import FirstPass, make_plan


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
def test_evaluations(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, text: str, expected: int, sampler: str
) -> None:
    from modules.sd_samplers_cfg_denoiser import CFGDenoiser

    counted, forward = [], CFGDenoiser.forward

    def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        counted.append(1)
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(CFGDenoiser, "forward", counting)
    argument = {"strategies": text.splitlines(), "reuse_first_pass": False}
    api(
        prompt="a house", seed=1, steps=4, width=64, height=64, sampler_name=sampler,
        alwayson_scripts={"Hires strategies": {"args": [argument]}},
    )  # fmt: skip
    plan = make_plan(parse(text), FirstPass(64, 64, 4, sampler))
    assert len(counted) == plan_evaluations(plan) == expected
