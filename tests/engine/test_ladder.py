"""What does not fit into memory is tried again with less: the pictures stay the same, or the texts say what changed."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hires_strategies.notation.text import parse
from hires_strategies.planning.completion import Complete
from hires_strategies.planning.foreseen import foreseen
from hires_strategies.planning.memory_needs import ALONE, ENCODED, SAMPLED, TILED, MemoryNeeds, Work
from hires_strategies.planning.plan import FirstPass, Plan
from hires_strategies.planning.start import UNKNOWN, Starts
from hires_strategies.planning.tree import make_plan
from hires_strategies.running.ladder import Ladder, Needs
from hires_strategies.running.outcome import Result
from hires_strategies.running.run import run
from tests.engine.fake_host import SIZE, FakeHost, first_latents, first_picture, plan_of, same_images

TILE = 64  # pixels, of what the model was trained on


class SmallHost(FakeHost):
    """Memory runs out at the calls of the verbs with these numbers, or where `too_much` says so of a verb, the pixels
    that it works on and whether it does so in tiles."""

    def __init__(self, at: Collection[int] = (), too_much: Callable[[str, int, bool], bool] = lambda *_: False) -> None:
        super().__init__()
        self.at = at
        self.too_much = too_much
        self.alive_again: list[list[str]] = []
        self.failed_calls: list[str] = []

    def _call(self, verb: str) -> None:
        super()._call(verb)
        if len(self.log) - 1 in self.at:
            self.run_out(verb)

    def run_out(self, verb: str) -> None:
        self.generator.random(5)
        self.failed_calls.append(verb)
        rubbish = self._track("rubbish", first_latents())
        raise MemoryError(f"{verb} has no memory for {rubbish.size} numbers")

    def decode(self, latents, tiled=False):
        self.check("decode", latents.size // 4 * 64, tiled)
        return super().decode(latents, tiled)

    def encode(self, images, tiled=False):
        self.check("encode", sum(image.width * image.height for image in images), tiled)
        return super().encode(images, tiled)

    def sample(self, latents, images, node, alone=None):
        self.check("sample", latents.size // 4 * 64, node.tiles is not None)
        return super().sample(latents, images, node, alone)

    def direct(self, node, alone=None):
        self.check("direct", node.width * node.height * (1 if alone is not None else 2), False)
        return super().direct(node, alone)

    def find_strength(self, start, node, sought):
        self.check("find_strength", start.latents.size // 4 * 64, node.tiles is not None)
        return super().find_strength(start, node, sought)

    def moved(self, start, node, alone=None):
        self.check("moved", start.latents.size // 4 * 64, node.tiles is not None)
        return super().moved(start, node, alone)

    def check(self, verb: str, pixels: int, tiled: bool) -> None:
        self.alive_again.append([each for each in self.alive() if each == "rubbish"])
        if self.too_much(verb, pixels, tiled):
            self.log.append(verb)
            self.run_out(verb)


def planned(text: str, found: Starts = UNKNOWN) -> Complete:
    first = FirstPass(*SIZE, 20, "Euler", tile=TILE)
    return lambda finds: make_plan(parse(text), first, starts=found, finds=finds)


def ladder_run(text: str, host: FakeHost, needs: Needs | None = None) -> tuple[Plan, Result]:
    complete = planned(text)
    plan = complete({})
    kept = {None, *range(len(plan.stages))}
    result = run(plan, Ladder(host, plan.first_pass, needs), first_picture(), kept, complete)
    return plan, result


def pictures(result: Result) -> list[object]:
    return [[image.tobytes() for image in outcome.images or []] for outcome in result.stages]


MATCHED = "Lanczos x2 @0.5 [color match]"
TEXT = f"{MATCHED} > Latent x2 @0.4\n{MATCHED} > None x2\nDirect x2 > Latent x1.5 @0.5"
SMALL = SIZE[0] * SIZE[1]


def test_with_enough_memory_nothing_is_done_otherwise() -> None:
    plain, host = FakeHost(), FakeHost()
    complete = planned(TEXT)
    run(complete({}), plain, first_picture(), (), complete)
    run(complete({}), Ladder(host, complete({}).first_pass), first_picture(), (), complete)
    assert host.log == plain.log and host.notes == [] and host.logged == []


@pytest.mark.parametrize(
    ("verb", "done"), [("sample", "sampled"), ("decode", "decoded"), ("encode", "encoded"), ("direct", "sampled")]
)
def test_images_one_by_one(verb: str, done: str) -> None:
    # Room for one image of the largest stage, which is 4 times the first pass's sides.
    host = SmallHost(too_much=lambda of, pixels, _: of == verb and pixels > 16 * SMALL)
    if verb in ("encode", "direct"):
        host.too_much = lambda of, pixels, _: of == verb and pixels > 4 * SMALL
    _, result = ladder_run(TEXT, host)
    assert pictures(result) == pictures(ladder_run(TEXT, FakeHost())[1])
    assert host.failed_calls and not host.failures
    assert {sentence.split(" of ")[1].split(" ", 1)[1] for sentence in host.logged} == {
        f"did not fit into memory and were {done} one image after the other."
    }
    assert [sentence for _, sentence in host.notes] == host.logged


def test_the_autoencoder_in_tiles_keeps_the_text() -> None:
    host = SmallHost(too_much=lambda of, pixels, tiled: of in ("encode", "decode") and pixels > SMALL and not tiled)
    plan, result = ladder_run("Lanczos x2 @0.5", host)
    assert pictures(result) == pictures(ladder_run("Lanczos x2 @0.5", FakeHost())[1])
    assert [variant.text for variant in result.plan.variants] == [variant.text for variant in plan.variants]
    assert host.logged[0] == "2 images of 64x48 did not fit into memory and were decoded one image after the other."
    assert host.logged[1] == "2 images of 128x96 did not fit into memory and were encoded in tiles."


def test_sampling_in_tiles_is_said_in_the_text_which_makes_the_picture_again() -> None:
    host = SmallHost(too_much=lambda of, pixels, tiled: of == "sample" and pixels > SMALL and not tiled)
    _, result = ladder_run("Latent x2 @0.5 > Lanczos x2 @0.4\nLatent x1 @0.5", host)
    texts = [variant.text for variant in result.plan.variants]
    assert texts == ["Latent x2 @0.5 [tile 64] > Lanczos x2 @0.4 [tile 64]", "Latent x1 @0.5"]
    assert [node.text for node in result.plan.stages] == [*texts[0].split(" > "), texts[1]]
    assert "2 images of 128x96 did not fit into memory and were sampled in tiles." in host.logged
    _, again = ladder_run("\n".join(texts), FakeHost())
    assert pictures(again) == pictures(result)


def test_what_is_too_large_in_tiles_fails_and_what_was_finished_is_kept() -> None:
    host = SmallHost(too_much=lambda of, pixels, _: of == "sample" and pixels > 4 * SMALL)
    _, result = ladder_run("Latent x2 @0.5 > Latent x2 @0.4", host)
    assert [outcome.error is None for outcome in result.stages] == [True, False]
    assert "failed: sample has no memory" in (result.stages[1].error or "")
    assert same_images(result.stages[1].images, result.stages[0].images)


def test_nothing_of_a_failed_attempt_lives_when_the_next_one_begins() -> None:
    host = SmallHost(too_much=lambda of, pixels, tiled: pixels > SMALL and not tiled)
    ladder_run("Lanczos x2 @auto > Latent x2 @0.4", host)
    assert len(host.failed_calls) >= 6
    assert not any(host.alive_again)


def test_a_strength_is_looked_for_in_tiles() -> None:
    host = SmallHost(too_much=lambda of, pixels, tiled: of == "find_strength" and not tiled)
    _, result = ladder_run("Lanczos x2 @auto", host)
    assert result.stages[0].error is None
    assert host.logged == ["2 images of 128x96 did not fit into memory and were measured in tiles."]


FUSED = "Lanczos x2 @0.5 [where fused; tile 64]"


def test_where_it_is_needed_is_looked_for_image_by_image() -> None:
    host = SmallHost(too_much=lambda of, pixels, _: of == "moved" and pixels > 4 * SMALL)
    _, result = ladder_run(FUSED, host)
    assert pictures(result) == pictures(ladder_run(FUSED, FakeHost())[1])
    assert host.log.count("moved") == 3 and result.stages[0].error is None
    assert host.logged == ["2 images of 64x64 did not fit into memory and were measured one image after the other."]
    small = SmallHost(too_much=lambda of, *_: of == "moved")
    assert "failed: moved has no memory" in (ladder_run(FUSED, small)[1].stages[0].error or "")


def test_a_strength_for_a_place_is_looked_for_in_tiles_of_all_of_the_picture() -> None:
    host = SmallHost(too_much=lambda of, pixels, tiled: of == "find_strength" and not tiled)
    _, result = ladder_run("Lanczos x2 @auto [where 8 8 16 16; tile 512]", host)
    assert result.stages[0].error is None
    assert host.logged == ["2 images of 128x96 did not fit into memory and were measured in tiles."]


def test_an_image_by_itself_stays_the_one_that_it_is() -> None:
    """Whoever samples one image of the batch through the ladder means that one on every rung."""

    class Host(SmallHost):
        def sample(self, latents, images, node, alone=None):
            asked.append((node.tiles is not None, alone))
            return super().sample(latents, images, node, alone)

        def direct(self, node, alone=None):
            asked.append((False, alone))
            return super().direct(node, alone)

    asked: list[tuple[bool, int | None]] = []
    host = Host(too_much=lambda of, pixels, tiled: of == "sample" and not tiled)
    plan = planned("Latent x2 @0.5\nDirect x2")({})
    ladder = Ladder(host, plan.first_pass)
    latents = np.zeros((1, 4, 12, 16))
    ladder.sample(latents, None, plan.stages[0], 1)
    assert asked == [(False, 1), (True, 1)]
    assert len(ladder.direct(plan.stages[1], 1)) == 1 and asked[-1] == (False, 1)


@pytest.mark.parametrize("verb", ["sample", "encode", "decode", "direct"])
def test_other_errors_and_the_users_interrupt_are_not_tried_again(verb: str) -> None:
    text = "Direct x2" if verb == "direct" else "Lanczos x2 @0.5"
    calls = FakeHost()
    ladder_run(text, calls)
    broken = FakeHost(fail_at=calls.log.index(verb))
    ladder_run(text, broken)
    assert broken.log.count(verb) <= calls.log.count(verb) and not broken.logged
    stopped = SmallHost(at={calls.log.index(verb)})
    stopped.stop_at = calls.log.index(verb)
    ladder_run(text, stopped)
    assert not stopped.logged


def test_a_refiner_that_was_left_loaded_does_not_begin_the_next_image() -> None:
    text = "Latent x2 @0.5 [checkpoint b; refiner c]"
    host = SmallHost(too_much=lambda of, pixels, _: of == "sample" and pixels > 4 * SMALL)
    _, result = ladder_run(text, host)
    assert pictures(result) == pictures(ladder_run(text, FakeHost())[1])
    plain = FakeHost()
    ladder_run(text, plain)
    once = SmallHost(at={plain.log.index("load c")})
    assert pictures(ladder_run(text, once)[1]) == pictures(result)
    assert once.failed_calls == ["load c"]


def test_layouts_kept_are_the_mean_of_the_images() -> None:
    class Host(SmallHost):
        def sample(self, latents, images, node, alone=None):
            self.layout_kept = 0.5 if alone is None else 0.2 + 0.4 * alone
            return super().sample(latents, images, node, alone)

    host = Host(too_much=lambda of, pixels, _: of == "sample" and pixels > 4 * SMALL)
    ladder = Ladder(host, planned("Latent x2 @0.5")({}).first_pass)
    plan = planned("Latent x2 @0.5")({})
    run(plan, ladder, first_picture())
    assert ladder.last_sampling().layout_kept == pytest.approx(0.4)


DAY = date(2026, 11, 26)


def test_what_was_needed_is_remembered_and_the_next_run_begins_there(tmp_path: Path) -> None:
    def needs() -> MemoryNeeds:
        return MemoryNeeds(tmp_path / "needs.json", lambda: "SD 1", lambda: DAY)

    def too_much(of: str, pixels: int, tiled: bool) -> bool:
        return of in ("sample", "encode") and pixels > SMALL and not tiled

    first, second = SmallHost(too_much=too_much), SmallHost(too_much=too_much)
    _, made = ladder_run("Lanczos x2 @0.5", first, needs())
    _, again = ladder_run("Lanczos x2 @0.5", second, needs())
    assert first.failed_calls == ["encode", "encode", "sample", "sample"] and second.failed_calls == []
    assert pictures(again) == pictures(made)
    assert second.logged == [
        "2 images of 128x96 did not fit into this machine's memory on 2026-11-26: they were encoded in tiles.",
        "2 images of 128x96 did not fit into this machine's memory on 2026-11-26: they were sampled in tiles.",
    ]
    assert needs().known(Work(SAMPLED, (128, 96), 1)).rung == TILED  # type: ignore[union-attr]
    assert needs().known(Work(ENCODED, (64, 48), 2)) is None


def test_what_was_not_tried_is_not_said_to_have_been_too_much(tmp_path: Path) -> None:
    needs = MemoryNeeds(tmp_path / "needs.json", lambda: "SD 1", lambda: DAY)
    host = SmallHost(at=[0])
    ladder = Ladder(host, FirstPass(*SIZE, 20, "Euler"), needs)
    for times in (1, 1, 2):
        ladder.decode(np.concatenate([first_latents()] * times, axis=-1))
    alone = "2 images of 64x48 did not fit into memory and were decoded one image after the other."
    assert host.logged == [
        alone, alone,
        "2 images of 64x48 did not fit into this machine's memory on 2026-11-26: 2 images of 128x48 were decoded one "
        "image after the other.",
    ]  # fmt: skip


def test_a_known_rung_that_is_not_there_is_the_one_above(tmp_path: Path) -> None:
    needs = MemoryNeeds(tmp_path / "needs.json", lambda: "", lambda: DAY)
    needs.learn(Work(SAMPLED, (64, 48), 1), TILED)
    host = SmallHost()
    assert ladder_run("Direct x2", host, needs)[1].stages[0].error is None
    assert host.log.count("direct") == 2  # one image after the other: no tiles draw from noise alone
    needs.learn(Work(SAMPLED, (8, 8), 2), ALONE)
    single = Ladder(host, FirstPass(*SIZE, 20, "Euler"), needs)
    host.log.clear()
    assert len(single.decode(first_latents()[:1])) == 1


@pytest.mark.parametrize("fits", [True, False])
def test_without_the_ladder_nothing_is_tried_again_and_what_fits_is_known(tmp_path: Path, fits: bool) -> None:
    needs = MemoryNeeds(tmp_path / "needs.json", lambda: "SD 1", lambda: DAY)
    needs.learn(Work(SAMPLED, (64, 48), 1), TILED)
    host = SmallHost(too_much=lambda of, *_: of == "sample" and not fits)
    plan = planned("Latent x2 @0.5")({})
    laddered: Any = Ladder(host, plan.first_pass, needs, tries=False)
    result = run(plan, laddered, first_picture())
    assert host.log.count("sample") == 1 and host.logged == []
    assert (result.stages[0].error is None) is fits
    assert (needs.known(Work(SAMPLED, (64, 48), 1)) is None) is fits


STAGES = st.sampled_from(
    ["Latent x2 @0.5", "Lanczos x2 @0.5", "Lanczos x2 @0.4 [color match]", "None x2", "Latent x1.5 @0.6",
     "Lanczos x1.5 @auto", "Latent x2 @0.5 [checkpoint b]", "Latent x2 @0.3 [refiner c]", "Lanczos x1 @0.3 [tile 64]",
     "Lanczos x2 @0.3 [where 8 8 16 16]", "Lanczos x2 @0.3 [where fused; tile 64]"]
)  # fmt: skip
LINES = st.lists(
    st.builds(
        lambda first, rest: " > ".join([*first, *rest]),
        st.sampled_from([[], ["Direct x2"]]),
        st.lists(STAGES, min_size=1, max_size=3),
    ),
    min_size=1,
    max_size=3,
)


@given(LINES, st.sets(st.integers(0, 40), max_size=12))
def test_memory_that_runs_out_anywhere_loses_nothing_and_changes_no_picture_unsaid(
    lines: list[str], at: set[int]
) -> None:
    host = SmallHost(at=at)
    _, result = ladder_run("\n".join(lines), host)
    finished = [outcome.error is None for outcome in result.stages]
    texts = [variant.text for variant in result.plan.variants]
    _, whole = ladder_run("\n".join(texts), FakeHost())
    for strategy in range(len(texts)):
        path = result.plan.path(result.plan.variants[strategy].node)
        same = whole.plan.path(whole.plan.variants[strategy].node)
        for node, other in zip(path, same, strict=True):
            if finished[node.index]:
                assert same_images(result.stages[node.index].images, whole.stages[other.index].images)
            else:
                reached = result.stages[node.index].reached
                assert reached is None or finished[reached]
    assert all(outcome.images is not None for outcome in result.stages if outcome.error is None)
    assert len([index for index in at if index < len(host.log)]) == len(host.failed_calls)
    assert not any(host.alive_again)


def test_a_stage_in_tiles_needs_what_a_tile_needs(tmp_path: Path) -> None:
    needs = MemoryNeeds(tmp_path / "needs.json", lambda: "SD")
    needs.learn(Work(SAMPLED, (128, 96), 2), TILED)
    host, plan = FakeHost(), plan_of("None x2 @0.5 [tile 64]")
    laddered: Any = Ladder(host, plan.first_pass, needs)
    run(plan, laddered, first_picture())
    assert host.log.count("sample") == 1, "all images at once: what did not fit was no tile"
    assert foreseen(plan_of("None x2 @0.5 [tile 64]"), needs, 2) == []
    assert foreseen(plan_of("None x2 @0.5"), needs, 2) != []
