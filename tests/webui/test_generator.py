"""Before a pixel upscale torch's generator stands where the host's own first pass left it, on forks too."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch


@pytest.mark.parametrize("added", [0, 100_000])
def test_it_is_rewound_as_the_host_seeds_it(
    api: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, added: int
) -> None:
    from modules import rng

    from hires_strategies.planning.plan import FirstPass
    from hires_strategies.webui.host.stages import WebuiHost
    from hires_strategies.webui.neighbours.controlnet import NoControl

    def randn(seed: int, shape: tuple[int, ...], generator: torch.Generator | None = None) -> torch.Tensor:
        torch.manual_seed((seed + added) % 65536 if generator is not None and added else seed)  # as Forge adds to it
        return torch.randn(shape, generator=generator)

    monkeypatch.setattr(rng, "randn", randn)
    rng.randn(7, (4, 8, 8), rng.create_generator(7))
    after_first_pass = torch.get_rng_state()
    torch.rand(5)
    p: Any = SimpleNamespace(
        seeds=[3, 7], enable_hr=False, extra_network_data={}, txt2img_image_conditioning=lambda x: None
    )
    no_prompts: Any = None
    WebuiHost(p, no_prompts, NoControl(), FirstPass(64, 64, 2)).rewind_generator()
    assert torch.equal(torch.get_rng_state(), after_first_pass)
