"""The conditioning as a part of a first pass's key, in the forms that the hosts of the family have."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from hires_strategies.running.fingerprint import digest
from hires_strategies.running.no_key import NoKey


@pytest.fixture
def keys(api: Callable[..., Any]) -> Any:
    from hires_strategies.webui.first_pass import conditioning_key

    return conditioning_key


def negative(cond: Any) -> list[list[Any]]:
    return [[SimpleNamespace(end_at_step=20, cond=cond)]]


def test_no_negative_conditioning_is_one_too(keys: Any) -> None:
    """Forge and Neo have none at a CFG scale of 1, so with nearly every Flux."""
    assert (keys.of_image(None, 0), keys.lengths(None)) == (None, [])


def test_the_distilled_cfg_scale_of_a_flux_counts(keys: Any) -> None:
    def flux(guidance: float) -> Any:
        return {"crossattn": torch.ones(4, 8), "vector": torch.ones(8), "guidance": torch.tensor(guidance)}

    found = {digest(keys.of_image(negative(flux(each)), 0)) for each in (3.5, 3.5, 6.0)}
    assert len(found) == 2
    assert keys.lengths(negative(flux(3.5))) == [4] * 21


def test_anything_else_is_not_known(keys: Any) -> None:
    with pytest.raises(NoKey, match="int is not known"):
        keys.of_image(3, 0)
