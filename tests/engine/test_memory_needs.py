"""What did not fit into memory is known to the next runs, for a week."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from hires_strategies.errors import StrategyError
from hires_strategies.notation.text import parse
from hires_strategies.planning.foreseen import foreseen
from hires_strategies.planning.memory_needs import (
    ALONE,
    DECODED,
    ENCODED,
    MEASURED,
    SAMPLED,
    TILED,
    WHOLE,
    MemoryNeeds,
    Work,
    highest,
)
from hires_strategies.planning.plan import FirstPass
from hires_strategies.planning.tree import make_plan

DAY = date(2026, 11, 26)
FOUR = Work(SAMPLED, (1024, 1024), 4)


def needs_in(folder: Path, model: str = "SDXL", day: date = DAY) -> MemoryNeeds:
    return MemoryNeeds(folder / "a folder" / "needs.json", lambda: model, lambda: day)


def rung(needs: MemoryNeeds, *work: object) -> int:
    known = needs.known(Work(*work))  # type: ignore[arg-type]
    return WHOLE if known is None else known.rung


def test_a_larger_size_or_batch_needs_at_least_what_a_smaller_one_needed(tmp_path: Path) -> None:
    needs_in(tmp_path).learn(FOUR, ALONE)
    needs = needs_in(tmp_path)
    assert [rung(needs, SAMPLED, (1024, 1024), images) for images in (1, 3, 4, 5)] == [WHOLE, WHOLE, ALONE, ALONE]
    assert [rung(needs, SAMPLED, size, 4) for size in ((2048, 512), (1024, 1016), (1032, 1024))] == [
        ALONE,
        WHOLE,
        ALONE,
    ]
    assert rung(needs, DECODED, (2048, 2048), 8) == WHOLE
    needs.learn(Work(SAMPLED, (2048, 2048), 4), TILED)
    assert [rung(needs, SAMPLED, (2048, 2048), images) for images in (1, 4)] == [TILED, TILED]
    assert rung(needs, SAMPLED, (2048, 2040), 4) == ALONE


def test_each_kind_of_model_has_its_own(tmp_path: Path) -> None:
    needs_in(tmp_path, "SDXL|refined").learn(FOUR, TILED)
    assert needs_in(tmp_path, "SD 1").known(FOUR) is None
    assert needs_in(tmp_path, "SDXL|refined").known(FOUR) is not None


def test_an_older_entry_is_tried_anew_and_written_no_more(tmp_path: Path) -> None:
    needs_in(tmp_path).learn(FOUR, TILED)
    week = timedelta(days=7)
    assert needs_in(tmp_path, day=DAY + week).known(FOUR) is not None
    later = needs_in(tmp_path, day=DAY + week + timedelta(days=1))
    assert later.known(FOUR) is None
    later.learn(Work(ENCODED, (8, 8), 1), TILED)
    assert list(json.loads(later.path.read_text())) == ["SDXL|encoded|8x8|1"]


def test_what_was_needed_last_counts(tmp_path: Path) -> None:
    needs = needs_in(tmp_path)
    needs.learn(FOUR, TILED)
    needs.learn(FOUR, ALONE)
    assert rung(needs_in(tmp_path), *vars(FOUR).values()) == ALONE


def test_work_that_fits_after_all_is_forgotten(tmp_path: Path) -> None:
    needs = needs_in(tmp_path)
    for work, known in (
        (Work(SAMPLED, (512, 512), 1), TILED),
        (Work(SAMPLED, (512, 512), 8), ALONE),
        (Work(SAMPLED, (2048, 2048), 1), TILED),
        (Work(DECODED, (512, 512), 1), TILED),
    ):
        needs.learn(work, known)
    needs_in(tmp_path, "SD 1").learn(FOUR, TILED)
    needs.fitted(FOUR, ALONE)  # a single image fits: what said that it does not is wrong, and it alone
    again = needs_in(tmp_path)
    assert rung(again, SAMPLED, (1024, 1024), 4) == WHOLE and rung(again, SAMPLED, (1024, 1024), 8) == ALONE
    assert rung(again, SAMPLED, (2048, 2048), 1) == TILED and rung(again, DECODED, (512, 512), 1) == TILED
    assert needs_in(tmp_path, "SD 1").known(FOUR) is not None
    before = again.path.read_text()
    again.fitted(Work(SAMPLED, (2048, 2048), 1), TILED)
    again.fitted(Work(ENCODED, (4096, 4096), 1), WHOLE)
    assert again.path.read_text() == before


def test_all_that_is_known_of_a_model_can_be_forgotten(tmp_path: Path) -> None:
    assert needs_in(tmp_path).forget() == 0 and not needs_in(tmp_path).path.exists()
    needs_in(tmp_path, "SD 1").learn(FOUR, TILED)
    for done in (SAMPLED, DECODED):
        needs_in(tmp_path).learn(Work(done, (512, 512), 1), TILED)
    needs = needs_in(tmp_path)
    assert needs.forget() == 2 and needs.known(FOUR) is None
    assert needs_in(tmp_path).known(FOUR) is None and needs_in(tmp_path, "SD 1").known(FOUR) is not None


ENTRY = '{"was done": "in tiles", "on": "2026-11-26"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[1]",
        '{"SDXL|sampled|1024x1024|4": 3}',
        '{"SDXL|sampled|1024x1024|4": {"was done": "in pieces", "on": "2026-11-26"}}',
        '{"SDXL|sampled|1024x1024|4": {"was done": "in tiles", "on": 7}}',
        '{"SDXL|sampled|1024x1024|4": {"was done": "in tiles", "on": "yesterday"}}',
        '{"SDXL|sampled|1024x1024|4": {"was done": ["in tiles"], "on": "2026-11-26"}}',
        f'{{"SDXL|painted|1024x1024|4": {ENTRY}}}',
        f'{{"SDXL|sampled|1024|4": {ENTRY}}}',
        f'{{"SDXL|sampled|1024x1024|{"9" * 5000}": {ENTRY}}}',
        "[" * 100_000,
    ],
    ids=range(12),
)
def test_a_file_that_makes_no_sense_counts_as_empty(tmp_path: Path, text: str) -> None:
    needs = needs_in(tmp_path)
    needs.path.parent.mkdir()
    needs.path.write_text(text, encoding="utf-8")
    assert needs.known(Work(SAMPLED, (4096, 4096), 9)) is None
    needs_in(tmp_path).learn(FOUR, TILED)
    assert needs_in(tmp_path).known(FOUR) is not None


def test_a_file_that_cannot_be_written_is_an_error_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "a folder").write_text("a file")
    with pytest.raises(StrategyError, match="cannot be written"):
        needs_in(tmp_path).learn(FOUR, TILED)


def test_the_file_stays_small(tmp_path: Path) -> None:
    needs = needs_in(tmp_path)
    for side in range(8, 8 + 205):
        needs.learn(Work(SAMPLED, (side, side), 1), TILED)
    written = list(json.loads(needs.path.read_text()))
    assert len(written) == 200 and written[-1] == "SDXL|sampled|212x212|1"


def foreseen_of(text: str, needs: MemoryNeeds, images: int = 1, **first: object) -> list[str]:
    first_pass = FirstPass(512, 512, 20, "Euler", tile=512, **first)  # type: ignore[arg-type]
    return foreseen(make_plan(parse(text), first_pass), needs, images)


def test_it_is_said_before_a_run(tmp_path: Path) -> None:
    needs = needs_in(tmp_path)
    needs.learn(Work(SAMPLED, (1024, 1024), 1), TILED)
    needs.learn(Work(DECODED, (2048, 2048), 1), TILED)
    needs.learn(Work(ENCODED, (1024, 1024), 4), ALONE)
    assert foreseen_of("Latent x2 @0.5", needs) == [
        "1024x1024 did not fit into this machine's memory on 2026-11-26: it will be sampled in tiles."
    ]
    assert foreseen_of("Lanczos x4 @0.5", needs, 4) == [
        "4 images of 1024x1024 did not fit into this machine's memory on 2026-11-26: 4 images of 2048x2048 will be "
        "encoded one image after the other.",
        "1024x1024 did not fit into this machine's memory on 2026-11-26: 4 images of 2048x2048 will be sampled "
        "in tiles.",
    ]
    assert foreseen_of("Latent x1.5 @0.5\nLanczos x2", needs) == []
    assert foreseen_of("Latent x2 @0.5 [tile 512]", needs) == []  # in tiles already
    assert foreseen_of("Direct x2", needs) == []  # which has none


def test_work_begins_on_the_highest_rung_that_it_has(tmp_path: Path) -> None:
    needs = needs_in(tmp_path)
    needs.learn(FOUR, TILED)
    known = needs.known(FOUR)
    assert [highest(known, rungs) for rungs in ([WHOLE], [WHOLE, ALONE], [WHOLE, TILED])] == [WHOLE, ALONE, TILED]
    assert highest(None, [WHOLE, ALONE, TILED]) == WHOLE


def done_in(text: str, folder: Path, known: int = ALONE, **first: object) -> list[str]:
    """What is foreseen for two images where nothing fits but on a rung, as "1024x1024 decoded"."""
    needs = MemoryNeeds(folder / "needs.json", lambda: "SD 1", lambda: DAY)
    for done in (DECODED, ENCODED, MEASURED, SAMPLED):
        needs.learn(Work(done, (8, 8), 1), known)
    told = foreseen_of(text, needs, 2, **first)
    found = [re.search(r": (?:2 images of )?(\d+x\d+) will be (\w+) (one|in)", sentence) for sentence in told]
    return [f"{each[1]} {each[2]}{' in tiles' * (each[3] == 'in')}" for each in found if each]


@pytest.mark.parametrize(
    ("text", "done"),
    [
        # Latents that another latent stage goes on from are not decoded.
        ("Latent x2 @0.5 > Latent x2 @0.5", ["1024x1024 sampled", "2048x2048 sampled", "2048x2048 decoded"]),
        ("Latent x2 @0.5 > None x1", ["1024x1024 sampled", "1024x1024 decoded"]),
        ("Latent x2 @0.5 > Latent x1 @0.5 [color match]", ["1024x1024 sampled", "1024x1024 decoded"]),
        ("Latent x2 @0.5 > Latent x1 @0.5 [checkpoint b]", ["1024x1024 sampled", "1024x1024 decoded"]),
        ("Latent x2 @0.5\nLatent x2 @0.5 > Latent x1 @0.5", ["1024x1024 sampled", "1024x1024 decoded"]),
        ("Latent x2 @0", ["1024x1024 decoded"]),
        # All of an upscale is encoded, and its crop sampled.
        ("None 2048x1024 @0.3", ["512x512 decoded", "2048x2048 encoded", "2048x1024 sampled", "2048x1024 decoded"]),
        ("None 2048x1024", ["512x512 decoded"]),
        # What is changed as a picture is encoded again.
        ("Latent x2 @0.5 [detail] > Latent x1 @0.5",
         ["1024x1024 sampled", "1024x1024 decoded", "1024x1024 encoded"]),
        ("None x2 > Latent x2 @0.5",
         ["512x512 decoded", "1024x1024 encoded", "2048x2048 sampled", "2048x2048 decoded"]),
        ("Direct x2 > Latent x1 @0.5", ["1024x1024 sampled", "1024x1024 decoded"]),
        # Tiles go through the autoencoder in tiles of its own, and what is made of such a picture; places do not.
        ("None x3 @0.3 [tile 768]", ["512x512 decoded", "512x512 encoded", "768x768 sampled"]),  # decoded as before
        ("Latent x3 @0.3 [tile 768; detail] > Latent x1 @0.5",
         ["768x768 sampled", "512x512 decoded", "512x512 encoded", "1536x1536 sampled", "1536x1536 decoded"]),
        ("None x2 @0.3 [where fused]",
         ["512x512 decoded", "1024x1024 encoded", "512x512 measured", "1024x1024 decoded"]),
        ("None x2 @0.3 [where 0 0 8 8]",
         ["512x512 decoded", "1024x1024 encoded", "512x512 sampled", "1024x1024 decoded"]),
    ],
)  # fmt: skip
def test_only_what_takes_place_is_foreseen(tmp_path: Path, text: str, done: list[str]) -> None:
    assert done_in(text, tmp_path) == done


def test_what_will_be_sampled_in_tiles_is_decoded_in_them_anyway(tmp_path: Path) -> None:
    assert done_in("Latent x2 @auto", tmp_path, TILED) == [
        "512x512 decoded in tiles", "1024x1024 measured in tiles", "1024x1024 sampled in tiles", "512x512 decoded"
    ]  # fmt: skip
    assert done_in("None x3 @0.3", tmp_path, TILED) == [  # the stage begins again, with its encode
        "512x512 decoded in tiles", "1536x1536 encoded in tiles", "1536x1536 sampled in tiles", "512x512 encoded",
        "512x512 decoded",
    ]  # fmt: skip
    assert done_in("Latent x2 @0.5 [where 0 0 8 8]", tmp_path, TILED) == [
        "512x512 sampled", "1024x1024 decoded in tiles"
    ]  # fmt: skip


def test_a_picture_that_is_there_is_encoded_and_never_decoded(tmp_path: Path) -> None:
    assert done_in("None x2", tmp_path, is_picture=True) == []
    assert done_in("Latent x1.2 @0.5", tmp_path, is_picture=True)[:2] == ["512x512 encoded", "608x608 sampled"]
