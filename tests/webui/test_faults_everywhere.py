"""Each verb of the host fails at any stage of a chain and of a sweep, before or after its work.

What was finished is returned, the sentence names the stage that failed, nothing that was made stays alive, and the next
generation is bit for bit that of a fresh start. Which call fails is drawn from the case's number, which repeats it.
"""

from __future__ import annotations

import functools
import gc
import json
import random
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from PIL import Image

from tests.live.client import decode, difference, same
from tests.properties import cases

FIELDS: dict[str, Any] = {
    "prompt": "a house", "seed": 5, "steps": 2, "width": 64, "height": 64, "sampler_name": "Euler",
}  # fmt: skip
TEXTS = {
    "chain": "Latent x1.25 @0.6 > Lanczos x1.25 @0.4 [detail] > Nearest x1.25",
    "sweep": "Lanczos x1.25 @{0.3,0.6} > Latent x1 @0.5\nDirect x1.25",
    "found": "Latent x1.25 @auto! > Lanczos x1 @0.4",
    "models": "Latent x1.25 @0.5 [checkpoint figures-shifted] > Lanczos x1 @0.4 [refiner figures-refiner]\nNone x2",
}
ON_HOST = (
    "changes_model", "use_model", "rewind_generator", "generator_state", "restore_generator", "decode",
    "encode", "latent_upscale", "pixel_upscale", "sample", "find_strength", "layout_ends", "direct", "detail",
    "last_sampling",
)  # fmt: skip
ON_CONTROL = ("before_stage", "marked", "rewind")
OF_GENERATOR = ("noise_for", "rewind", "states", "restore")
VERBS = (*ON_HOST, *(f"control {name}" for name in ON_CONTROL), *(f"generator {name}" for name in OF_GENERATOR))
MADE = ("decode", "encode", "latent_upscale", "pixel_upscale", "sample", "direct", "detail")


class Injected(RuntimeError):
    """What a verb raises where a case wants it to."""


