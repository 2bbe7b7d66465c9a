"""A stage in tiles goes through the autoencoder in tiles as well, which needs more memory than the sampling does."""

from __future__ import annotations

import pytest

from hires_strategies.notation.text import parse
from hires_strategies.planning.foreseen import foreseen
from hires_strategies.planning.memory_needs import ENCODED, TILED, MemoryNeeds, Work
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.ladder import Ladder
from hires_strategies.running.run import run
from tests.engine.fake_host import SIZE, FakeHost, first_picture


class Autoencoder(FakeHost):
    """Notes what it did and whether in tiles, by width; has no memory for a sampling of that width without tiles."""

    def __init__(self, most: int = 10_000) -> None:
        super().__init__()
        self.most = most
        self.done: list[tuple[str, int, bool]] = []

    def decode(self, latents, tiled=False):
        self.done.append(("decode", latents.shape[-1] * 8, tiled))
        return super().decode(latents, tiled)

    def encode(self, images, tiled=False):
        self.done.append(("encode", images[0].width, tiled))
        return super().encode(images, tiled)

    def sample(self, latents, images, node, alone=None):
        if node.width > self.most and not node.tiles:
            raise MemoryError(f"{node.width} pixels are too many")
        return super().sample(latents, images, node, alone)


def done(text: str, host: Autoencoder) -> list[tuple[str, int, bool]]:
    plan = make_plan(parse(text), FirstPass(*SIZE, 20, "Euler", tile=512))
    result = run(plan, Ladder(host, plan.first_pass), first_picture(), {None, *range(len(plan.stages))})
    assert not [outcome.error for outcome in result.stages if outcome.error]
    return [each for each in host.done if each[1] > SIZE[0]]


def test_a_stage_in_tiles_and_what_begins_with_its_latents() -> None:
    assert done("Lanczos x12 @0.3 [tile 512] > Lanczos x0.5 @0.3", Autoencoder()) == [
        ("encode", 768, True), ("decode", 768, True), ("encode", 384, False), ("decode", 384, False),
    ]  # fmt: skip


def test_a_picture_no_larger_than_one_of_the_autoencoders_tiles_goes_through_whole() -> None:
    assert done("Lanczos x8 @0.3 [tile 256]", Autoencoder()) == [("encode", 512, False), ("decode", 512, False)]


@pytest.mark.parametrize("order", [1, -1])
def test_what_begins_alike_without_tiles_is_not_encoded_in_them(order: int) -> None:
    text = "\n".join(["Lanczos x12 @0.3", "Lanczos x12 @0.3 [tile 512]"][::order])
    assert sorted(each for each in done(text, Autoencoder()) if each[0] == "encode") == [
        ("encode", 768, False), ("encode", 768, True),
    ]  # fmt: skip


@pytest.mark.parametrize("place", ["fused", "8 8 16 16"])
def test_around_places_the_plain_upscale_stays_as_it_is(place: str) -> None:
    assert {tiled for _, _, tiled in done(f"Latent x12 @0.3 [where {place}; tile 512]", Autoencoder())} == {False}


def test_what_the_ladder_samples_in_tiles_is_decoded_in_tiles() -> None:
    assert done("Latent x12 @0.3", Autoencoder(most=600)) == [("decode", 768, True)]


@pytest.mark.parametrize("end", ["", " [color match]", " [detail]"])
def test_a_stage_that_the_ladder_samples_in_tiles_is_what_its_text_gives(end: str) -> None:
    def run_of(text: str, host: Autoencoder) -> tuple[list[str], list[list[bytes]]]:
        plan = make_plan(parse(text), FirstPass(*SIZE, 20, "Euler", tile=512))
        result = run(plan, Ladder(host, plan.first_pass), first_picture(), {None, *range(len(plan.stages))})
        pictures = [[image.tobytes() for image in outcome.images or []] for outcome in result.stages]
        return [variant.text for variant in result.plan.variants], pictures

    small, large = Autoencoder(most=600), Autoencoder()
    (written,), pictures = run_of(f"Lanczos x12 @0.3{end} > Latent x1 @0.4", small)
    assert "[tile 512" in written and written.count("tile 512") == 2
    assert run_of(written, large) == ([written], pictures)
    assert [each for each in small.done if each[1] > 512 and not each[2]] == [
        ("encode", 768, False)
    ]  # before it failed
    assert {tiled for _, width, tiled in large.done if width > 512} == {True}
    assert [host.log.count("pixel_upscale") for host in (small, large)] == [1, 1]


def test_what_was_too_large_whole_is_not_foreseen_in_tiles(tmp_path) -> None:
    needs = MemoryNeeds(tmp_path / "memory-needs.json", lambda: "a model")
    needs.learn(Work(ENCODED, (768, 576), 1), TILED)
    first = FirstPass(*SIZE, 20, "Euler", tile=512)
    assert foreseen(make_plan(parse("Lanczos x12 @0.3"), first), needs, 1)
    assert not foreseen(make_plan(parse("Lanczos x12 @0.3 [tile 512]"), first), needs, 1)
