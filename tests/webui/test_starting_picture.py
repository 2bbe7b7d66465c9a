"""What the stages start from, where other extensions make something else of the first pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image

from hires_strategies.errors import StrategyError
from hires_strategies.running.picture import Picture
from hires_strategies.webui.generation.starting_picture import check_count

P: Any = SimpleNamespace(seeds=[7, 8])


def test_a_picture_for_each_seed() -> None:
    check_count(P, Picture(latents=torch.zeros(2, 4, 8, 8)))
    check_count(P, Picture(images=[Image.new("RGB", (8, 8))] * 2))


@pytest.mark.parametrize("count", [1, 3, 6])
def test_more_or_fewer_pictures_than_seeds_are_refused(count: int) -> None:
    """An extension that samples in several sizes returns all of them, as DemoFusion does."""
    for picture in (Picture(latents=torch.zeros(count, 4, 8, 8)), Picture(images=[Image.new("RGB", (8, 8))] * count)):
        with pytest.raises(StrategyError, match=f"made {count} images of this first pass where 2 were asked for"):
            check_count(P, picture)