@dataclass
class Faults:
    """Counts the calls of every verb, and lets one of them fail; holds weakly what verbs have made."""

    calls: Counter[str] = field(default_factory=Counter)
    where: tuple[str, int] = ("", 0)  # a verb and which call of it, from 1
    late: bool = False  # after its work
    made: list[weakref.ref[Any]] = field(default_factory=list)

    def around(self, verb: str, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def called(*args: Any, **kwargs: Any) -> Any:
            self.calls[verb] += 1
            fails = self.where == (verb, self.calls[verb])
            if fails and not self.late:
                raise Injected(f"{verb} failed")
            result = original(*args, **kwargs)
            if verb in MADE:
                self.made += [weakref.ref(each) for each in (result if isinstance(result, list) else [result])]
            if fails:
                raise Injected(f"{verb} failed")
            return result

        return called

    def begin(self, where: tuple[str, int] = ("", 0), late: bool = False) -> None:
        self.calls.clear()
        self.made.clear()
        self.where, self.late = where, late

    def alive(self) -> list[Any]:
        """What verbs made that is still there, but for what the host itself shows as its last preview."""
        from modules import shared

        gc.collect()
        held = [made for made in (ref() for ref in self.made) if made is not None]
        return [made for made in held if made is not shared.state.current_latent]


@pytest.fixture
def faults(api: Any, monkeypatch: pytest.MonkeyPatch) -> Faults:
    from hires_strategies.webui.generation.found import FoundHere
    from hires_strategies.webui.host import generator
    from hires_strategies.webui.host.stages import WebuiHost
    from hires_strategies.webui.neighbours.controlnet import NoControl

    faults = Faults()
    for prefix, owner, names in (
        ("", WebuiHost, ON_HOST), ("control ", NoControl, ON_CONTROL), ("generator ", generator, OF_GENERATOR),
    ):  # fmt: skip
        for name in names:
            monkeypatch.setattr(owner, name, faults.around(prefix + name, getattr(owner, name)))
    give = FoundHere.give

    def measuring(self: Any, host: Any, p: Any) -> None:
        """As on the page, where the layout of sweeps is measured as well."""
        give(self, host, p)
        host.measures = True

    monkeypatch.setattr(FoundHere, "give", measuring)
    return faults


def key_of(record: dict[str, Any], strategy: str | None) -> str:
    """What a picture shows, and of which image of the batch."""
    return f"{'' if record['kind'] == 'first_pass' else strategy or ''} of {record['seed']}"


@dataclass
class Run:
    """A generation's images, those of finished stages by what they show, and its records."""

    images: list[Image.Image]
    pictures: dict[str, Image.Image]
    records: list[dict[str, Any]]

    @classmethod
    def of(cls, api: Callable[..., Any], text: str) -> Run:
        argument = {"strategies": text.splitlines(), "stages": True, "first_pass": True, "reuse_first_pass": False}
        answer = api(**FIELDS, alwayson_scripts={"Hires strategies": {"args": [argument]}})
        records = json.loads(answer.info)["hires_strategies"]
        images = [decode(image) for image in answer.images]
        finished = [record for record in records if not record["error"]]
        return cls(
            images, {key_of(record, record["strategy"]): images[record["index"]] for record in finished}, records
        )


@pytest.fixture(scope="module")
def fresh(api: Callable[..., Any]) -> Iterator[Callable[[str], Run]]:
    """What a text gave before anything failed."""
    runs: dict[str, Run] = {}

    def of(text: str) -> Run:
        if text not in runs:
            runs[text] = Run.of(api, text)
        return runs[text]

    yield of


def path_of(record: dict[str, Any]) -> str | None:
    """The stages that a picture shows."""
    if not record["error"]:
        return record["strategy"]
    if record["stage"] is None:
        return None
    before, stage, _ = record["strategy"].partition(record["stage"])
    return before + stage


def check_finished(broken: Run, whole: Run) -> None:
    """Pictures of finished stages, and of those finished before one that failed, are what they are without a fault."""
    for record in broken.records:
        error = record["error"]
        expected = whole.pictures[key_of(record, path_of(record))]
        picture = broken.images[record["index"]]
        assert same(picture, expected), (record, difference(picture, expected))
        if error and "failed: " in error:
            failed = error.split("' failed: ")[0].lstrip("'")
            assert failed in record["strategy"] and failed not in (record["stage"] or ""), record


def run_case(api: Callable[..., Any], faults: Faults, fresh: Callable[[str], Run], verb: str, number: int) -> None:
    """The verb fails at a call that the case's number chooses, in a text in which it is called."""
    chance = random.Random(f"{verb} {number}")
    text = chance.choice([text for text in TEXTS.values() if calls_of(api, faults, fresh, text)[verb]])
    where = verb, chance.randint(1, calls_of(api, faults, fresh, text)[verb])
    late = chance.random() < 0.5
    whole = fresh(text)
    told = text, where, late
    faults.begin(where, late)
    try:
        broken = Run.of(api, text)
    except Exception as error:
        raise AssertionError(f"everything was lost: {told}") from error
    assert faults.calls[verb] >= where[1], "the fault was not reached"
    check_finished(broken, whole)
    del broken
    assert faults.alive() == [], told
    faults.begin()
    again = Run.of(api, text)
    assert [same(one, other) for one, other in zip(again.images, whole.images, strict=True)] == [True] * len(
        whole.images
    ), told


_calls: dict[str, Counter[str]] = {}


def calls_of(api: Callable[..., Any], faults: Faults, fresh: Callable[[str], Run], text: str) -> Counter[str]:
    """How often each verb is called while this text runs."""
    if text not in _calls:
        faults.begin()
        fresh(text)
        if not faults.calls:  # it was fresh before this test
            Run.of(api, text)
        _calls[text] = Counter(faults.calls)
    return _calls[text]


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_fails_costs_its_stage_and_nothing_else(
    api: Callable[..., Any], faults: Faults, fresh: Callable[[str], Run], verb: str
) -> None:
    for number in range(cases(1, 100)):
        run_case(api, faults, fresh, verb, number)


@pytest.mark.parametrize("late", [False, True])
def test_an_error_after_the_last_stage_costs_no_picture(
    api: Callable[..., Any], faults: Faults, fresh: Callable[[str], Run], late: bool
) -> None:
    text = TEXTS["chain"]
    last = calls_of(api, faults, fresh, text)["rewind_generator"]
    faults.begin(("rewind_generator", last), late)
    broken, whole = Run.of(api, text), fresh(text)
    assert all(same(one, other) for one, other in zip(broken.images, whole.images, strict=True))
    assert not [record for record in broken.records if record["error"]]


def test_what_verbs_make_is_held_weakly(faults: Faults) -> None:
    """The check for what stays alive would see it."""
    kept = torch.zeros(3)
    faults.around("sample", lambda: kept)()
    faults.around("sample", lambda: torch.zeros(3))()
    assert [each is kept for each in faults.alive()] == [True]
