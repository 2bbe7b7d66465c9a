"""What hangs on `p` goes along with every copy that other extensions make of it, and lasts no longer than `p`."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from hires_strategies.webui.host import attachments

NAMES = [attachments.JOB, attachments.CELL, attachments.AXES, attachments.ORIGINAL]


class Value:
    """As a job: known by identity, with something in it that no JSON and no pickle can hold."""

    def __init__(self) -> None:
        self.function: Callable[[], None] = lambda: None


def with_fields(fields: dict[str, Any]) -> Any:
    return SimpleNamespace(**fields)


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "its fields copied": lambda p: with_fields(copy.deepcopy(dict(vars(p)))),
    "pickle": lambda p: with_fields(pickle.loads(pickle.dumps(vars(p)))),
    "JSON": lambda p: with_fields(json.loads(json.dumps(vars(p)))),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
def test_a_copy_finds_the_same_value(copied: Callable[[Any], Any], name: str) -> None:
    p: Any = SimpleNamespace(steps=20)
    value = Value()
    attachments.hang(p, name, value)
    other = copied(p)
    assert attachments.held(other, name, Value) is value
    attachments.drop(other, name)
    assert attachments.held(other, name, Value) is None and attachments.held(p, name, Value) is value


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_keeps_the_value_when_the_first_is_gone(copied: Callable[[Any], Any]) -> None:
    p: Any = SimpleNamespace()
    attachments.hang(p, attachments.JOB, Value())
    other = copied(p)
    del p
    gc.collect()
    assert attachments.held(other, attachments.JOB, Value) is not None


def test_a_copy_s_own_value_is_its_own() -> None:
    """As the cells of an X/Y/Z plot, which are copies of one `p`."""
    p: Any = SimpleNamespace()
    attachments.hang(p, attachments.CELL, ("a",))
    cell = copy.copy(p)
    attachments.hang(cell, attachments.CELL, ("a", "b"))
    assert attachments.held(p, attachments.CELL, tuple) == ("a",)
    assert attachments.held(cell, attachments.CELL, tuple) == ("a", "b")


def test_nothing_of_another_kind_is_given_out() -> None:
    p: Any = SimpleNamespace(**{attachments.JOB: "text of someone else's", attachments.CELL: {}})
    attachments.hang(p, attachments.AXES, ("a",))
    held = [attachments.held(p, name, Value) for name in NAMES]
    assert held == [None] * len(NAMES)


def test_a_text_from_elsewhere_finds_nothing() -> None:
    """A pickle or JSON of `p` that outlives it, or is read in another process."""
    p: Any = SimpleNamespace()
    attachments.hang(p, attachments.JOB, Value())
    written = json.dumps(vars(p))
    del p
    gc.collect()
    assert attachments.held(with_fields(json.loads(written)), attachments.JOB, Value) is None


def test_thousands_of_generations_leave_nothing() -> None:
    gone: list[weakref.ref[Value]] = []
    before = len(attachments._tokens)
    for _ in range(3000):
        p: Any = SimpleNamespace()
        value = Value()
        gone.append(weakref.ref(value))
        attachments.hang(p, attachments.JOB, value)
        attachments.hang(copy.copy(p), attachments.CELL, ("a",))
        copy.deepcopy(p)
    del p, value
    gc.collect()
    assert not any(each() is not None for each in gone)
    assert len(attachments._tokens) == before


def test_a_replaced_method_lets_p_be_copied_and_written() -> None:
    """Its own `p` and what it calls, which can be anything, are neither copied nor written with it."""

    class Sampling(attachments.Replacement):
        def __init__(self, held: Any) -> None:
            self.held = held

        def __call__(self) -> int:
            return 7

    p: Any = SimpleNamespace(steps=20)
    p.sample = standing = Sampling((p, print, iter([])))
    assert bool(standing) and attachments.replaced(p, "sample") is standing
    copies: list[Any] = [copy.copy(p), copy.deepcopy(p)]
    assert [other.sample() for other in copies] == [7, 7] and all(other.sample is standing for other in copies)
    for other in json.loads(json.dumps(vars(p))), pickle.loads(pickle.dumps(vars(p))):
        assert other == {"steps": 20, "sample": {}}
        assert attachments.replaced(with_fields(other), "sample") is None
    other = Sampling(None)
    assert standing != other and len({standing, other}) == 2


def test_a_generation_can_be_copied_and_written_at_every_hook(api: Callable[..., Any]) -> None:
    """stable-diffusion-webui-distributed copies the fields deeply and writes them as JSON. Afterwards nothing stays."""
    from modules import scripts

    from hires_strategies.webui.generation.job import Job, job_on

    jobs: list[weakref.ref[Job]] = []
    seen: list[set[str]] = []

    def ours(p: Any) -> dict[str, Any]:
        return {
            name: value
            for name, value in vars(p).items()
            if name.startswith(attachments.PREFIX) or name in ("sample", "setup_prompts")
        }

    def looking(self: Any, p: Any, *args: Any, **kwargs: Any) -> None:
        json.dumps(copy.deepcopy(ours(p)))
        pickle.dumps(ours(p))
        job = job_on(p)
        assert job is not None and job_on(copy.copy(p)) is job
        jobs.append(weakref.ref(job))
        seen.append(set(ours(p)))

    argument = {"strategies": ["Nearest x2"], "reuse_first_pass": False}
    fields = {"prompt": "a house", "seed": 5, "steps": 2, "width": 64, "height": 64}
    with pytest.MonkeyPatch.context() as patched:
        for hook in ("process", "postprocess_batch", "postprocess_image"):
            own = getattr(scripts.ScriptRunner, hook)

            def both(self: Any, p: Any, *args: Any, own: Any = own, **kwargs: Any) -> None:
                own(self, p, *args, **kwargs)
                looking(self, p)

            patched.setattr(scripts.ScriptRunner, hook, both)
        api(**fields, alwayson_scripts={"Hires strategies": {"args": [argument]}})
    assert seen[0] == {attachments.JOB} and {"sample"} <= seen[1] and len(seen) == 3
    gc.collect()
    assert [each() for each in jobs] == [None] * 3


@pytest.mark.usefixtures("api")
def test_what_json_left_in_place_of_a_method_is_taken_away() -> None:
    """Else a `p` made of another's fields would have a mapping to be called; another extension's function stays."""
    from modules.processing import StableDiffusionProcessingTxt2Img

    from hires_strategies.webui import hooks, refusal

    def another() -> None:
        """Another extension's."""

    p: Any = StableDiffusionProcessingTxt2Img(prompt="a house")
    p.sample, p.setup_prompts = json.loads(json.dumps(refusal.Refusal(ValueError("no")))), another
    hooks.before_process(p, (False,))
    assert "sample" not in vars(p) and p.setup_prompts is another
