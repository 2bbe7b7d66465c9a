"""`[lock]` on a running WebUI: samplers, batches, chains, an interrupt, and a plain generation afterwards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.live.client import Refused, WebUI, difference, same
from tests.live.running import Running

TEXT = "Lanczos x2 @0.8 [lock]"
NO_GRID = {"override_settings": {"return_grid": False}}


@pytest.fixture(autouse=True)
def plain_pictures_stay(webui: WebUI) -> Iterator[None]:
    """The next generation without a strategy has the bits of the one before."""
    before = webui.txt2img().images[0]
    yield
    after = webui.txt2img(override_settings={"hires_strategies_remember_first_passes": False}).images[0]
    assert same(before, after), difference(before, after)


def having(webui: WebUI, sampler: str) -> str:
    if sampler not in webui.traits.samplers:
        pytest.skip(f"this WebUI has no sampler {sampler}")
    return sampler


SAMPLERS = ("Euler", "Euler a", "DPM++ 2M", "DPM++ SDE", "LCM", "Euler a CFG++", "DPM++ 2M CFG++")


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_changes_the_picture_and_twice_alike(webui: WebUI, sampler: str) -> None:
    texts = ["Lanczos x2 @0.8", TEXT, "Lanczos x2 @0.8 [lock 0.5]"]
    fields = {"sampler_name": having(webui, sampler), **NO_GRID}
    one, other = (webui.txt2img({"strategies": texts}, **fields) for _ in range(2))
    assert [record["error"] for record in one.records] == [None] * 3
    for first, second in zip(one.images, other.images, strict=True):
        assert same(first, second), difference(first, second)
    for index in (1, 2):
        assert not same(one.images[0], one.images[index])
    alone = webui.txt2img(TEXT, **fields)
    assert same(alone.images[0], one.images[1]), difference(alone.images[0], one.images[1])
    assert f"Hires strategy: {TEXT}" in alone.info["infotexts"][0]


@pytest.mark.parametrize("sampler", ["DDIM", "DDIM CFG++", "PLMS", "UniPC"])
def test_samplers_on_noise_are_refused(webui: WebUI, sampler: str) -> None:
    having(webui, sampler)
    for text, first in ((TEXT, sampler), (f"Lanczos x2 @0.8 [sampler {sampler}; lock]", "Euler")):
        with pytest.raises(Refused) as refused:
            webui.txt2img(text, sampler_name=first)
        assert refused.value.status == 422 and f"the sampler {sampler} works on noise" in refused.value.detail


def test_a_batch_of_two(webui: WebUI) -> None:
    locked = webui.txt2img(TEXT, batch_size=2, **NO_GRID)
    again = webui.txt2img(TEXT, batch_size=2, **NO_GRID)
    assert len(locked.images) == 2 and not same(*locked.images)
    for one, other in zip(locked.images, again.images, strict=True):
        assert same(one, other), difference(one, other)


@pytest.mark.usefixtures("computed_first_passes")
def test_a_chain_and_what_starts_beside_it(webui: WebUI) -> None:
    chain = f"{TEXT} > Lanczos x1 @0.6 [lock 0.5] > Lanczos x1 @0.4"
    texts = [chain, "Lanczos x2 @0.8", "Lanczos x1 @0.6"]
    together = webui.txt2img({"strategies": texts}, **NO_GRID)
    assert [record["error"] for record in together.records] == [None] * 3
    for text, image in zip(texts, together.images, strict=True):
        alone = webui.txt2img(text).images[0]
        assert same(alone, image), f"{text}: {difference(alone, image)}"


def test_an_interrupt(webui: WebUI) -> None:
    whole = webui.txt2img(TEXT).images[0]
    long = "Lanczos x1 > Lanczos x2 @0.8 [60 steps; lock]"
    running = Running(webui, long)
    running.wait_for("60 steps")
    webui.post("/sdapi/v1/interrupt")
    assert "interrupted" in running.result().records[0]["error"]
    after = webui.txt2img(TEXT).images[0]
    assert same(after, whole), difference(after, whole)
