"""The benchmark of memory counts what is alive at once, and nothing twice."""

from __future__ import annotations

import pytest
import torch

from tests.bench.memory import LiveTensors


@pytest.mark.skipif(torch.cuda.is_available(), reason="counted by torch itself")
def test_what_is_alive_at_once_and_the_largest_tensor() -> None:
    megabyte = 250_000  # numbers of single precision
    with torch.no_grad(), LiveTensors() as live:
        one = torch.zeros(megabyte)
        two = one + 1
        view = two[:10]
        one.add_(1)  # in its place
        del one, two
        assert live.bytes == 1_000_000  # the view holds it
        del view
        larger = torch.zeros(megabyte // 2)
        assert live.bytes == 500_000
        del larger
    assert (live.peak.most, live.peak.largest, live.bytes) == (2_000_000, 1_000_000, 0)


def test_what_a_layer_made_is_gone_when_the_next_has_used_it() -> None:
    layers = torch.nn.Sequential(*[torch.nn.Conv2d(4, 4, 3, padding=1) for _ in range(6)])
    picture = torch.zeros(1, 4, 100, 100)
    with torch.no_grad(), LiveTensors() as live:
        layers(picture)
    assert live.peak.most == 2 * picture.nbytes and live.bytes == 0
